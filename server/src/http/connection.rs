//! Connections of the server, which it has in common with the agent.

use axum::http::{Extensions, StatusCode};
pub(super) use http_listener::{Connection, Peer, PeerQuota, PeerShare, accept};
pub use http_listener::{ConnectionLimits, TrustedProxies};

use super::error_response::ErrorResponse;
use crate::error::ApiError;

/// Whom a request counts for, by its extensions.
///
/// # Errors
/// They do not say, which is our fault.
pub(super) fn peer_of(extensions: &Extensions) -> Result<Peer, ErrorResponse> {
    extensions.get::<Peer>().copied().ok_or_else(|| {
        let error = ApiError::internal(&"a request does not say whose it is");
        ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    })
}
