//! GraphQL over HTTP: queries and mutations by POST, queries by GET, one operation a request.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::Response,
};
use serde::Deserialize;

use super::{
    answer::Answer,
    body::{Coding, MAX_BODY_BYTES, too_long},
    error_response::{ErrorResponse, respond_with},
    media::{Media, is_json, negotiate},
    operation::{Operation, Parameters, json_object},
    shared::Shared,
};
use crate::error::ApiError;

/// How long a request may take, its body included. A batch waits for its commit for a few seconds at most.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Bodies from this length on, in bytes, are parsed on a thread of their own, so that parsing one delays no other request;
/// below it, changing threads costs more than it saves.
const LARGE_BODY_BYTES: usize = 64 * 1024;

/// Answers a POST.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some(media) = negotiate(request.headers(), &[Media::Json, Media::GraphqlResponse]) else {
        return not_acceptable();
    };
    with_timeout(media, async {
        let coding = check_headers(request.headers())?;
        let body = shared.body_memory.read(request.into_body(), coding).await?;
        let operation = if body.bytes.len() < LARGE_BODY_BYTES {
            read(&shared, &body.bytes)?
        } else {
            let (shared, bytes) = (shared.clone(), body.bytes.clone());
            let reading = tokio::task::spawn_blocking(move || read(&shared, &bytes));
            reading.await.map_err(|error| {
                ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(&error))
            })??
        };
        run(&shared, operation).await
    })
    .await
}

/// Answers a GET that carries a query.
pub(super) async fn get(shared: &Shared, uri: &Uri, media: Media) -> Response {
    let mut is_mutation = false;
    let mut response = with_timeout(media, async {
        let operation = Operation::prepare(url_parameters(uri)?, &shared.documents)?;
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

async fn with_timeout(media: Media, answer: impl Future<Output = Result<Answer, ErrorResponse>>) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
        Ok(Ok(answer)) => respond_with(answer, media),
        Ok(Err(error)) => error.into_response(media),
        Err(_) => {
            let seconds = REQUEST_TIMEOUT.as_secs();
            let error = ApiError::unavailable(format!("the request took more than {seconds} s; ask again"));
            ErrorResponse::unavailable(error).into_response(media)
        }
    }
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
    Operation::read(body, &shared.documents, &shared.app.ingest)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn url_parameters(uri: &Uri) -> Result<Parameters, ErrorResponse> {
    let Query(url) = Query::<UrlParameters>::try_from_uri(uri).map_err(|error| {
        ErrorResponse::malformed(ApiError::bad_user_input(format!(
            "the URL's parameters are not as expected: {error}"
        )))
    })?;
    let json = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "null");
    if let Some(extensions) = json(url.extensions) {
        json_object::<serde_json::Map<_, _>>(extensions.as_bytes(), "extensions")
            .map_err(ErrorResponse::malformed)?;
    }
    let variables = json(url.variables)
        .map(|variables| json_object(variables.as_bytes(), "variables").map_err(ErrorResponse::malformed))
        .transpose()?;
    let Some(query) = url.query else {
        let message = "a GET needs the parameter query; a browser gets a page to write one on";
        return Err(ErrorResponse::malformed(ApiError::bad_user_input(message)));
    };
    let operation_name = url.operation_name.filter(|name| !name.is_empty());
    Ok(Parameters { query, operation_name, variables: variables.unwrap_or_default(), _extensions: None })
}

async fn run(shared: &Shared, operation: Operation) -> Result<Answer, ErrorResponse> {
    if operation.kind == OperationType::Subscription {
        let message =
            "a subscription needs a websocket on this URL, with the sub-protocol graphql-transport-ws";
        return Err(ApiError::bad_user_input(message).into());
    }
    Ok(shared.schema.execute(operation.request).await.into())
}
