//! Who sent a request: by its connection, and by what they prove.

use std::future::pending;

use axum::http::{HeaderMap, StatusCode, header};
use domain::time::TimestampMs;
use http_listener::is_own_page;
use tokio::sync::watch;

use secrecy::{ExposeSecret, SecretSlice};

use super::{connection::Peer, cookie, error_response::ErrorResponse, shared::Shared};
use crate::{
    access::{Denied, Limited, PrincipalShare, Standing},
    clock::Clock,
    error::{ApiError, ErrorCode},
    store::access::{Access, Origin},
};

/// The headers that proxies add.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Who sent a request.
#[derive(Clone)]
pub(super) struct Client {
    /// By whose connection its cost counts.
    pub(super) peer: Peer,
    /// Where the request came from.
    pub(super) origin: Origin,
    /// What they may do.
    pub(super) access: Access,
    /// How they stand from now on.
    pub(super) standing: watch::Receiver<Standing>,
    /// For whom is counted what they ask and send; none on an open server.
    pub(super) limited: Option<Limited>,
}

impl Client {
    /// Lets the sender of a request in that may change something.
    ///
    /// # Errors
    /// They do not prove who they are, or they have asked too often.
    pub(super) async fn of_post(
        shared: &Shared,
        peer: Peer,
        headers: &HeaderMap,
    ) -> Result<Self, ErrorResponse> {
        Self::of_request(shared, peer, headers, &Proof::of(shared, headers)).await
    }

    /// Lets the sender of a request in that only reads.
    ///
    /// # Errors
    /// They do not prove who they are, or they have asked too often.
    pub(super) async fn of_get(
        shared: &Shared,
        peer: Peer,
        headers: &HeaderMap,
    ) -> Result<Self, ErrorResponse> {
        Self::of_request(shared, peer, headers, &Proof::of_reading(shared, headers)).await
    }

    async fn of_request(
        shared: &Shared,
        peer: Peer,
        headers: &HeaderMap,
        proof: &Proof,
    ) -> Result<Self, ErrorResponse> {
        let origin = origin(peer, headers);
        let client = Self::authenticate(shared, (peer, origin), proof).await.map_err(refuse)?;
        client.take_requests(1)?;
        check_forwarded(shared, headers)?;
        Ok(client)
    }

    /// Lets somebody in by what they prove who they are with.
    ///
    /// # Errors
    /// They do not prove who they are, or too many from their address did not.
    pub(super) async fn authenticate(
        shared: &Shared,
        (peer, origin): (Peer, Origin),
        proof: &Proof,
    ) -> Result<Self, Denied> {
        let mut standing = standing(shared, peer, proof).await?;
        let access = standing.borrow_and_update().access(shared.app.clock.now_ms())?.clone();
        let limited = shared.limits.of(&access);
        Ok(Self { peer, origin, access, standing, limited })
    }

    /// Counts so many operations.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn take_requests(&self, count: usize) -> Result<(), ApiError> {
        Ok(self.limited.as_ref().map_or(Ok(()), |limited| limited.take_requests(count))?)
    }

    /// Counts a websocket or an event stream, for as long as what this answers with is there.
    ///
    /// # Errors
    /// They have as many as they may.
    pub(super) fn take_socket(&self) -> Result<Option<PrincipalShare>, ApiError> {
        Ok(self.limited.as_ref().map(Limited::take_socket).transpose()?)
    }

    /// Counts a subscription, as [`Self::take_socket`] does a socket.
    ///
    /// # Errors
    /// They have as many as they may.
    pub(super) fn take_subscription(&self) -> Result<Option<PrincipalShare>, ApiError> {
        Ok(self.limited.as_ref().map(Limited::take_subscription).transpose()?)
    }

    /// Waits until they are not let in any more, or may do something else.
    pub(super) async fn changed(&mut self, clock: &Clock) -> Result<(), Denied> {
        loop {
            // Looked at first: it may have changed before anybody waited.
            let (access, until_ms) = {
                let standing = self.standing.borrow_and_update();
                (standing.access(clock.now_ms())?.clone(), standing.until_ms())
            };
            if access != self.access {
                self.access = access;
                return Ok(());
            }
            let expired = async {
                match until_ms {
                    // As most connections on an open server, this one needs no timer.
                    TimestampMs::MAX => pending().await,
                    until_ms => clock.sleep_until(until_ms).await,
                }
            };
            tokio::select! {
                changed = self.standing.changed() => if changed.is_err() { return Err(Denied::Unknown) },
                () = expired => {}
            }
        }
    }
}

/// The header in which a client or a proxy says the id of a request.
const REQUEST_ID: &str = "x-request-id";
/// The longest id of a request that is kept, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Where a request came from.
pub(super) fn origin(peer: Peer, headers: &HeaderMap) -> Origin {
    let request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let request_id = request_id.filter(|id| !id.is_empty() && id.len() <= MAX_REQUEST_ID_BYTES);
    Origin { address: peer.address, request_id: request_id.map(Into::into) }
}

/// What somebody proves who they are with, as a header `Authorization` has it; none where they do not.
#[derive(Clone, Default)]
pub(super) struct Proof(Option<SecretSlice<u8>>);

impl Proof {
    /// As a client says it by itself.
    pub(super) fn said(authorization: &str) -> Self {
        Self(Some(authorization.as_bytes().to_vec().into()))
    }

    /// As the header has it.
    fn header(&self) -> Option<&[u8]> {
        self.0.as_ref().map(ExposeSecret::expose_secret)
    }

    /// What a request has: the header, or the cookie of a page of this server. A page of another site has the cookie sent by
    /// nobody's will, so that it counts only where the browser says which page it is that asks.
    pub(super) fn of(shared: &Shared, headers: &HeaderMap) -> Self {
        if headers.contains_key(header::AUTHORIZATION) || is_own_page(headers) {
            return Self::of_reading(shared, headers);
        }
        Self(None)
    }

    /// What a request has that only reads: pages of other sites can have it sent, but not read the answer.
    fn of_reading(shared: &Shared, headers: &HeaderMap) -> Self {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            return Self(Some(authorization.as_bytes().to_vec().into()));
        }
        let session = cookie::of(shared, headers).map(|session| Self::said(&format!("Bearer {session}")));
        session.unwrap_or_default()
    }
}

/// How somebody stands. Whoever is not known yet is counted first, by their address, so that who guesses is slow and keeps the
/// database from nothing else.
pub(super) async fn standing(
    shared: &Shared,
    peer: Peer,
    proof: &Proof,
) -> Result<watch::Receiver<Standing>, Denied> {
    let access = &shared.app.access;
    if let Some(standing) = access.recognise(proof.header()) {
        return Ok(standing);
    }
    shared.limits.take_attempt(peer.into())?;
    access.authenticate(proof.header()).await
}

/// Whether somebody who opens a page may see what it shows.
pub(super) async fn may_enter(shared: &Shared, peer: Peer, headers: &HeaderMap) -> bool {
    let proof = Proof::of_reading(shared, headers);
    let standing = match proof.header() {
        Some(_) => standing(shared, peer, &proof).await,
        // They are sent to where they sign in, which costs nothing, so it does not count either.
        None => shared.app.access.authenticate(None).await,
    };
    // Where nobody can tell, the page shows so by itself.
    !matches!(standing, Err(denied) if !matches!(denied, Denied::Unknown | Denied::OverLimit(_)))
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
        Denied::OverLimit(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNAUTHORIZED,
    };
    ErrorResponse::new(status, unauthenticated(denied))
}

/// The error of who is not let in.
pub(super) fn unauthenticated(denied: Denied) -> ApiError {
    match denied {
        Denied::Unknown => ApiError::unavailable(denied.to_string()),
        Denied::OverLimit(over) => over.into(),
        _ => ApiError::new(ErrorCode::Unauthenticated, denied.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[tokio::test]
    async fn who_is_denied_before_anybody_waits_for_it_is_told_at_once() {
        let (standings, standing) = watch::channel(Standing::Valid(Access::OPEN, TimestampMs::MAX));
        let peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_exempt: true };
        let origin = Origin { address: peer.address, request_id: None };
        let mut client = Client { peer, origin, access: Access::OPEN, standing, limited: None };
        standings.send_replace(Standing::Denied(Denied::NoCredential));
        client.standing.mark_unchanged();
        assert_eq!(client.changed(&Clock::System).await, Err(Denied::NoCredential));
    }
}
