//! Names the interface that the shared library has, so that programs find the one that they were linked with.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/server.rs");
    let source = std::fs::read_to_string("src/server.rs").unwrap_or_default();
    let number = source.split("pub const PANCAR_ABI_VERSION: u32 = ").nth(1).and_then(|rest| rest.split(';').next());
    let Some(abi) = number else { panic!("src/server.rs does not say PANCAR_ABI_VERSION") };
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match os.as_str() {
        "linux" | "android" | "freebsd" | "netbsd" | "openbsd" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libpancar.so.{abi}");
        }
        "macos" => println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libpancar.{abi}.dylib"),
        _ => {}
    }
}
