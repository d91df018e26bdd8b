//! From a request to a websocket.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    super::{Shared, connection::Connection, media::Media, refusal::Refusal},
    MAX_MESSAGE_BYTES, WebSocket,
    session::{PROTOCOL, Session},
};
use crate::error::ApiError;

/// What is read at once, in bytes: most subscriptions. Every socket holds it for as long as it lives.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// Opens a socket, unless a page from a foreign origin asks or there are too many.
pub(in super::super) fn open(shared: &Arc<Shared>, mut request: Request) -> Response {
    let mut response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => return not_a_websocket(&error),
    };
    if !shared.origins.may_connect(request.headers()) {
        let message =
            "pages from this origin may not connect; start the server with --allow-origin to let them";
        return Refusal::new(StatusCode::FORBIDDEN, ApiError::bad_user_input(message))
            .into_response(Media::Json);
    }
    let Ok(place) = shared.sockets.clone().try_acquire_owned() else {
        let error = ApiError::overloaded("there are too many websockets now; connect again later");
        return Refusal::unavailable(error).into_response(Media::Json);
    };
    let speaks_our_protocol = offers_our_protocol(request.headers());
    if speaks_our_protocol {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let serving = shared.clone();
    // The server waits for this task when it stops.
    shared.tasks.spawn(async move {
        if let Some(socket) = upgraded(upgrade).await {
            Session::new(socket, serving).run(speaks_our_protocol).await;
        }
        drop(place);
    });
    response
}

/// The socket, once the response has been sent.
async fn upgraded(upgrade: OnUpgrade) -> Option<WebSocket> {
    let upgraded = upgrade.await.inspect_err(|error| tracing::debug!(%error, "a connection broke")).ok()?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Connection>>() else {
        tracing::error!("a websocket was asked for on a connection that this server did not accept");
        return None;
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let (connection, read) = (parts.io.into_inner(), parts.read_buf.into());
    Some(WebSocketStream::from_partially_read(connection, read, Role::Server, Some(config)).await)
}

fn offers_our_protocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|offered| offered.to_str().ok())
        .any(|offered| offered.split(',').any(|protocol| protocol.trim() == PROTOCOL))
}

/// Refuses a handshake that is none, and says which version of the protocol is spoken here.
fn not_a_websocket(error: &tungstenite::Error) -> Response {
    let error = ApiError::bad_user_input(format!("no websocket can be opened: {error}"));
    let mut response = Refusal::new(StatusCode::BAD_REQUEST, error).into_response(Media::Json);
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
