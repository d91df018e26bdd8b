//! GraphQL over server-sent events: the protocol graphql-sse in its distinct connections mode, one operation a request.
//!
//! - An event stream counts as a websocket does: among all of them, and with what it subscribes to.
//! - One task sends its events, one after another: while its reader takes none, its operation does not go on.
//! - What an event holds is counted as an answer that its client has not taken.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use futures_util::StreamExt as _;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    authenticate::Client,
    body::{Coding, ReadBody},
    browsers::foreign_page,
    connection::peer_of,
    error_response::ErrorResponse,
    graphql::{REQUEST_TIMEOUT, check_headers, too_late},
    media::Media,
    memory::hold,
    payloads::{self, Changes, Started},
    quota::SocketQuota,
    shared::Shared,
    socket::limits::MAX_MESSAGE_BYTES,
    url_parameters::UrlParameters,
};
use crate::{error::ApiError, graphql::shared::Payloads, live::broadcast::Payload};

/// What begins a stream, so that whoever stands between sees that it has begun, and what keeps it alive.
const COMMENT: &[u8] = b":\n\n";
const BEFORE_PAYLOAD: &[u8] = b"event: next\ndata: ";
const AFTER_PAYLOAD: &[u8] = b"\n\n";
/// Without data, a browser would not tell its page of it.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";
/// How many parts of events wait for the connection: those of one event.
const QUEUED_PARTS: usize = 3;

/// Answers a POST whose client reads events.
pub(super) async fn post(shared: &Arc<Shared>, request: Request) -> Response {
    let opening = async {
        let peer = peer_of(request.extensions())?;
        let client = Client::of_post(shared, peer, request.headers()).await?;
        if check_headers(request.headers())? != Coding::Identity {
            let message = "what is answered by events must be sent without Content-Encoding";
            return Err(ErrorResponse::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ApiError::bad_user_input(message),
            ));
        }
        let body = ReadBody::read(&shared.memory, request.into_body()).await?;
        if body.bytes.len() > MAX_MESSAGE_BYTES {
            let message = format!(
                "what is answered by events has at most {} KiB; send it with Accept: application/json",
                MAX_MESSAGE_BYTES / 1024
            );
            return Err(ErrorResponse::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::limit_exceeded(message)));
        }
        let sent = str::from_utf8(&body.bytes)
            .map_err(|_| ErrorResponse::malformed(ApiError::bad_user_input("the body must be UTF-8")))?;
        open(shared, client, sent, Changes::Allowed)
    };
    match tokio::time::timeout(REQUEST_TIMEOUT, opening).await {
        Ok(opened) => opened.unwrap_or_else(|error| error.into_response(Media::Json)),
        Err(_) => ErrorResponse::unavailable(too_late()).into_response(Media::Json),
    }
}

/// Answers a GET whose client reads events.
pub(super) async fn get(shared: &Arc<Shared>, request: &Parts) -> Response {
    if !shared.origins.may_connect(&request.headers) {
        return foreign_page().into_response(Media::Json);
    }
    let opened = async {
        let peer = peer_of(&request.extensions)?;
        let client = Client::of_get(shared, peer, &request.headers).await?;
        let url = UrlParameters::read(&request.uri)?;
        let sent = serde_json::to_string(&url).map_err(|error| {
            ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(&error))
        })?;
        open(shared, client, &sent, Changes::Refused)
    };
    opened.await.unwrap_or_else(|error| error.into_response(Media::Json))
}

/// Starts an operation and answers with its events.
fn open(
    shared: &Arc<Shared>,
    client: Client,
    sent: &str,
    changes: Changes,
) -> Result<Response, ErrorResponse> {
    let permit = shared.sockets.clone().try_acquire_owned().map_err(|_| {
        let message = "there are too many websockets and event streams now; ask again later";
        ErrorResponse::unavailable(ApiError::overloaded(message))
    })?;
    let of_principal = client.take_socket()?;
    let quota = SocketQuota::new(shared.subscriptions.clone(), client.peer);
    let started =
        payloads::start(shared, &client, &quota, sent, changes).map_err(ErrorResponse::malformed)?;
    let (parts, queued) = mpsc::channel(QUEUED_PARTS);
    let mut stream = EventStream { shared: shared.clone(), client, parts };
    // The server waits for this task when it stops.
    shared.tasks.spawn(async move {
        if stream.run(started).await.is_err() {
            tracing::debug!("a peer left its event stream, or did not take an event in time");
        }
        drop((permit, of_principal));
    });
    let events = ReceiverStream::new(queued).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, Media::EventStream.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers answers before it passes them on would pass on nothing.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The peer is gone, takes nothing, or the server stops.
struct Ended;

struct EventStream {
    shared: Arc<Shared>,
    client: Client,
    /// To the connection.
    parts: mpsc::Sender<Bytes>,
}

impl EventStream {
    /// Sends events until the operation ends. A stream that ends otherwise is not told to be complete, so that its client asks
    /// again.
    async fn run(&mut self, started: Started) -> Result<(), Ended> {
        self.send([COMMENT.into()]).await?;
        match started {
            Started::Running(payloads) => self.deliver(payloads).await?,
            Started::Refused(errors) => self.next_refusal(&errors).await?,
        }
        self.send([COMPLETE.into()]).await
    }

    async fn deliver(&mut self, mut payloads: Payloads) -> Result<(), Ended> {
        let interval = self.shared.socket_limits.ping_interval;
        let mut keep_alive = tokio::time::interval_at(Instant::now() + interval, interval);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.shared.shutdown.cancelled() => return Err(Ended),
                () = self.parts.closed() => return Err(Ended),
                // Asking again, they are told why.
                changed = self.client.changed(&self.shared.app.clock) => changed.map_err(|_| Ended)?,
                payload = payloads.next() => match payload {
                    Some(Payload::Next(answer)) => self.next(answer).await?,
                    Some(Payload::Refused(errors)) => return self.next_refusal(&errors).await,
                    None => return Ok(()),
                },
                _ = keep_alive.tick() => self.send([COMMENT.into()]).await?,
            }
        }
    }

    async fn next_refusal(&self, errors: &str) -> Result<(), Ended> {
        self.next(format!(r#"{{"errors":{errors}}}"#).into()).await
    }

    async fn next(&self, answer: Arc<str>) -> Result<(), Ended> {
        let mut share = self.shared.answer_memory.share(None);
        share.take(answer.len()).map_err(|_| Ended)?;
        let answer = hold(Arc::<[u8]>::from(answer), share);
        self.send([BEFORE_PAYLOAD.into(), answer, AFTER_PAYLOAD.into()]).await
    }

    /// Waits while the connection has not taken what came before.
    async fn send<const PARTS: usize>(&self, parts: [Bytes; PARTS]) -> Result<(), Ended> {
        let sending = async {
            for part in parts {
                self.parts.send(part).await.map_err(|_| Ended)?;
            }
            Ok(())
        };
        tokio::select! {
            sent = tokio::time::timeout(self.shared.socket_limits.answer_timeout, sending) => {
                sent.unwrap_or(Err(Ended))
            }
            () = self.shared.shutdown.cancelled() => Err(Ended),
        }
    }
}
