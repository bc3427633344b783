//! The web part inside the binary, with the headers that keep a browser from running anything else.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// Absent where the web part was not built; then [`plain_page`] says how.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
struct Built;

/// Nothing from elsewhere, nothing inline, in nobody's frame. Images may be `data:` because charts are saved so.
pub const CONTENT_SECURITY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self'; \
     script-src 'self'; font-src 'self'; worker-src 'self'; frame-ancestors 'none'";

/// How long a browser that once came over TLS asks for nothing else, in seconds: a year, for this host name alone.
const TLS_ONLY: &str = "max-age=31536000";

/// Headers of every answer, pages and API alike; `tls` says whether the port speaks it.
pub fn secure(headers: &mut HeaderMap, tls: bool) {
    if tls {
        // Who sits between a workstation and us cannot talk it into a log-in page in the clear.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        // Whatever is about a patient must not stay in a cache of a shared workstation.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Which file of the web part a path means.
pub fn file_of(path: &str) -> Option<&str> {
    let page = match path {
        "/" => "index.html",
        "/wall" => "wall.html",
        "/console" => "console.html",
        "/quality" => "quality.html",
        "/intake" => "intake.html",
        "/rules" => "rules.html",
        "/scores" => "scores.html",
        "/audit" => "audit.html",
        "/login" => "login.html",
        _ if path.starts_with("/patients/") => "patient.html",
        _ => return path.strip_prefix('/').filter(|name| !name.is_empty() && !name.ends_with(".html")),
    };
    Some(page)
}

/// A page or one of its files.
pub fn serve(path: &str) -> Response {
    let Some(name) = file_of(path) else { return not_found() };
    let is_page = name.ends_with(".html");
    match Built::get(name) {
        Some(file) => {
            let mut response = Body::from(file.data.into_owned()).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
            // A hashed name never changes its content; a page names the hashes of this build and must be asked anew.
            let cache =
                if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
            response
        }
        None if is_page && Built::get("index.html").is_none() => plain_page(),
        None => not_found(),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is no such page\n").into_response()
}

/// What is served where the web part was not built: no style, no script, and the way to get the real one.
fn plain_page() -> Response {
    const PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>stormwatch</title></head><body>\
        <h1>stormwatch</h1><p>This binary was built without its web part, so there is no wall and no console here. \
        Build it with <code>make web</code> (Node 20), then <code>cargo build</code> again.</p>\
        <p>The service itself works: <a href=\"/api/v1/patients\">patients</a>, <a href=\"/api/v1/alerts\">alerts</a>, \
        <a href=\"/readyz\">readiness</a>, <a href=\"/metrics\">figures</a>.</p></body></html>\n";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "webmanifest") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_address() {
        assert_eq!(file_of("/wall"), Some("wall.html"));
        assert_eq!(file_of("/patients/12345"), Some("patient.html"));
        assert_eq!(file_of("/assets/wall-abc.js"), Some("assets/wall-abc.js"));
        assert_eq!(file_of("/wall.html"), None);
    }

    #[test]
    fn every_answer_forbids_what_is_not_ours() {
        let mut headers = HeaderMap::new();
        secure(&mut headers, false);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(policy.split("; ").count(), 8);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "nothing to promise in the clear");
    }
}
