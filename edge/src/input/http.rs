//! The agent's HTTP side: `POST /events`, `GET /health`, `GET /metrics`.
//!
//! - A request is answered after all of it is on the disk: what is no event, too, as soon as anything in it is one.
//! - Connections, and what browsers may ask, have the limits of the server.
//! - Bodies share a budget of bytes and arrive in time ([`upload`]).

mod token;
mod upload;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http_listener::{BrowserRules, ConnectionLimits, Peer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::token::{InputToken, InputTokenError};
pub use self::upload::{MAX_BODY_BYTES, UploadLimits};
use self::upload::{Upload, UploadError, Uploads};
use super::Intake;
use super::body::{self, BodyError};
use crate::clock;
use crate::mapping::Envelope;
use crate::spool::{Arrival, SpoolError};

/// The most connections at once: every camera of a large site several times over.
pub const MAX_CONNECTIONS: usize = 2_000;
/// When to come back if the spool is full or cannot be written, in seconds: it empties as events are delivered.
const RETRY_AFTER_SECONDS: u64 = 5;

/// The most issues of an answer; the count beside them is exact.
const MAX_ANSWERED_ISSUES: usize = 100;

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What browsers may ask.
    pub browsers: BrowserRules,
    /// Limits and timeouts of connections.
    pub connections: ConnectionLimits,
    /// Timeouts of bodies.
    pub uploads: UploadLimits,
    /// What those must have who send events; without it everybody may who reaches the agent.
    pub token: Option<InputToken>,
}

#[derive(Clone)]
struct HttpState {
    intake: Intake,
    uploads: Uploads,
    token: Option<Arc<InputToken>>,
}

/// Serves requests until `stop` is cancelled; those under way are answered.
pub async fn serve(listener: TcpListener, options: Options, intake: Intake, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let uploads = options.uploads;
    let state =
        HttpState { intake, uploads: Uploads::new(uploads), token: options.token.clone().map(Arc::new) };
    let router = router(state, uploads, options.browsers);
    http_listener::accept(listener, router, &options.connections, &tasks, &stop).await;
    tasks.close();
    tasks.wait().await;
}

fn router(state: HttpState, uploads: UploadLimits, rules: BrowserRules) -> Router {
    Router::new()
        .route("/events", post(post_events))
        .route("/health", get(get_health))
        .route("/metrics", get(get_metrics))
        .with_state(state)
        .layer(from_fn_with_state((Arc::new(rules), uploads), check))
}

/// Lets a request through, or says why it is refused. No page of another origin has anything to ask of an agent.
async fn check(
    State((rules, uploads)): State<(Arc<BrowserRules>, UploadLimits)>,
    request: Request,
    next: Next,
) -> Response {
    match rules.check(&request).and_then(|()| rules.check_origin(request.headers())) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            upload::discard(request.into_body(), uploads).await;
            refuse(refusal.status(), &refusal.to_string())
        }
    }
}

async fn post_events(
    State(state): State<HttpState>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if state.token.is_some_and(|token| !token.is_in(&headers)) {
        state.uploads.discard(body).await;
        return unauthorized();
    }
    let Upload { bytes, share } = match state.uploads.read(peer, &headers, body).await {
        Ok(upload) => upload,
        Err(UploadError::Busy) => return unavailable(&UploadError::Busy.to_string()),
        Err(error) => return refuse(error.status(), &error.to_string()),
    };
    let topic = topic(&uri);
    let envelope =
        Envelope { topic: topic.as_deref(), arrived_at_ms: Some(clock::now_ms()), is_retained: false };
    let mut arrival = Arrival::default();
    let answer = match body::events(&bytes, state.intake.mapping.as_deref(), envelope) {
        Ok(read) => answer(&state.intake, read, &format!("http://{}", peer.address), &mut arrival),
        Err(error) => {
            state.intake.health().malformed.fetch_add(1, Ordering::Relaxed);
            return refuse(unreadable_status(&error), &error.to_string());
        }
    };
    // The events are as long as the body was, and keep its share of the memory until they are on the disk.
    drop(bytes);
    let kept = state.intake.keep(arrival).await;
    drop(share);
    match kept {
        Ok(()) => answer,
        Err(SpoolError::TooLong { .. }) => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "an event is longer than any server takes")
        }
        Err(error) => {
            state.intake.health().turned_away.fetch_add(1, Ordering::Relaxed);
            unavailable(&error.to_string())
        }
    }
}

/// The topic that a request says its messages came by: `/events?topic=umh.v1.acme.press-4._raw.state`.
fn topic(uri: &Uri) -> Option<String> {
    let query = Query::<HashMap<String, String>>::try_from_uri(uri).ok()?;
    query.0.into_iter().find_map(|(name, value)| (name == "topic").then_some(value))
}

/// The answer to a request, once what it brings is kept. Its sender may look at the status alone: then what is no event is
/// kept for a person as soon as anything else is accepted, and the sender still has it when nothing is.
fn answer(intake: &Intake, read: body::Read<'_>, sender: &str, arrival: &mut Arrival) -> Response {
    let body::Read { mapped, refused } = read;
    let issues: Vec<_> = refused.iter().take(MAX_ANSWERED_ISSUES).map(issue).collect();
    let (accepted, rejected) = (mapped.len(), refused.len());
    for mapped in mapped {
        arrival.push(mapped);
    }
    if rejected == 0 {
        return Json(json!({ "accepted": accepted })).into_response();
    }
    if accepted == 0 {
        intake.health().malformed.fetch_add(rejected as u64, Ordering::Relaxed);
        let error = format!("nothing of the request is an event; the first: {}", refused[0].fault);
        let answer = json!({ "error": error, "accepted": 0, "rejected": rejected, "issues": issues });
        return (StatusCode::BAD_REQUEST, Json(answer)).into_response();
    }
    for body::Refused { index, text, fault } in refused {
        let place = format!("event {index} of a request");
        intake.set_aside(arrival, sender, &place, text, &fault);
    }
    Json(json!({ "accepted": accepted, "rejected": rejected, "issues": issues })).into_response()
}

/// What a sender is told of something that is no event; its index is that of the API's issues, from 0.
fn issue(refused: &body::Refused<'_>) -> Value {
    let body::Refused { index, fault, .. } = refused;
    json!({ "index": index, "field": fault.field(), "allowed": fault.allowed(), "message": fault.to_string() })
}

fn unreadable_status(error: &BodyError) -> StatusCode {
    match error {
        BodyError::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Unreadable(_) | BodyError::Records(_) => StatusCode::BAD_REQUEST,
    }
}

fn refuse(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "error": said, "accepted": 0 }))).into_response()
}

fn unauthorized() -> Response {
    let said = "this agent asks for a token, or for another one: send the header Authorization: Bearer TOKEN";
    let mut response = refuse(StatusCode::UNAUTHORIZED, said);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn unavailable(said: &str) -> Response {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, said);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
    response
}

/// 200 while events are taken; what delivery is doing is reported but makes the agent no less healthy: it may wait.
async fn get_health(State(state): State<HttpState>) -> Response {
    match state.intake.spool().counts().await {
        Ok(counts) => {
            let delivery = state.intake.health().delivery();
            Json(json!({
                "status": "ok", "delivery": delivery, "queuedEvents": counts.queued,
                "deadLetters": counts.dead_lettered, "lostEvents": counts.lost_events(),
            }))
            .into_response()
        }
        Err(error) => unavailable(&error.to_string()),
    }
}

async fn get_metrics(State(state): State<HttpState>) -> Response {
    match state.intake.spool().counts().await {
        Ok(counts) => {
            let text = state.intake.health().metrics(&counts, clock::now_ms());
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
        }
        Err(error) => unavailable(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_may_stand_in_the_address() {
        let of = |uri: &str| topic(&uri.parse().expect("an address"));
        assert_eq!(of("/events?topic=umh.v1.acme._raw.state").as_deref(), Some("umh.v1.acme._raw.state"));
        assert_eq!(of("/events?a=b&topic=hall%2FS1").as_deref(), Some("hall/S1"));
        assert_eq!(of("/events"), None);
    }
}
