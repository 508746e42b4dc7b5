//! The environment of the demo.

use std::env;
use std::path::PathBuf;

const PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../browser/node_modules/socket.io-client/dist");

/// Where the demo listens and what it serves.
#[derive(Debug)]
pub struct Settings {
    /// `HOST`, by default 127.0.0.1.
    host: String,
    /// `PORT`, by default 3000; 0 is any free one.
    port: u16,
    /// `DEMO_PUBLIC`: the folder of the page.
    pub public: PathBuf,
    /// `DEMO_CLIENT`: the folder with the browser bundle of the official client.
    pub client: PathBuf,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// What is wrong, in words: a port that is none, or a client that is not there.
    pub fn from_environment() -> Result<Self, String> {
        let settings = Self {
            host: env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned()),
            port: port()?,
            public: folder("DEMO_PUBLIC", PUBLIC),
            client: folder("DEMO_CLIENT", CLIENT),
        };
        if settings.client.is_dir() {
            return Ok(settings);
        }
        let missing = settings.client.display();
        Err(format!("there is no {missing}: run `npm ci` in tests/browser, or name another folder with DEMO_CLIENT"))
    }

    /// Where to listen.
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

fn port() -> Result<u16, String> {
    let Ok(text) = env::var("PORT") else { return Ok(3000) };
    text.parse().map_err(|_| format!("PORT={text} is no port"))
}

fn folder(name: &str, default: &str) -> PathBuf {
    env::var_os(name).map_or_else(|| default.into(), PathBuf::from)
}
