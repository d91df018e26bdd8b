//! The response to a request that cannot be run.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_graphql::ServerError;
use async_graphql_axum::GraphQLResponse;
use axum::{
    Json,
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use http_listener::{Memory, MemoryShare};
use hyper::body::{Frame, SizeHint};

use super::{
    answer::{Answer, Answers, MAX_ANSWER_BYTES},
    media::Media,
    memory::hold,
    operation::Unprepared,
};
use crate::error::{ApiError, ErrorCode};

/// Why a request was not run, as a response.
pub(super) struct ErrorResponse {
    /// None where the media type decides: a request that is well formed but asks for the impossible.
    status: Option<StatusCode>,
    error: Box<ServerError>,
}

impl ErrorResponse {
    /// An error whose status is the same in every media type.
    pub(super) fn new(status: StatusCode, error: ApiError) -> Self {
        Self { status: Some(status), error: Box::new(error.into()) }
    }

    /// The request could not be read.
    pub(super) fn malformed(error: ApiError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// Nothing can be run now.
    pub(super) fn unavailable(error: ApiError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    /// As a response.
    pub(super) fn into_response(self, media: Media) -> Response {
        let answer = Answer::refused(*self.error);
        respond(self.status.unwrap_or_else(|| status(&answer, media)), answer, media)
    }
}

impl From<ServerError> for ErrorResponse {
    fn from(error: ServerError) -> Self {
        Self { status: None, error: Box::new(error) }
    }
}

impl From<Unprepared> for ErrorResponse {
    fn from(error: Unprepared) -> Self {
        match error {
            Unprepared::Malformed(error) => Self::malformed(error),
            Unprepared::Refused(error) => error.into(),
        }
    }
}

impl From<ApiError> for ErrorResponse {
    fn from(error: ApiError) -> Self {
        ServerError::from(error).into()
    }
}

/// An answer as a response. Its text is held in memory until the client has taken it, however slowly.
pub(super) fn respond_with(answer: Answer, media: Media, memory: &Memory) -> Response {
    let response = respond(status(&answer, media), answer, media);
    let length = response.body().size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
    if let Some(length) = length.filter(|length| *length <= MAX_ANSWER_BYTES) {
        held(response, length, media, memory)
    } else {
        let answer = Answer::too_long();
        respond(status(&answer, media), answer, media)
    }
}

/// The answers to a list of operations as a response, held as one is.
pub(super) fn respond_with_list(answers: Answers, media: Media, memory: &Memory) -> Response {
    let retry_after_ms = answers.retry_after_ms();
    let status = retry_after_ms.map_or(StatusCode::OK, |_| status_of_wait(answers.is_rate_limited()));
    let text = answers.into_text();
    let length = text.len();
    let mut response = Response::new(Body::from(text));
    describe(&mut response, status, media, retry_after_ms);
    held(response, length, media, memory)
}

fn held(response: Response, length: usize, media: Media, memory: &Memory) -> Response {
    let mut share = memory.share(None);
    if let Err(full) = share.take(length) {
        return ErrorResponse::from(full).into_response(media);
    }
    response.map(|body| Body::new(HeldBody { body, share: Some(share) }))
}

/// A body whose text, which is its first frame, holds its share of memory until it is sent.
struct HeldBody {
    body: Body,
    share: Option<MemoryShare>,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let share = self.share.take();
        let held = |frame: Frame<Bytes>| {
            frame.map_data(|text| match share {
                Some(share) => {
                    // A text grows by doubling its room, of which the rest would be held for as long as the client reads.
                    let mut text = Vec::from(text);
                    text.shrink_to_fit();
                    hold(text, share)
                }
                None => text,
            })
        };
        Poll::Ready(frame.map(|frame| frame.map(held)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The answer to a panic, which is our fault.
pub(super) fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    // The panic's message and place are in the log already.
    let error = ApiError::new(ErrorCode::Internal, "the server failed to answer; its log says why");
    ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, error).into_response(Media::Json)
}

fn status(answer: &Answer, media: Media) -> StatusCode {
    if answer.is_without_data() && answer.retry_after_ms().is_some() {
        return status_of_wait(answer.is_rate_limited());
    }
    if !answer.is_refused() {
        return StatusCode::OK;
    }
    // Of persisted queries as the server answers that their clients were made for, whatever the media type.
    match answer.code() {
        Some(code) if code == ErrorCode::PersistedQueryNotFound.as_str() => StatusCode::OK,
        Some(code) if code == ErrorCode::PersistedQueryHashMismatch.as_str() => StatusCode::BAD_REQUEST,
        _ if media == Media::GraphqlResponse => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// The status of what may be asked again later: whether that is for what was asked before, or for what the server does.
fn status_of_wait(is_rate_limited: bool) -> StatusCode {
    if is_rate_limited { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn respond(status: StatusCode, answer: Answer, media: Media) -> Response {
    let retry_after_ms = answer.retry_after_ms();
    let mut response = match answer {
        Answer { data: Some(data), errors } => {
            let mut ran = async_graphql::Response::new(data);
            ran.errors = errors;
            GraphQLResponse::from(ran).into_response()
        }
        // The library's response always has data, which the answer to what never ran must not have.
        refused => Json(refused).into_response(),
    };
    describe(&mut response, status, media, retry_after_ms);
    response
}

fn describe(response: &mut Response, status: StatusCode, media: Media, retry_after_ms: Option<u64>) {
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        let wait_s = retry_after_ms.unwrap_or_default().div_ceil(1_000).max(1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    }
}
