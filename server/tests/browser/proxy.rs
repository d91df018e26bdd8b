//! A reverse proxy before the server, as badly set up as some are.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use reqwest::Client;
use tokio::net::TcpListener;

/// What a proxy does with answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// It passes on what comes as it comes.
    Streamed,
    /// It passes on an answer when it is whole.
    Gathered,
}

/// Starts a proxy that passes no Upgrade to the server at this address, and answers with its own.
pub(crate) async fn without_upgrade(server: String, answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::builder().no_proxy().build().unwrap();
    let pass_on = move |request: Request| pass_on(client.clone(), server.clone(), answers, request);
    tokio::spawn(axum::serve(listener, Router::new().fallback(pass_on)).into_future());
    address
}

async fn pass_on(client: Client, server: String, answers: Answers, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    for name in [header::UPGRADE, header::CONNECTION] {
        parts.headers.remove(name);
    }
    let url = format!("{server}{}", parts.uri);
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let sent = client.request(parts.method, url).headers(parts.headers).body(body).send().await;
    let Ok(mut answer) = sent else { return status(StatusCode::BAD_GATEWAY) };
    let mut response = status(answer.status());
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    *response.body_mut() = match answers {
        Answers::Streamed => Body::from_stream(answer.bytes_stream()),
        Answers::Gathered => match answer.bytes().await {
            Ok(whole) => Body::from(whole),
            Err(_) => return status(StatusCode::BAD_GATEWAY),
        },
    };
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
