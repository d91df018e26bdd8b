//! The agent's HTTP side: `POST /events`, `GET /health`, `GET /metrics`.
//!
//! - A request is kept whole or not at all, and answered after it is on the disk.
//! - A body has at most [`MAX_BODY_BYTES`] and arrives within [`BODY_TIMEOUT`].
//! - At most [`MAX_BODIES`] bodies are read at once; more are refused with 503.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Intake;
use super::body::{self, BodyError};
use crate::clock;
use crate::spool::SpoolError;

/// The longest body, in bytes: 10 000 events with every field at its usual length, and more.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// How long a body may take to arrive; whoever is slower holds memory that others need.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// So many bodies are in memory at once, a tenth of a gigabyte at the most.
const MAX_BODIES: usize = 10;
/// When to come back if the spool is full or cannot be written, in seconds: it empties as events are delivered.
const RETRY_AFTER_SECONDS: u64 = 5;

#[derive(Clone)]
struct HttpState {
    intake: Intake,
    bodies: Arc<Semaphore>,
}

/// Serves requests until `stop` is cancelled; those under way are answered.
pub async fn serve(listener: TcpListener, intake: Intake, stop: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router(intake)).with_graceful_shutdown(stop.cancelled_owned()).await
}

fn router(intake: Intake) -> Router {
    Router::new()
        .route("/events", post(post_events))
        .route("/health", get(get_health))
        .route("/metrics", get(get_metrics))
        .with_state(HttpState { intake, bodies: Arc::new(Semaphore::new(MAX_BODIES)) })
}

async fn post_events(State(state): State<HttpState>, headers: HeaderMap, body: Body) -> Response {
    let Ok(_permit) = state.bodies.try_acquire() else {
        return unavailable("too many requests at once");
    };
    let bytes = match read(&headers, body).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let events = match body::events(&bytes) {
        Ok(events) => events,
        Err(error) => {
            state.intake.health().malformed.fetch_add(1, Ordering::Relaxed);
            return malformed(&error);
        }
    };
    let accepted = events.len();
    match state.intake.append(events).await {
        Ok(()) => Json(json!({ "accepted": accepted })).into_response(),
        Err(SpoolError::TooLong { .. }) => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "an event is longer than any server takes")
        }
        Err(error) => {
            state.intake.health().turned_away.fetch_add(1, Ordering::Relaxed);
            unavailable(&error.to_string())
        }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Response> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        let said = "a body is sent as it is, without Content-Encoding: the way to the agent is short";
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, said));
    }
    let whole = Limited::new(body, MAX_BODY_BYTES).collect();
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let said = format!(
                "a body has at most {} MiB; send fewer events at a time",
                MAX_BODY_BYTES / 1024 / 1024
            );
            Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, &said))
        }
        Ok(Err(_)) => Err(refuse(StatusCode::BAD_REQUEST, "the body ended before it was whole")),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn malformed(error: &BodyError) -> Response {
    let position = match error {
        BodyError::Event { position, .. } => Some(position),
        BodyError::Empty | BodyError::TooMany => None,
    };
    let status = match error {
        BodyError::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Event { .. } | BodyError::Empty => StatusCode::BAD_REQUEST,
    };
    (status, Json(json!({ "error": error.to_string(), "event": position, "accepted": 0 }))).into_response()
}

fn refuse(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "error": said, "accepted": 0 }))).into_response()
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
