//! The order of the layers: who may use whom. See the crate documentation for the picture.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a module may use besides itself and the leaves.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("wire", &[]),
    ("proto", &["wire"]),
    ("hub", &["proto", "wire"]),
    ("net", &["hub", "proto", "wire"]),
    ("host", &["hub", "net", "proto", "wire"]),
    ("api", &["hub", "net", "proto", "wire"]),
    ("error", &[]),
    ("ids", &[]),
    ("payload", &["wire", "error"]),
    ("config", &["error"]),
];

/// Modules that every layer may use.
const LEAVES: [&str; 4] = ["error", "ids", "payload", "config"];

fn is_allowed(from: &str, to: &str) -> bool {
    let Some((_, may)) = MAY_USE.iter().find(|(name, _)| *name == from) else { return false };
    from == to || may.contains(&to) || (LEAVES.contains(&to) && !LEAVES.contains(&from))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The code of a file without comments, so that links in documentation do not count.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The first names behind every `crate::` of a text, those of a group `crate::{a, b}` too.
fn first_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group_heads(group)),
            None => names.extend(head(rest)),
        }
    }
    names
}

fn head(text: &str) -> Option<String> {
    let name: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(c),
        }
    }
    parts.iter().filter_map(|part| head(part)).collect()
}

/// The modules from which the root takes its public names.
fn reexports(lib: &str) -> HashMap<String, String> {
    let mut from = HashMap::new();
    for statement in code(lib).split(';') {
        let Some(path) = statement.trim().strip_prefix("pub use ") else { continue };
        let module = head(path.trim_start_matches("crate::")).unwrap();
        let names = match path.split_once('{') {
            Some((_, group)) => group_heads(group),
            None => vec![path.rsplit("::").next().unwrap().trim().to_owned()],
        };
        from.extend(names.into_iter().map(|name| (name, module.clone())));
    }
    from
}

/// The arrows of a piece of code that are not in the list.
fn offences(module: &str, text: &str, root: &HashMap<String, String>) -> Vec<String> {
    let names = first_names(&code(text));
    let targets = names.iter().map(|name| root.get(name).unwrap_or(name));
    targets.filter(|target| !is_allowed(module, target)).map(|target| format!("{module} -> {target}")).collect()
}

fn module_of(file: &Path, source: &Path) -> String {
    let inside = file.strip_prefix(source).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn no_layer_uses_one_above_it() {
    let source = source();
    let root = reexports(&fs::read_to_string(source.join("lib.rs")).unwrap());
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 50, "the sources were not found");
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("lib.rs")) {
        let module = module_of(file, &source);
        let bad = offences(&module, &fs::read_to_string(file).unwrap(), &root);
        found.extend(bad.into_iter().map(|arrow| format!("{}: {arrow}", file.display())));
    }
    assert!(found.is_empty(), "arrows that are not allowed:\n{}", found.join("\n"));
}

#[test]
fn an_arrow_upwards_is_found_however_it_is_written() {
    let root = HashMap::from([("Server".to_owned(), "api".to_owned()), ("Error".to_owned(), "error".to_owned())]);
    let found = |module: &str, text: &str| offences(module, text, &root);
    assert_eq!(found("wire", "use crate::hub::Hub;"), ["wire -> hub"]);
    assert_eq!(found("proto", "use crate::{wire::text::Text, net};"), ["proto -> net"]);
    assert_eq!(found("hub", "fn a() { crate::api::server::run() }"), ["hub -> api"]);
    assert_eq!(found("net", "use crate::Server;"), ["net -> api"]);
    assert_eq!(found("api", "use crate::host::mailbox;"), ["api -> host"]);
    assert_eq!(found("host", "use crate::api::socket::Socket;"), ["host -> api"]);
    assert_eq!(found("config", "use crate::payload::Payload;"), ["config -> payload"]);
    assert_eq!(found("elsewhere", "use crate::wire::text;"), ["elsewhere -> wire"]);
    assert!(found("hub", "use crate::{Error, wire, proto::{session, client}};\n/// [`crate::net`]").is_empty());
}
