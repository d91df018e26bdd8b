//! From a request to a websocket.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    super::{
        authenticate::{Proof, check_forwarded, origin},
        browsers::foreign_page,
        connection::{Connection, Peer, peer_of},
        error_response::ErrorResponse,
        media::Media,
        shared::Shared,
    },
    arriving::Arriving,
    limits::{MAX_MESSAGE_BYTES, MAX_WRITE_BUFFER_BYTES},
    session::{Session, WebSocket, turn_away},
    subprotocol::{Offer, Subprotocol},
};
use crate::{error::ApiError, store::access::Origin};

/// What is read at once, in bytes: most subscriptions. Every socket holds it for as long as it lives.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// Opens a socket, unless its origin is not allowed or there are too many.
pub(in super::super) fn open(shared: &Arc<Shared>, mut request: Request) -> Response {
    let mut response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => return not_a_websocket(&error),
    };
    if !shared.origins.may_connect(request.headers()) {
        return foreign_page().into_response(Media::Json);
    }
    if let Err(error) = check_forwarded(shared, request.headers()) {
        return error.into_response(Media::Json);
    }
    let Ok(permit) = shared.sockets.clone().try_acquire_owned() else {
        let error =
            ApiError::overloaded("there are too many websockets and event streams now; connect again later");
        return ErrorResponse::unavailable(error).into_response(Media::Json);
    };
    let peer = match peer_of(request.extensions()) {
        Ok(peer) => peer,
        Err(error) => return error.into_response(Media::Json),
    };
    let offer = Offer::of(request.headers());
    if let Offer::Known(chosen) = offer {
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(chosen.name()));
    }
    let origin = origin(peer, request.headers());
    let proof = Proof::of(shared, request.headers());
    let upgrade = hyper::upgrade::on(&mut request);
    let serving = shared.clone();
    // The server waits for this task when it stops.
    shared.tasks.spawn(async move {
        if let Some(socket) = upgraded(upgrade).await {
            serve(socket, serving, (peer, origin, proof), offer).await;
        }
        drop(permit);
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
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let connection = Arriving::new(parts.io.into_inner(), &parts.read_buf);
    let read = parts.read_buf.into();
    Some(WebSocketStream::from_partially_read(connection, read, Role::Server, Some(config)).await)
}

async fn serve(
    socket: WebSocket,
    shared: Arc<Shared>,
    (peer, origin, proof): (Peer, Origin, Proof),
    offer: Offer,
) {
    let negotiated = match offer {
        Offer::Nothing => None,
        Offer::Known(subprotocol) => Some(subprotocol),
        Offer::Unknown(offered) => {
            if shared.unknown_subprotocols.is_due(Instant::now()) {
                let [newer, older] = Subprotocol::ALL.map(Subprotocol::name);
                let offered = domain::validate::excerpt(&offered);
                tracing::warn!(
                    "a websocket from {} offers only sub-protocols that are not known: \"{offered}\"; it must offer {newer} or {older}",
                    peer.address
                );
            }
            return turn_away(socket).await;
        }
    };
    Session::new(socket, shared, (peer, origin, proof), negotiated).run().await;
}

/// The response to a request that is no valid handshake, with the supported version of the protocol.
fn not_a_websocket(error: &tungstenite::Error) -> Response {
    let error = ApiError::bad_user_input(format!("no websocket can be opened: {error}"));
    let mut response = ErrorResponse::new(StatusCode::BAD_REQUEST, error).into_response(Media::Json);
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
