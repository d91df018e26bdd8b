//! GraphQL over HTTP: queries and mutations by POST, queries by GET, one operation a request.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::Response,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    answer::Answer,
    body::{Coding, MAX_BODY_BYTES, ReadBody, too_long},
    error_response::{ErrorResponse, respond_with},
    media::{Media, is_json, negotiate},
    operation::{Operation, Sent, json_object},
    shared::Shared,
};
use crate::error::ApiError;

/// How long a request may take, its body included; a query or mutation on a websocket, too. A batch waits for its commit for a few seconds at most.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Bodies from this length on, in bytes, are parsed on a thread of their own, so that parsing one delays no other request;
/// below it, changing threads costs more than it saves.
const LARGE_BODY_BYTES: usize = 64 * 1024;

/// Answers a POST.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some(media) = negotiate(request.headers(), &[Media::Json, Media::GraphqlResponse]) else {
        return not_acceptable();
    };
    with_timeout(&shared, media, async {
        let coding = check_headers(request.headers())?;
        let body = ReadBody::read(&shared.memory, request.into_body()).await?;
        let operation = if coding == Coding::Identity && body.bytes.len() < LARGE_BODY_BYTES {
            read(&shared, &body.bytes)?
        } else {
            read_apart(&shared, body, coding).await?
        };
        run(&shared, operation).await
    })
    .await
}

/// Decodes and reads a body on a thread of its own. What the body holds is held until that ends, whoever still waits for it.
async fn read_apart(
    shared: &Arc<Shared>,
    body: ReadBody,
    coding: Coding,
) -> Result<Operation, ErrorResponse> {
    // The semaphore is never closed, so there always is a permit.
    let permit = shared.large_bodies.clone().acquire_owned().await;
    let shared = shared.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read(&shared, &body.decoded(coding, &shared.memory)?.bytes)
    });
    reading
        .await
        .map_err(|error| ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(&error)))?
}

/// Answers a GET that carries a query.
pub(super) async fn get(shared: &Shared, uri: &Uri, media: Media) -> Response {
    let mut is_mutation = false;
    let mut response = with_timeout(shared, media, async {
        let operation = shared.prepare(url_parameters(uri)?)?;
        is_mutation = operation.kind == OperationType::Mutation;
        if is_mutation {
            let error = ApiError::bad_user_input("a GET cannot change anything; send a mutation by POST");
            return Err(ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, error));
        }
        run(shared, operation).await
    })
    .await;
    if is_mutation {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// Answers every other method.
pub(super) async fn other_method() -> Response {
    let error = ApiError::bad_user_input("only GET and POST are allowed here");
    let mut response = ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, error).into_response(Media::Json);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// Answers a client that accepts none of the media types.
pub(super) fn not_acceptable() -> Response {
    let error = ApiError::bad_user_input(
        "answers are application/json or application/graphql-response+json; Accept names neither",
    );
    ErrorResponse::new(StatusCode::NOT_ACCEPTABLE, error).into_response(Media::Json)
}

async fn with_timeout(
    shared: &Shared,
    media: Media,
    answer: impl Future<Output = Result<Answer, ErrorResponse>>,
) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
        Ok(Ok(answer)) => respond_with(answer, media, &shared.answer_memory),
        Ok(Err(error)) => error.into_response(media),
        Err(_) => ErrorResponse::unavailable(too_late()).into_response(media),
    }
}

/// The error of what took longer than a request may.
pub(super) fn too_late() -> ApiError {
    let seconds = REQUEST_TIMEOUT.as_secs();
    ApiError::unavailable(format!("the request took more than {seconds} s; ask again, or for less"))
}

/// Refuses a request by its headers, or says how its body is encoded.
fn check_headers(headers: &HeaderMap) -> Result<Coding, ErrorResponse> {
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

fn read(shared: &Shared, body: &[u8]) -> Result<Operation, ErrorResponse> {
    let sent = Sent::read(body, "the body").map_err(ErrorResponse::malformed)?;
    Ok(shared.prepare(sent)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn url_parameters(uri: &Uri) -> Result<Sent<'static>, ErrorResponse> {
    let Query(url) = Query::<UrlParameters>::try_from_uri(uri).map_err(|error| {
        ErrorResponse::malformed(ApiError::bad_user_input(format!(
            "the URL's parameters are not as expected: {error}"
        )))
    })?;
    let object = |text: Option<String>, what: &str| {
        let text = text.filter(|text| !text.is_empty() && text != "null");
        if let Some(text) = &text {
            json_object::<&RawValue>(text.as_bytes(), what).map_err(ErrorResponse::malformed)?;
        }
        Ok::<_, ErrorResponse>(text)
    };
    object(url.extensions, "extensions")?;
    let variables = object(url.variables, "variables")?.map(Cow::Owned);
    let Some(query) = url.query else {
        let message = "a GET needs the parameter query; a browser gets a page to write one on";
        return Err(ErrorResponse::malformed(ApiError::bad_user_input(message)));
    };
    let operation_name = url.operation_name.filter(|name| !name.is_empty());
    Ok(Sent { query: query.into(), operation_name, variables })
}

async fn run(shared: &Shared, operation: Operation) -> Result<Answer, ErrorResponse> {
    if operation.kind == OperationType::Subscription {
        let message =
            "a subscription needs a websocket on this URL, with the sub-protocol graphql-transport-ws";
        return Err(ApiError::bad_user_input(message).into());
    }
    Ok(shared.execute(operation).await?)
}
