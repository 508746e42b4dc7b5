//! `include/pancar.h` is generated from this crate, and fresh. `UPDATE=1 cargo test -p pancar-c --test header` writes it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]
use std::path::Path;

fn filled(template: &str) -> String {
    template
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
        .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
        .replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
        .trim_end()
        .to_owned()
}

fn generated(root: &Path) -> String {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("the configuration");
    config.header = Some(filled(include_str!("../contract.h")));
    config.after_includes = Some(filled(include_str!("../macros.h")));
    let bindings = cbindgen::Builder::new().with_config(config).with_src(root.join("src/lib.rs")).generate();
    let mut header = Vec::new();
    bindings.expect("the crate is read").write(&mut header);
    let header = String::from_utf8(header).expect("UTF-8");
    // Every struct has a name of its own: the tag is noise.
    const MARK: &str = "\u{1}";
    header
        .replace("typedef struct pancar_", MARK)
        .replace("struct pancar_", "pancar_")
        .replace(MARK, "typedef struct pancar_")
}

#[test]
fn the_header_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../include/pancar.h");
    let header = generated(root);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &header).expect("the header is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == header, "include/pancar.h is not fresh: UPDATE=1 cargo test -p pancar-c --test header");
}
