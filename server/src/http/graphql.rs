//! GraphQL over HTTP: queries and mutations by POST, one or a list of them, and queries by GET.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use async_graphql::{ServerError, parser::types::OperationType};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    answer::{Answer, Answers, WrittenAnswer},
    authenticate::Client,
    body::{Coding, MAX_BODY_BYTES, ReadBody, too_long},
    connection::peer_of,
    error_response::{ErrorResponse, respond_with, respond_with_list},
    event_stream,
    media::{Media, is_json, negotiate},
    operation::{Allowance, Operation, Sent, Unprepared, read_list},
    shared::Shared,
    url_parameters::UrlParameters,
};
use crate::error::ApiError;

/// How long a request may take, its body included; a query or mutation on a websocket, too. A batch waits for its commit for a few seconds at most.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Bodies from this length on, in bytes, are parsed on a thread of their own, so that parsing one delays no other request;
/// below it, changing threads costs more than it saves.
const LARGE_BODY_BYTES: usize = 64 * 1024;

/// What one request asks for.
enum Requested {
    One(Box<Operation>),
    /// Each prepared, or refused before anything ran.
    List(Vec<Result<Operation, ServerError>>),
}

/// Answers a POST.
pub(super) async fn post(shared: &Arc<Shared>, request: Request) -> Response {
    let media = match negotiate(request.headers(), &[Media::Json, Media::GraphqlResponse, Media::EventStream])
    {
        Some(Media::EventStream) => return event_stream::post(shared, request).await,
        Some(media) => media,
        None => return not_acceptable(),
    };
    let response = async {
        let peer = peer_of(request.extensions())?;
        let client = Client::of_post(shared, peer, request.headers()).await?;
        let coding = check_headers(request.headers())?;
        let body = ReadBody::read(&shared.memory, request.into_body()).await?;
        let requested = if coding == Coding::Identity && body.bytes.len() < LARGE_BODY_BYTES {
            read(shared, &client, &body.bytes)?
        } else {
            read_apart(shared, client, body, coding).await?
        };
        match requested {
            Requested::One(operation) => Ok(run_one(shared, operation, media).await?),
            Requested::List(operations) => {
                let answers = run_list(shared, operations).await?;
                Ok(respond_with_list(answers, media, &shared.answer_memory))
            }
        }
    };
    with_timeout(media, pin!(response)).await
}

/// Decodes and reads a body on a thread of its own. What the body holds is held until that ends, whoever still waits for it.
async fn read_apart(
    shared: &Arc<Shared>,
    client: Client,
    body: ReadBody,
    coding: Coding,
) -> Result<Requested, ErrorResponse> {
    // The semaphore is never closed, so there always is a permit.
    let permit = shared.large_bodies.clone().acquire_owned().await;
    let shared = shared.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read(&shared, &client, &body.decoded(coding, &shared.memory)?.bytes)
    });
    reading
        .await
        .map_err(|error| ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(&error)))?
}

/// Answers a GET that carries a query.
pub(super) async fn get(shared: &Shared, request: &Parts, media: Media) -> Response {
    let mut is_mutation = false;
    let mut response = {
        let response = pin!(async {
            let peer = peer_of(&request.extensions)?;
            let client = Client::of_get(shared, peer, &request.headers).await?;
            let sent = UrlParameters::read(&request.uri)?.into_sent()?;
            let operation = shared.prepare(sent, &client, &mut Allowance::default())?;
            is_mutation = operation.kind == OperationType::Mutation;
            if is_mutation {
                return Err(ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, no_change_by_get()));
            }
            Ok(run_one(shared, Box::new(operation), media).await?)
        });
        with_timeout(media, response).await
    };
    if is_mutation {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// The error of a mutation that was sent by GET.
pub(super) fn no_change_by_get() -> ApiError {
    ApiError::bad_user_input("a GET cannot change anything; send a mutation by POST")
}

/// Answers every other method.
pub(super) fn other_method() -> Response {
    let error = ApiError::bad_user_input("only GET and POST are allowed here");
    let mut response = ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, error).into_response(Media::Json);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// Answers a client that accepts none of the media types.
pub(super) fn not_acceptable() -> Response {
    let error = ApiError::bad_user_input(
        "answers are application/json, application/graphql-response+json or text/event-stream; Accept names none of them",
    );
    ErrorResponse::new(StatusCode::NOT_ACCEPTABLE, error).into_response(Media::Json)
}

/// Takes the future by its place: one that is handed on is kept, and copied, twice.
async fn with_timeout(
    media: Media,
    response: Pin<&mut impl Future<Output = Result<Response, ErrorResponse>>>,
) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, response).await {
        Ok(response) => response.unwrap_or_else(|error| error.into_response(media)),
        Err(_) => ErrorResponse::unavailable(too_late()).into_response(media),
    }
}

/// The error of what took longer than a request may.
pub(super) fn too_late() -> ApiError {
    let seconds = REQUEST_TIMEOUT.as_secs();
    ApiError::unavailable(format!("the request took more than {seconds} s; ask again, or for less"))
}

/// Refuses a request by its headers, or says how its body is encoded.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<Coding, ErrorResponse> {
    let unsupported = |message: &str| {
        Err(ErrorResponse::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiError::bad_user_input(message)))
    };
    if !is_json(headers) {
        // A browser lets any page send the simple types, so only one that needs the server's permission is read.
        return unsupported("the body must be JSON in UTF-8 and its Content-Type application/json");
    }
    let coding = match headers.get(header::CONTENT_ENCODING).map_or(&b"identity"[..], HeaderValue::as_bytes) {
        b"identity" => Coding::Identity,
        b"gzip" => Coding::Gzip,
        _ => {
            return unsupported(
                "of compressed bodies only gzip is read; send it so, or without Content-Encoding",
            );
        }
    };
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_long());
    }
    Ok(coding)
}

fn read(shared: &Shared, client: &Client, body: &[u8]) -> Result<Requested, ErrorResponse> {
    let mut allowance = Allowance::default();
    let Some(list) = read_list(body).map_err(ErrorResponse::malformed)? else {
        let sent = Sent::read(body, "the body").map_err(ErrorResponse::malformed)?;
        return Ok(Requested::One(Box::new(shared.prepare(sent, client, &mut allowance)?)));
    };
    // The request itself counted as one.
    client.take_requests(list.len() - 1)?;
    let mut operations = Vec::new();
    for sent in list {
        let sent = Sent::read(sent.get().as_bytes(), "each operation of the list")
            .map_err(ErrorResponse::malformed)?;
        operations.push(match shared.prepare(sent, client, &mut allowance) {
            Ok(operation) => Ok(operation),
            Err(Unprepared::Refused(error)) => Err(error),
            Err(Unprepared::Malformed(error)) => return Err(ErrorResponse::malformed(error)),
        });
    }
    Ok(Requested::List(operations))
}

async fn run<T: Send + 'static>(
    shared: &Shared,
    operation: Box<Operation>,
    finish: impl FnOnce(Answer) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if operation.kind == OperationType::Subscription {
        return Err(ApiError::bad_user_input(
            "a subscription needs a websocket on this URL, with the sub-protocol graphql-transport-ws, or a request of its own \
             with Accept: text/event-stream",
        ));
    }
    shared.execute(operation, finish).await
}

async fn run_one(shared: &Shared, operation: Box<Operation>, media: Media) -> Result<Response, ApiError> {
    let memory = shared.answer_memory.clone();
    run(shared, operation, move |answer| respond_with(answer, media, &memory)).await
}

/// Runs operations one after another, whatever became of those before.
async fn run_list(
    shared: &Shared,
    operations: Vec<Result<Operation, ServerError>>,
) -> Result<Answers, ApiError> {
    let mut answers = Answers::default();
    for operation in operations {
        let refused = |error: ServerError| WrittenAnswer::new(&Answer::refused(error));
        let written = match operation {
            Ok(operation) => run(shared, Box::new(operation), |answer| WrittenAnswer::new(&answer))
                .await
                .unwrap_or_else(|error| refused(error.into())),
            Err(error) => refused(error),
        };
        written.and_then(|answer| answers.push(answer)).map_err(|error| ApiError::internal(&error))?;
    }
    Ok(answers)
}
