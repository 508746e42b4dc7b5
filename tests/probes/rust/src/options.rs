//! The environment of a probe: `HOST`, `PORT`, and `PROBE_…` for every option of the server.

use pancar::{Config, Result};
use serde_json::{Value, json};

/// Where to listen: `HOST` and `PORT`, by default 127.0.0.1 and 3000.
pub fn address() -> (String, u16) {
    let host = std::env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    (host, port)
}

/// The options of the conformance apps, changed by the environment.
///
/// # Errors
/// An option of the environment that does not exist or has a wrong value.
pub fn conformance(path: &str) -> Result<Config> {
    let mut config = Config { path: path.to_owned(), ..Config::default() };
    let presets = [
        ("ping_interval", json!(300)),
        ("ping_timeout", json!(200)),
        ("max_http_buffer_size", json!(1_000_000)),
        ("connect_timeout", json!(1000)),
        ("cors", json!("*")),
    ];
    for (name, value) in presets {
        config.set(name, &value)?;
    }
    from_environment(&mut config)?;
    Ok(config)
}

/// Applies `PROBE_…`: values are JSON, anything else is a string.
///
/// # Errors
/// See [`conformance`].
pub fn from_environment(config: &mut Config) -> Result<()> {
    for (key, value) in std::env::vars() {
        let Some(name) = key.strip_prefix("PROBE_") else { continue };
        if name == "ADAPTER" {
            eprintln!("this probe has no adapter for a cluster");
            std::process::exit(89);
        }
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        config.set(&name.to_lowercase(), &value)?;
    }
    Ok(())
}
