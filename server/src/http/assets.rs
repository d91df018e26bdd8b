//! The dashboard and GraphiQL, served from the binary: nothing is ever loaded from another server, because factory floors
//! are offline. A content security policy holds the pages to that.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file in the binary.
struct Asset {
    /// Relative to its page's folder, such as `assets/theme.css`.
    path: &'static str,
    content: &'static [u8],
    /// The same, compressed in this way, where that is smaller.
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
    etag: &'static str,
}

/// The page and everything it loads come from this server. Styles may be inline, because a chart's bars and GraphiQL's
/// panes get their sizes that way; `wasm-unsafe-eval` allows compiling WebAssembly and nothing else. The one form that is sent
/// by the browser signs somebody out, here.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
/// The browser revalidates it on every use, because a new release changes it.
const REVALIDATE: &str = "no-cache";
/// A year, the longest that caches accept: the path carries the content's hash.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Where the dashboard's files with a hash in their path are.
const HASHED: &str = "assets/";

/// The dashboard's file at the path of a request, such as `/config.json`; any path that is not a file's is a view of
/// the dashboard and gets its page.
pub(super) fn dashboard_response(path: &str, headers: &HeaderMap) -> Response {
    if DASHBOARD.is_empty() {
        return not_built("The dashboard", "cargo xtask dashboard");
    }
    response(dashboard_file(DASHBOARD, path.trim_start_matches('/')), headers)
}

/// Whether the dashboard's page is at the path of a request, and none of the files that it loads.
pub(super) fn is_page(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    dashboard_file(DASHBOARD, path).is_some_and(|asset| asset.path == "index.html")
}

/// GraphiQL's page, for a browser that opens the API's address.
pub(super) fn graphiql_page(headers: &HeaderMap) -> Response {
    if GRAPHIQL.is_empty() {
        return not_built("GraphiQL", "cargo xtask graphiql");
    }
    response(file(GRAPHIQL, "index.html"), headers)
}

/// A file that GraphiQL's page loads; `path` is what follows `/graphiql/`.
pub(super) fn graphiql_file(path: &str, headers: &HeaderMap) -> Response {
    response(file(GRAPHIQL, path.trim_start_matches('/')), headers)
}

fn dashboard_file(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    let is_view = !path.starts_with(HASHED) && content_type(path).is_none();
    file(assets, path).or_else(|| if is_view { file(assets, "index.html") } else { None })
}

fn file(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    let position = assets.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    assets.get(position)
}

fn response(asset: Option<&'static Asset>, headers: &HeaderMap) -> Response {
    match asset {
        Some(asset) => serve(asset, headers),
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

fn serve(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let caching = if asset.path.starts_with(HASHED) { FOR_EVER } else { REVALIDATE };
    let common = [(ETAG, asset.etag), (CACHE_CONTROL, caching), (VARY, "accept-encoding")];
    if lists(headers, IF_NONE_MATCH, asset.etag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let described = [
        (CONTENT_TYPE, content_type(asset.path).unwrap_or("application/octet-stream")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match accepted_copy(asset, headers) {
        Some((encoding, copy)) => {
            (common, described, [(CONTENT_ENCODING, encoding)], Body::from(copy)).into_response()
        }
        None => (common, described, Body::from(asset.content)).into_response(),
    }
}

/// The smallest copy that the client can read. Browsers accept brotli over HTTPS and from their own host alone, because
/// old proxies spoil it; over plain HTTP they get gzip.
fn accepted_copy(asset: &'static Asset, headers: &HeaderMap) -> Option<(&'static str, &'static [u8])> {
    let copies = [("br", asset.brotli), ("gzip", asset.gzip)];
    let mut there = copies.into_iter().filter_map(|(encoding, copy)| Some((encoding, copy?)));
    there.find(|(encoding, _)| lists(headers, ACCEPT_ENCODING, encoding))
}

/// Whether a header's comma-separated list has the item, whatever weight follows it other than zero.
fn lists(headers: &HeaderMap, header: HeaderName, item: &str) -> bool {
    let values = headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|listed| {
        let (name, weight) = listed.split_once(";q=").unwrap_or((listed, "1"));
        name.trim() == item && weight.trim().parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

fn not_built(what: &str, command: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Andon</title>\
         <p>{what} is not part of this build. Run <code>{command}</code>, then build and start the server again.</p>\
         <p>The API answers at <code>/graphql</code> all the same.</p></html>\n"
    );
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAGE: Asset =
        Asset { path: "index.html", content: b"page", brotli: None, gzip: None, etag: "W/\"1\"" };
    static FILES: &[Asset] = &[
        Asset {
            path: "assets/app-1/app.wasm",
            content: b"wasm",
            brotli: Some(b"b"),
            gzip: Some(b"gz"),
            etag: "W/\"2\"",
        },
        Asset { path: "config.json", content: b"{}", brotli: None, gzip: None, etag: "W/\"3\"" },
        Asset { path: "index.html", content: b"page", brotli: None, gzip: None, etag: "W/\"1\"" },
    ];

    fn path_for(request: &str) -> Option<&'static str> {
        dashboard_file(FILES, request).map(|asset| asset.path)
    }

    fn header<'response>(response: &'response Response, name: &HeaderName) -> &'response str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn asking(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_files_path_gets_the_file_and_any_other_path_the_page() {
        assert_eq!(path_for("config.json"), Some("config.json"));
        assert_eq!(path_for("assets/app-1/app.wasm"), Some("assets/app-1/app.wasm"));
        assert_eq!(path_for(""), Some("index.html"));
        assert_eq!(path_for("factories/demo"), Some("index.html"));
        assert_eq!(path_for("workers/cell-1.5"), Some("index.html"));
    }

    #[test]
    fn a_file_that_is_gone_is_not_answered_with_the_page() {
        assert_eq!(path_for("assets/app-0/app.wasm"), None);
        assert_eq!(path_for("assets/"), None);
        assert_eq!(path_for("favicon.ico"), None);
    }

    #[test]
    fn the_page_is_checked_each_time_and_a_hashed_file_kept_for_ever() {
        let page = serve(&FILES[2], &HeaderMap::new());
        assert_eq!(header(&page, &CACHE_CONTROL), "no-cache");
        assert_eq!(header(&page, &CONTENT_TYPE), "text/html; charset=utf-8");
        let program = serve(&FILES[0], &HeaderMap::new());
        assert_eq!(header(&program, &CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&program, &CONTENT_TYPE), "application/wasm");
    }

    #[test]
    fn a_browser_that_has_the_page_is_not_sent_it_again() {
        let current = serve(&PAGE, &asking(IF_NONE_MATCH, "W/\"0\", W/\"1\""));
        assert_eq!(current.status(), StatusCode::NOT_MODIFIED);
        let outdated = serve(&PAGE, &asking(IF_NONE_MATCH, "W/\"0\""));
        assert_eq!(outdated.status(), StatusCode::OK);
    }

    #[test]
    fn a_client_is_sent_the_smallest_copy_that_it_accepts() {
        let encoding = |asset, accepted| {
            let response = serve(asset, &asking(ACCEPT_ENCODING, accepted));
            assert_eq!(header(&response, &VARY), "accept-encoding");
            header(&response, &CONTENT_ENCODING).to_owned()
        };
        let program = &FILES[0];
        assert_eq!(encoding(program, "gzip, deflate, br, zstd"), "br");
        assert_eq!(encoding(program, "gzip, deflate"), "gzip");
        assert_eq!(encoding(program, "br;q=0, gzip;q=0.8"), "gzip");
        assert_eq!(encoding(program, "deflate"), "");
        assert_eq!(encoding(program, "gzip;q=0"), "");
        assert_eq!(encoding(&PAGE, "gzip, br"), "");
    }

    #[test]
    fn every_embedded_list_is_in_the_order_that_finding_relies_on() {
        for assets in [DASHBOARD, GRAPHIQL] {
            assert!(assets.is_sorted_by(|one, next| one.path < next.path));
        }
    }

    #[test]
    fn a_part_that_was_not_built_says_which_command_builds_it() {
        let response = not_built("The dashboard", "cargo xtask dashboard");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
