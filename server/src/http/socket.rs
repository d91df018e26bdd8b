//! GraphQL over websockets: the protocol graphql-transport-ws, over the schema's streams.
//!
//! A socket at rest costs about 16 kB. Everything of one socket happens in one task, one thing after another: while a
//! slow reader's buffer is full nothing of its operations is computed, and when the task ends all of them are dropped.

mod message;
mod operation;
mod session;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use self::session::Session;
use super::{Shared, media::Media, refusal::Refusal};
use crate::error::ApiError;

/// The one sub-protocol spoken here; its predecessor `graphql-ws` is not.
const PROTOCOL: &str = "graphql-transport-ws";
/// The longest message from a client, in bytes: an operation and its variables. Batches of events belong on HTTP.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// What is read at once, in bytes. The default of 128 KiB is held by every socket for as long as it lives.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// How patient the server is with sockets.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// The most sockets at once, each about 16 kB and what it subscribed to.
    pub max_sockets: usize,
    /// How long a client may take to say `connection_init`.
    pub init_timeout: Duration,
    /// How often a ping is sent; a peer that leaves two unanswered is gone. Between a proxy's usual 30 s or 60 s of
    /// allowed silence and the traffic of ten thousand sockets.
    pub ping_interval: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            max_sockets: 16_000,
            init_timeout: Duration::from_secs(3),
            ping_interval: Duration::from_secs(12),
        }
    }
}

/// Opens a socket, unless a page from a foreign origin asks or there are too many.
pub(super) fn open(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return not_a_websocket(&rejection),
    };
    if !shared.origins.may_connect(headers) {
        let message =
            "pages from this origin may not connect; start the server with --allow-origin to let them";
        return Refusal::new(StatusCode::FORBIDDEN, ApiError::bad_user_input(message))
            .into_response(Media::Json);
    }
    let Ok(place) = shared.sockets.clone().try_acquire_owned() else {
        let error = ApiError::overloaded("there are too many websockets now; connect again later");
        return Refusal::unavailable(error).into_response(Media::Json);
    };
    let shared = shared.clone();
    // The server waits for this token when it stops.
    let task = shared.tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .protocols([PROTOCOL])
        .on_upgrade(async move |socket| {
            Session::new(socket, shared).run().await;
            drop((place, task));
        })
}

/// Refuses a handshake that is none, and says which version of the protocol is spoken here.
fn not_a_websocket(rejection: &WebSocketUpgradeRejection) -> Response {
    let error = ApiError::bad_user_input(format!("no websocket can be opened: {}", rejection.body_text()));
    let mut response = Refusal::new(rejection.status(), error).into_response(Media::Json);
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
