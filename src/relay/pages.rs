//! The relay's pages for people: what a browser gets at `/`, `/invite`, `/signup`, `/monitor`.
//!
//! Files that are part of the program, the same for everybody: no cookie, no other host, no
//! script but ours. What they show they ask the relay for, as any client would. Start reading
//! at [`answer`], then the files in `pages/`.
//!
//! Must not: know the store or a key, put anything of a request into HTML, or answer what is
//! not listed here.

mod link;

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::rules;

/// What a page may do: show itself, run our files, and ask this relay. The last two lines have
/// the browser refuse every place where a text could become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Where a script asks what an invite link means (`?link=`), see [`link`].
const READ_LINK: &str = "/assets/invite.json";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file that is served under one path.
struct File {
    path: &'static str,
    media: &'static str,
    text: &'static str,
}

macro_rules! file {
    ($path:literal, $media:expr, $name:literal) => {
        File {
            path: $path,
            media: $media,
            text: include_str!(concat!("pages/", $name)),
        }
    };
}

const FILES: &[File] = &[
    file!("/", HTML, "home.html"),
    file!("/invite", HTML, "invite.html"),
    file!("/signup", HTML, "signup.html"),
    file!("/monitor", HTML, "monitor.html"),
    file!("/assets/style.css", "text/css; charset=utf-8", "style.css"),
    file!("/assets/icon.svg", "image/svg+xml", "icon.svg"),
    file!("/assets/page.js", SCRIPT, "page.js"),
    file!("/assets/home.js", SCRIPT, "home.js"),
    file!("/assets/invite.js", SCRIPT, "invite.js"),
    file!("/assets/signup.js", SCRIPT, "signup.js"),
    file!("/assets/monitor.js", SCRIPT, "monitor.js"),
    file!("/assets/feed.js", SCRIPT, "feed.js"),
];

/// The versions of [`FILES`], in their order: what a browser compares before it asks again.
static VERSIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let version = |file: &File| URL_SAFE_NO_PAD.encode(Sha256::digest(file.text));
    FILES.iter().map(version).collect()
});

/// Answers `GET` and `HEAD` of a page or of what belongs to it; `None` is for the APIs.
///
/// Slashes at the beginning count as one, because links of a mailbox whose address ends with
/// one begin with two.
pub(super) fn answer(request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = request.uri().path();
    let bare = path.trim_start_matches('/');
    let is =
        |known: &str| known == path || (!bare.is_empty() && known.strip_prefix('/') == Some(bare));
    if is(READ_LINK) {
        return Some(read_link(request.uri().query()));
    }
    let mut versions = FILES.iter().zip(VERSIONS.iter());
    let (file, version) = versions.find(|(file, _)| is(file.path))?;
    Some(page(file, version, request.headers()))
}

fn page(file: &File, version: &str, asked: &HeaderMap) -> Response {
    let known = asked
        .get(IF_NONE_MATCH)
        .is_some_and(|known| rules::names_version(known.as_bytes(), version));
    let mut response = if known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(Bytes::from_static(file.text.as_bytes())))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media));
    // Kept, and asked after each time: a new version of the relay shows at once.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        headers.insert(ETAG, tag);
    }
    protect(headers);
    response
}

fn read_link(query: Option<&str>) -> Response {
    let mut response = Response::new(Body::from(link::read(query.unwrap_or_default())));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    protect(headers);
    response
}

fn protect(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
}
