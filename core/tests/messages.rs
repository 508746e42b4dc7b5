//! What the compiler says of a function that cannot be a handler. Asked of the compiler itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The folder with the compiled libraries that this test was linked with.
fn libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The libraries of this crate that lie there, the newest first: of several only one fits to the others.
fn candidates() -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("libpancar-") && name.ends_with(".rlib")
    };
    let mut found: Vec<_> =
        fs::read_dir(libraries()).unwrap().map(|entry| entry.unwrap().path()).filter(is_ours).collect();
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().modified().unwrap()));
    found
}

/// Compiles the body of a function that has a server `io`; what the compiler said, if it refused.
fn compile(library: &Path, name: &str, body: &str) -> Result<(), String> {
    let folder = env::temp_dir().join(format!("pancar-messages-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("lib.rs");
    let uses = "#![allow(unused_imports)]\nuse pancar::*;\n";
    fs::write(&file, format!("{uses}pub fn handlers(io: &Server) {{ {body} }}\n")).unwrap();
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--color", "never", "-L"])
        .arg(format!("dependency={}", libraries().display()))
        .arg("--extern")
        .arg(format!("pancar={}", library.display()))
        .arg("--out-dir")
        .arg(&folder)
        .arg(&file)
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
}

/// The library with which right handlers compile, so that a refusal means something.
fn library() -> PathBuf {
    let fits = |library: &PathBuf| {
        compile(library, "right", "io.on_connect(|_: Socket| ()); io.on(\"x\", async |_: Socket| ());")
    };
    candidates().into_iter().find(|library| fits(library).is_ok()).expect("right handlers compile")
}

#[test]
fn a_wrong_handler_is_answered_with_what_is_right() {
    let library = library();
    for (name, body, words) in [
        (
            "argument",
            "io.on(\"x\", |number: u8| ());",
            &["this function cannot be a handler here", "every argument must be extractable", "`Data<T>`"][..],
        ),
        (
            "context",
            "io.on_connect(|reason: Reason| ());",
            &["this function cannot be a handler here", "not a handler for `ConnectContext`"],
        ),
        (
            "outcome",
            "io.on(\"x\", |_: Socket| 7);",
            &["this function cannot be a handler here", "it must return `()` or `Result<(), E>`"],
        ),
        (
            "data",
            "struct Mine; io.on(\"x\", |Data(_): Data<Mine>| ());",
            &["this function cannot be a handler here", "with `T` deserialisable"],
        ),
        (
            "future",
            "io.on(\"x\", |socket: Socket| async move { let local = std::rc::Rc::new(1); socket.emit_with_ack::<u8>(\"y\", ()).await?; drop(local); Ok::<_, Error>(()) });",
            &["Send"],
        ),
        ("middleware", "io.use_(|_: Socket| ());", &["this function cannot be a middleware here", "`E: Into<Refuse>`"]),
        ("emit", "struct Mine; io.emit(\"x\", Mine).ok();", &["`Mine` cannot be sent as the arguments of an event"]),
    ] {
        let said = compile(&library, name, body).expect_err(name);
        assert!(words.iter().all(|word| said.contains(word)), "{name}: {said}");
    }
}
