//! The files of the page, served from memory.

use axum::Router;
use axum::extract::{Path as Name, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pancar::Bytes;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Extensions and their content types. Other files are not served.
const TYPES: [(&str, &str); 4] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml; charset=utf-8"),
];

/// The files by their names. A request can only name what was read.
type Pages = HashMap<String, Page>;

#[derive(Clone)]
struct Page {
    content_type: &'static str,
    body: Bytes,
}

/// Serves the files of a folder by their names, and `/` as `index.html`.
///
/// # Errors
/// When the folder cannot be read.
pub fn router(folder: &Path) -> io::Result<Router> {
    let pages = load(folder).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
    let index = get(|State(pages): State<Arc<Pages>>| async move { answer(&pages, "index.html") });
    let file = get(|State(pages): State<Arc<Pages>>, Name(name): Name<String>| async move { answer(&pages, &name) });
    Ok(Router::new().route("/", index).route("/{name}", file).with_state(Arc::new(pages)))
}

fn load(folder: &Path) -> io::Result<Pages> {
    let mut pages = Pages::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let (Some(name), Some(content_type)) = (path.file_name(), content_type(&path)) {
            let body = Bytes::from(fs::read(&path)?);
            pages.insert(name.to_string_lossy().into_owned(), Page { content_type, body });
        }
    }
    Ok(pages)
}

fn content_type(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?;
    TYPES.iter().find(|(known, _)| extension == *known).map(|(_, content_type)| *content_type)
}

fn answer(pages: &Pages, name: &str) -> Response {
    match pages.get(name).cloned() {
        Some(Page { content_type, body }) => {
            ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")], body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
