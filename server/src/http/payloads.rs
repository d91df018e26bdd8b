//! From the text of a request to the stream of payloads that answer it, on a websocket or as events.

use std::{future::ready, sync::Arc, task::Poll};

use super::{
    answer::{Answer, MAX_ANSWER_BYTES},
    graphql::{REQUEST_TIMEOUT, no_change_by_get, too_late},
    operation::{Allowance, Operation, Sent, Unprepared},
    quota::SocketQuota,
    shared::Shared,
};
use crate::{
    error::ApiError,
    graphql::shared::{Payloads, Shareable, join, subscribe, unshared},
    live::{broadcast::Rendering, fingerprint::Fingerprint},
    store::access::Access,
};
use async_graphql::{Request, ServerError, parser::types::OperationType};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};

/// The result of starting an operation.
pub(super) enum Started {
    Running(Payloads),
    /// Its errors as JSON. Nothing follows them.
    Refused(Arc<str>),
}

/// Whether an operation may change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changes {
    Allowed,
    /// It was sent in a way that must not.
    Refused,
}

/// Starts an operation, or joins it if it already runs for others. `sent` is the payload of the client's message.
///
/// # Errors
/// The payload is not a JSON object of an operation's parameters.
pub(super) fn start(
    shared: &Arc<Shared>,
    quota: &SocketQuota,
    sent: &str,
    changes: Changes,
) -> Result<Started, ApiError> {
    let text = Fingerprint::of(sent);
    if let Some(payloads) = join(&shared.app.live, Access::OPEN, text) {
        return Ok(Started::Running(payloads));
    }
    let sent = Sent::read(sent.as_bytes(), "the payload")?;
    match shared.prepare(sent, quota.peer(), &mut Allowance::default()) {
        Ok(operation) if changes == Changes::Refused && operation.kind == OperationType::Mutation => {
            Ok(refused(no_change_by_get()))
        }
        Ok(operation) => Ok(run(shared, quota, text, operation).map_or_else(refused, Started::Running)),
        Err(Unprepared::Refused(error)) => Ok(refused(error)),
        Err(Unprepared::Malformed(error)) => Err(error),
    }
}

fn run(
    shared: &Arc<Shared>,
    quota: &SocketQuota,
    text: Fingerprint,
    operation: Operation,
) -> Result<Payloads, ApiError> {
    if operation.kind != OperationType::Subscription {
        let (kind, shared) = (operation.kind, shared.clone());
        let answer = async move {
            let rendered = shared.execute(Box::new(operation), |answer| rendering(&answer));
            let rendered = tokio::time::timeout(REQUEST_TIMEOUT, rendered).await;
            let rendered = rendered.unwrap_or_else(|_| Err(too_late()));
            rendered.unwrap_or_else(|error| rendering(&Answer::refused(error)))
        };
        return Ok(unshared(kind, stream::once(answer).filter_map(ready).boxed()));
    }
    let Operation { kind, mut request, held_bytes, .. } = operation;
    let schema = shared.schema.clone();
    let execute = move |request: Request| -> BoxStream<'static, Rendering> {
        let answers = schema.execute_stream(request).map(Answer::from);
        answers.scan((), |(), answer| ready(rendering(&answer))).boxed()
    };
    // Counts from before it is started until its stream ends; who joins what runs lets go of it at once.
    let started = quota.start(held_bytes)?;
    let execute = move |request| execute(request).chain(holding(started)).boxed();
    Ok(match Shareable::new(&mut request, text) {
        Some(shareable) => subscribe(&shared.app, (Access::OPEN, shareable), text, request, execute),
        None => unshared(kind, execute(request)),
    })
}

/// Nothing, at the end of a stream for as long as which something is held.
fn holding<T>(held: impl Send + 'static) -> BoxStream<'static, T>
where
    T: Send + 'static,
{
    stream::poll_fn(move |_| {
        let _held = &held;
        Poll::Ready(None)
    })
    .boxed()
}

/// Refuses an operation.
pub(super) fn refused(error: impl Into<ServerError>) -> Started {
    Started::Refused(refusal(error))
}

/// Errors as JSON, in the shape that they have in every answer.
pub(super) fn refusal(error: impl Into<ServerError>) -> Arc<str> {
    let errors = rendering(&Answer::refused(error)).and_then(|rendering| rendering.errors);
    errors.unwrap_or_else(|| "[]".into())
}

/// An answer as it is sent; none, after which nothing follows, if it cannot be written.
fn rendering(answer: &Answer) -> Option<Rendering> {
    let json = || {
        let errors = answer.is_without_data().then(|| serde_json::to_string(&answer.errors)).transpose()?;
        let text = serde_json::to_string(answer)?;
        if text.len() > MAX_ANSWER_BYTES {
            return Ok(rendering(&Answer::too_long()));
        }
        Ok::<_, serde_json::Error>(Some(Rendering {
            answer: text.into(),
            errors: errors.map(Into::into),
            is_refused: answer.is_refused(),
        }))
    };
    json().inspect_err(|error| tracing::error!(%error, "an answer could not be written")).ok().flatten()
}
