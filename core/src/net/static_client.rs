//! The browser bundle, served from memory.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::ErrorKind::NotFound;
use std::path::Path;
#[cfg(feature = "compression")]
use std::sync::OnceLock;

use bytes::Bytes;
#[cfg(feature = "compression")]
use http::header::ACCEPT_ENCODING;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use http::{Response, StatusCode};

#[cfg(feature = "compression")]
use super::compress::Coding;
use crate::error::{Error, Result};

/// The files that are served, if the folder has them.
const NAMES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

/// The browser bundle of the official client. Read once; a request can only name what was read.
#[derive(Debug)]
pub(crate) struct StaticClient {
    assets: Vec<Asset>,
}

/// A file of the bundle.
#[derive(Debug)]
struct Asset {
    name: &'static str,
    /// A digest of the content, in hexadecimal digits.
    digest: String,
    plain: Variant,
    /// Made when first asked for.
    #[cfg(feature = "compression")]
    gzip: OnceLock<Option<Variant>>,
    #[cfg(feature = "compression")]
    deflate: OnceLock<Option<Variant>>,
}

/// A file in one coding. Each has its own tag: a strong tag stands for the very bytes.
#[derive(Debug)]
struct Variant {
    body: Bytes,
    tag: Option<HeaderValue>,
    encoding: Option<&'static str>,
}

impl StaticClient {
    /// Reads the bundle from a folder, as `node_modules/socket.io-client/dist`.
    ///
    /// # Errors
    ///
    /// When the folder has neither `socket.io.min.js` nor `socket.io.js`, or a file can't be read.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut assets = Vec::new();
        for name in NAMES {
            match fs::read(folder.join(name)) {
                Ok(content) => assets.push(Asset::new(name, content.into())),
                Err(error) if error.kind() == NotFound => {}
                Err(error) => return Err(Error::io(format!("can't read {}", folder.join(name).display()), error)),
            }
        }
        let client = Self { assets };
        if client.asset("socket.io.min.js").or_else(|| client.asset("socket.io.js")).is_none() {
            return Err(Error::option(
                "serve_client",
                folder.display(),
                "a folder with socket.io.min.js or socket.io.js",
            ));
        }
        Ok(client)
    }

    /// Whether there is a file of this name.
    pub(crate) fn contains(&self, file: &str) -> bool {
        self.asset(file).is_some()
    }

    /// The answer to a GET of a file: itself, 304 where the client has it, or 404. For HEAD, the caller leaves the body
    /// out.
    pub(crate) fn respond(&self, file: &str, headers: &HeaderMap) -> Response<Bytes> {
        match self.asset(file) {
            Some(asset) => asset.respond(headers),
            None => answer(StatusCode::NOT_FOUND, Bytes::new()),
        }
    }

    fn asset(&self, file: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name == file)
    }
}

impl Asset {
    fn new(name: &'static str, body: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let digest = format!("{:016x}{:x}", hasher.finish(), body.len());
        Self {
            name,
            plain: Variant::new(&digest, body, None),
            digest,
            #[cfg(feature = "compression")]
            gzip: OnceLock::new(),
            #[cfg(feature = "compression")]
            deflate: OnceLock::new(),
        }
    }

    fn respond(&self, headers: &HeaderMap) -> Response<Bytes> {
        let variant = self.variant(headers);
        if self.is_known(headers) {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            variant.describe(response.headers_mut());
            return response;
        }
        let mut response = answer(StatusCode::OK, variant.body.clone());
        let headers = response.headers_mut();
        variant.describe(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        if let Some(encoding) = variant.encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn content_type(&self) -> &'static str {
        if self.name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        }
    }

    /// Whether `If-None-Match` names this content, in whatever coding: `"a"`, `W/"a"`, a list, or `*`.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        // Our own tags have no comma in them, so that those of others may fall to pieces.
        lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let opaque = opaque.strip_prefix('"').and_then(|opaque| opaque.strip_suffix('"'));
            let coding = opaque.and_then(|opaque| opaque.strip_prefix(self.digest.as_str()));
            tag == "*" || matches!(coding, Some("" | "-gzip" | "-deflate"))
        })
    }

    #[cfg(feature = "compression")]
    fn variant(&self, headers: &HeaderMap) -> &Variant {
        let coding = headers.get(ACCEPT_ENCODING).and_then(Coding::accepted);
        let made = coding.and_then(|coding| {
            let cell = if coding == Coding::Gzip { &self.gzip } else { &self.deflate };
            cell.get_or_init(|| self.encode(coding)).as_ref()
        });
        made.unwrap_or(&self.plain)
    }

    #[cfg(not(feature = "compression"))]
    fn variant(&self, _: &HeaderMap) -> &Variant {
        &self.plain
    }

    #[cfg(feature = "compression")]
    fn encode(&self, coding: Coding) -> Option<Variant> {
        let body = coding.encode(&self.plain.body, flate2::Compression::default())?;
        let smaller = body.len() < self.plain.body.len();
        smaller.then(|| Variant::new(&self.digest, body, Some(coding.name())))
    }
}

impl Variant {
    fn new(digest: &str, body: Bytes, encoding: Option<&'static str>) -> Self {
        let tag = match encoding {
            Some(encoding) => format!("\"{digest}-{encoding}\""),
            None => format!("\"{digest}\""),
        };
        Self { body, tag: HeaderValue::try_from(tag).ok(), encoding }
    }

    /// The headers that 200 and 304 have in common.
    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(tag) = &self.tag {
            headers.insert(ETAG, tag.clone());
        }
    }
}

fn answer(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let length = body.len().into();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A folder that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn with(files: &[(&str, &str)]) -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("pancar-bundle-{}-{number}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            files.iter().for_each(|(name, text)| fs::write(path.join(name), text).unwrap());
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn bundle() -> StaticClient {
        let long = "function io() {}\n".repeat(500);
        let folder = Folder::with(&[
            ("socket.io.js", "io"),
            ("socket.io.min.js", &long),
            ("socket.io.min.js.map", "{}"),
            ("package.json", "{}"),
        ]);
        StaticClient::load(&folder.0).unwrap()
    }

    fn get(client: &StaticClient, file: &str, lines: &[(&'static str, &str)]) -> Response<Bytes> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        client.respond(file, &headers)
    }

    fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn files_are_served() {
        let client = bundle();
        let response = get(&client, "socket.io.js", &[]);
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::OK, &b"io"[..]));
        assert_eq!(header(&response, "content-type"), Some("application/javascript; charset=utf-8"));
        assert_eq!(header(&response, "cache-control"), Some("public, max-age=0"));
        assert_eq!(header(&response, "content-length"), Some("2"));
        assert_eq!(header(&response, "vary"), Some("Accept-Encoding"));
        assert_eq!(header(&response, "content-encoding"), None);
        let tag = header(&response, "etag").unwrap();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
        let map = get(&client, "socket.io.min.js.map", &[]);
        assert_eq!(header(&map, "content-type"), Some("application/json; charset=utf-8"));
    }

    #[test]
    fn only_names_of_the_bundle_are_known() {
        let client = bundle();
        assert!(client.contains("socket.io.js") && !client.contains("socket.io.esm.min.js"));
        for name in [
            "",
            "package.json",
            "../socket.io.js",
            "./socket.io.js",
            "socket.io.JS",
            "socket.io.js/",
            "socket.io.esm.min.js",
            "socket.io.js\0",
        ] {
            assert_eq!(get(&client, name, &[]).status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn who_has_it_gets_304() {
        let client = bundle();
        let tag = header(&get(&client, "socket.io.js", &[]), "etag").unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"x\", W/{tag} , \"y\"")] {
            let response = get(&client, "socket.io.js", &[("if-none-match", &known)]);
            assert_eq!((response.status(), response.body().len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
            assert_eq!(header(&response, "etag"), Some(tag.as_str()));
            assert_eq!(header(&response, "content-length"), None);
        }
        let bare = tag.trim_matches('"').to_owned();
        for other in
            ["", "\"x\"", "\"", "\"\"", bare.as_str(), "W/", "\"*\"", &format!("\"{bare}x\""), &format!("w/{tag}")]
        {
            assert_eq!(get(&client, "socket.io.js", &[("if-none-match", other)]).status(), 200, "{other}");
        }
        let lines = [("if-none-match", "\"x\""), ("if-none-match", tag.as_str())];
        assert_eq!(get(&client, "socket.io.js", &lines).status(), 304);
    }

    #[cfg(feature = "compression")]
    #[test]
    fn files_are_compressed_as_the_client_accepts() {
        use std::io::Read as _;

        let client = bundle();
        let plain = get(&client, "socket.io.min.js", &[]);
        let gzip = get(&client, "socket.io.min.js", &[("accept-encoding", "gzip, deflate")]);
        assert_eq!(header(&gzip, "content-encoding"), Some("gzip"));
        assert_eq!(header(&gzip, "content-length"), Some(gzip.body().len().to_string().as_str()));
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&gzip.body()[..]).read_to_end(&mut text).unwrap();
        assert_eq!(&text[..], &plain.body()[..]);
        let again = get(&client, "socket.io.min.js", &[("accept-encoding", "gzip")]);
        assert_eq!(again.body().as_ptr(), gzip.body().as_ptr());

        let deflate = get(&client, "socket.io.min.js", &[("accept-encoding", "deflate")]);
        assert_eq!(header(&deflate, "content-encoding"), Some("deflate"));
        let tags = [&plain, &gzip, &deflate].map(|response| header(response, "etag").unwrap());
        assert!(tags[0] != tags[1] && tags[1] != tags[2]);
        for tag in tags {
            assert_eq!(get(&client, "socket.io.min.js", &[("if-none-match", tag)]).status(), 304);
        }
        let small = get(&client, "socket.io.js", &[("accept-encoding", "gzip")]);
        assert_eq!((header(&small, "content-encoding"), &small.body()[..]), (None, &b"io"[..]));
    }

    #[test]
    fn tags_follow_the_content() {
        let tag = |text| {
            let client = StaticClient::load(&Folder::with(&[("socket.io.js", text)]).0).unwrap();
            header(&get(&client, "socket.io.js", &[]), "etag").unwrap().to_owned()
        };
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }

    #[test]
    fn a_folder_without_the_bundle_is_an_error() {
        let folder = Folder::with(&[("socket.io.esm.min.js", "io")]);
        let error = StaticClient::load(&folder.0).unwrap_err().to_string();
        assert!(error.contains("serve_client") && error.contains("socket.io.min.js"), "{error}");
        assert!(StaticClient::load(Path::new("/nowhere/at/all")).is_err());
        StaticClient::load(&Folder::with(&[("socket.io.min.js", "io")]).0).unwrap();
        StaticClient::load(&Folder::with(&[("socket.io.js", "io")]).0).unwrap();
        let odd = Folder::with(&[("socket.io.js", "io")]);
        fs::create_dir(odd.0.join("socket.io.min.js")).unwrap();
        assert!(StaticClient::load(&odd.0).unwrap_err().to_string().contains("can't read"));
    }
}
