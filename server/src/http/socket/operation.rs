//! From the payload of a `subscribe` message to the stream of payloads that answer it.

use std::sync::Arc;

use async_graphql::{Request, ServerError};
use futures_util::{StreamExt as _, stream::BoxStream};

use super::super::{
    answer::Answer,
    operation::{Operation, Parameters, json_object},
    shared::Shared,
};
use crate::{
    error::ApiError,
    graphql::shared::{Payloads, Shareable, join, subscribe, unshared},
    live::broadcast::Rendering,
};

/// The result of starting an operation.
pub(super) enum Started {
    Running(Payloads),
    /// Its errors as JSON. Nothing follows them.
    Refused(Arc<str>),
}

/// Starts an operation, or joins it if it already runs for others. `sent` is the payload of the client's message.
///
/// # Errors
/// The payload is not a JSON object of an operation's parameters.
pub(super) fn start(shared: &Shared, sent: &str) -> Result<Started, ApiError> {
    if let Some(payloads) = join(&shared.app.live, sent) {
        return Ok(Started::Running(payloads));
    }
    let parameters: Parameters = json_object(sent.as_bytes(), "the payload")?;
    let Operation { kind, mut request } = match Operation::prepare(parameters, &shared.documents) {
        Ok(operation) => operation,
        Err(error) => return Ok(refused(error)),
    };
    let schema = shared.schema.clone();
    let execute = move |request: Request| -> BoxStream<'static, Rendering> {
        let answers = schema.execute_stream(request).map(Answer::from);
        answers.scan((), |(), answer| std::future::ready(rendering(&answer))).boxed()
    };
    let payloads = match Shareable::new(&mut request) {
        Some(shareable) => subscribe(&shared.app, shareable, sent, request, execute),
        None => unshared(kind, execute(request)),
    };
    Ok(Started::Running(payloads))
}

/// Refuses an operation.
pub(super) fn refused(error: impl Into<ServerError>) -> Started {
    let refusal = rendering(&Answer::refused(error)).and_then(|rendering| rendering.errors);
    Started::Refused(refusal.unwrap_or_else(|| "[]".into()))
}

/// An answer as it is sent; none, after which nothing follows, if it cannot be written.
fn rendering(answer: &Answer) -> Option<Rendering> {
    let json = || {
        let errors = answer.is_without_data().then(|| serde_json::to_string(&answer.errors)).transpose()?;
        Ok::<_, serde_json::Error>(Rendering {
            answer: serde_json::to_string(answer)?.into(),
            errors: errors.map(Into::into),
            is_refused: answer.is_refused(),
        })
    };
    json().inspect_err(|error| tracing::error!(%error, "an answer could not be written")).ok()
}
