//! The dashboard's files on a plain web server, as when it is deployed apart from its API.

use std::path::PathBuf;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// The dashboard's files, as `cargo xtask dashboard` puts them.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/web/dashboard");

/// A listener whose origin is known before the API it is to name.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

/// Serves the files, with a config.json that names the API.
pub(crate) fn serve(listener: TcpListener, api_url: &str) {
    let config = serde_json::json!({ "apiUrl": api_url }).to_string();
    let router = Router::new()
        .route(
            "/config.json",
            axum::routing::get(|| async { ([(CONTENT_TYPE, "application/json")], config) }),
        )
        .fallback(file);
    tokio::spawn(axum::serve(listener, router).into_future());
}

async fn file(address: Uri) -> Response {
    let path = address.path().trim_start_matches('/');
    let path = PathBuf::from(FILES).join(if path.is_empty() { "index.html" } else { path });
    let content_type = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(path).await {
        Ok(content) => ([(CONTENT_TYPE, content_type)], content).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
