//! From what a client sent for one operation to all that it is to be sent for it.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError,
    parser::types::{OperationType, Selection},
};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};

use super::super::{
    Shared,
    answer::Answer,
    operation::{Operation, Parameters, json_object},
};
use crate::{
    error::ApiError,
    live::broadcast::{Payload, Rendering, Subscriber},
};

/// What an operation's client is to be sent, one after another.
pub(super) type Payloads = BoxStream<'static, Payload>;

/// The subscriptions whose answers are the same for all who sent the same.
const BROADCAST: [&str; 3] = ["factoryMetrics", "workerMetrics", "workstationMetrics"];

/// What becomes of an operation that a client sent.
pub(super) enum Begun {
    Running(Payloads),
    /// Its errors as JSON. Nothing follows them.
    Refused(Arc<str>),
}

/// Begins an operation, or joins those who sent the same. `sent` is the payload of the client's message.
///
/// # Errors
/// It is not what a payload must be.
pub(super) fn begin(shared: &Shared, sent: &str) -> Result<Begun, ApiError> {
    let live = &shared.app.live;
    if let Some(subscriber) = live.join(sent) {
        return Ok(Begun::Running(payloads(subscriber)));
    }
    let parameters: Parameters = json_object(sent.as_bytes(), "the payload")?;
    let Operation { kind, mut request } = match Operation::prepare(parameters) {
        Ok(operation) => operation,
        Err(error) => return Ok(refused(error)),
    };
    let schema = shared.schema.clone();
    if is_broadcast(&mut request) {
        let run = |relay| renderings(schema.execute_stream(request.data(relay))).boxed();
        return Ok(Begun::Running(payloads(live.found(sent, run))));
    }
    let payload = move |(index, rendering): (usize, Rendering)| {
        rendering.payload(kind == OperationType::Subscription && index == 0)
    };
    Ok(Begun::Running(renderings(schema.execute_stream(request)).enumerate().map(payload).boxed()))
}

/// Refuses an operation.
pub(super) fn refused(error: impl Into<ServerError>) -> Begun {
    let refusal = rendering(&Answer::refused(error)).and_then(|rendering| rendering.errors);
    Begun::Refused(refusal.unwrap_or_else(|| "[]".into()))
}

fn payloads(subscriber: Subscriber) -> Payloads {
    let next = |mut subscriber: Subscriber| async move {
        let payload = subscriber.next().await?;
        Some((payload, subscriber))
    };
    stream::unfold(subscriber, next).boxed()
}

fn renderings(
    responses: impl Stream<Item = Response> + Send + 'static,
) -> impl Stream<Item = Rendering> + Send + 'static {
    responses.map(Answer::from).scan((), |(), answer| std::future::ready(rendering(&answer)))
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

/// Whether the operation is a subscription with one root field whose answers are broadcast, and nothing that might leave
/// it out.
fn is_broadcast(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    let chosen =
        document.operations.iter().find(|(of, _)| name.is_none() || name.as_deref() == of.map(|of| &**of));
    let Some((_, operation)) = chosen else { return false };
    let operation = &operation.node;
    let [selection] = &operation.selection_set.node.items[..] else { return false };
    let Selection::Field(field) = &selection.node else { return false };
    operation.ty == OperationType::Subscription
        && operation.directives.is_empty()
        && field.node.directives.is_empty()
        && BROADCAST.contains(&field.node.name.node.as_str())
}
