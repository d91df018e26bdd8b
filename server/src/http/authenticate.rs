//! Who sent a request: by its connection, and by what they prove.

use std::{future::pending, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use domain::time::TimestampMs;
use tokio::sync::watch;

use super::{connection::Peer, error_response::ErrorResponse, shared::Shared};
use crate::{
    access::{Denied, Standing},
    error::{ApiError, ErrorCode},
    store::access::Access,
};

/// The headers that proxies add.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Who sent a request.
#[derive(Clone)]
pub(super) struct Client {
    /// By whose connection its cost counts.
    pub(super) peer: Peer,
    /// What they may do.
    pub(super) access: Access,
    /// How they stand from now on.
    pub(super) standing: watch::Receiver<Standing>,
}

impl Client {
    /// Lets the sender of a request in.
    ///
    /// # Errors
    /// They do not prove who they are.
    pub(super) async fn of_request(
        shared: &Shared,
        peer: Peer,
        headers: &HeaderMap,
    ) -> Result<Self, ErrorResponse> {
        let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let client = Self::authenticate(shared, peer, authorization).await.map_err(refuse)?;
        check_forwarded(shared, headers)?;
        Ok(client)
    }

    /// Lets somebody in who sends this as a header `Authorization`, or nothing.
    ///
    /// # Errors
    /// They do not prove who they are.
    pub(super) async fn authenticate(
        shared: &Shared,
        peer: Peer,
        authorization: Option<&[u8]>,
    ) -> Result<Self, Denied> {
        let mut standing = shared.app.access.authenticate(authorization).await?;
        let access = standing.borrow_and_update().access(shared.app.clock.now_ms())?.clone();
        Ok(Self { peer, access, standing })
    }

    /// Waits until they are not let in any more, or may do something else.
    pub(super) async fn changed(&mut self, shared: &Arc<Shared>) -> Result<(), Denied> {
        loop {
            let until_ms = self.standing.borrow_and_update().until_ms();
            let expired = async {
                match until_ms {
                    // As most connections on an open server, this one needs no timer.
                    TimestampMs::MAX => pending().await,
                    until_ms => shared.app.clock.sleep_until(until_ms).await,
                }
            };
            tokio::select! {
                changed = self.standing.changed() => if changed.is_err() { return Err(Denied::Unknown) },
                () = expired => {}
            }
            let access = self.standing.borrow().access(shared.app.clock.now_ms())?.clone();
            if access != self.access {
                self.access = access;
                return Ok(());
            }
        }
    }
}

/// Refuses what came through a proxy to a server that is open only because it listens to this machine alone: the proxy lets
/// others reach it.
///
/// # Errors
/// It did.
pub(super) fn check_forwarded(shared: &Shared, headers: &HeaderMap) -> Result<(), ErrorResponse> {
    let is_forwarded = || FORWARDED.iter().any(|name| headers.contains_key(*name));
    if shared.has_trusted_proxies || !shared.app.access.is_open_by_default() || !is_forwarded() {
        return Ok(());
    }
    let message = "a proxy stands before this server, so others reach it than this machine: start it with --access required, or \
                   with --access open to let everybody do everything";
    Err(ErrorResponse::new(StatusCode::FORBIDDEN, ApiError::new(ErrorCode::Forbidden, message)))
}

/// The answer to who is not let in.
fn refuse(denied: Denied) -> ErrorResponse {
    let status = match denied {
        Denied::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    ErrorResponse::new(status, unauthenticated(denied))
}

/// The error of who is not let in.
pub(super) fn unauthenticated(denied: Denied) -> ApiError {
    match denied {
        Denied::Unknown => ApiError::unavailable(denied.to_string()),
        _ => ApiError::new(ErrorCode::Unauthenticated, denied.to_string()),
    }
}
