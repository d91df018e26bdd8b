//! From the payload of a `subscribe` message to the stream of payloads that answer it.

use std::sync::Arc;

use async_graphql::{
    Name, Request, ServerError,
    parser::types::{OperationType, Selection},
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use super::super::{
    Shared,
    answer::Answer,
    operation::{Operation, Parameters, json_object},
};
use crate::{
    error::ApiError,
    graphql::AndonSchema,
    live::broadcast::{Payload, Rendering, Source, Subscriber},
};

/// What an operation's client is sent, one payload after another.
pub(super) type Payloads = BoxStream<'static, Payload>;

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
    let live = &shared.app.live;
    if let Some(subscriber) = live.metrics().join(sent) {
        return Ok(Started::Running(payloads(subscriber)));
    }
    if let Some(subscriber) = live.feeds().join(sent) {
        return Ok(Started::Running(payloads(subscriber)));
    }
    let parameters: Parameters = json_object(sent.as_bytes(), "the payload")?;
    let Operation { kind, mut request } = match Operation::prepare(parameters) {
        Ok(operation) => operation,
        Err(error) => return Ok(refused(error)),
    };
    let schema = shared.schema.clone();
    let payloads = match root_field(&mut request).as_deref() {
        Some("factoryMetrics" | "workerMetrics" | "workstationMetrics") => {
            payloads(live.metrics().get_or_start(sent, |relay| run(&schema, request.data(relay))))
        }
        Some("eventsIngested") => {
            payloads(live.feeds().get_or_start(sent, |relay| run(&schema, request.data(relay))))
        }
        _ => {
            let is_subscription = kind == OperationType::Subscription;
            let payload = move |(index, rendering): (usize, Rendering)| {
                rendering.payload(is_subscription && index == 0)
            };
            run(&schema, request).enumerate().map(payload).boxed()
        }
    };
    Ok(Started::Running(payloads))
}

/// Refuses an operation.
pub(super) fn refused(error: impl Into<ServerError>) -> Started {
    let refusal = rendering(&Answer::refused(error)).and_then(|rendering| rendering.errors);
    Started::Refused(refusal.unwrap_or_else(|| "[]".into()))
}

fn payloads<S: Source>(subscriber: Subscriber<S>) -> Payloads {
    let next = |mut subscriber: Subscriber<S>| async move {
        let payload = subscriber.next().await?;
        Some((payload, subscriber))
    };
    stream::unfold(subscriber, next).boxed()
}

fn run(schema: &AndonSchema, request: Request) -> BoxStream<'static, Rendering> {
    let answers = schema.execute_stream(request).map(Answer::from);
    answers.scan((), |(), answer| std::future::ready(rendering(&answer))).boxed()
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

/// The name of a subscription's root field, if there is one only and no directive that might leave it out.
fn root_field(request: &mut Request) -> Option<String> {
    let name = request.operation_name.clone();
    let document = request.parsed_query().ok()?;
    let is_chosen = |of: Option<&Name>| name.is_none() || name.as_deref() == of.map(Name::as_str);
    let (_, operation) = document.operations.iter().find(|(of, _)| is_chosen(*of))?;
    let operation = &operation.node;
    let [selection] = &operation.selection_set.node.items[..] else { return None };
    let Selection::Field(field) = &selection.node else { return None };
    let may_be_left_out = !operation.directives.is_empty() || !field.node.directives.is_empty();
    let is_subscription = operation.ty == OperationType::Subscription;
    (is_subscription && !may_be_left_out).then(|| field.node.name.node.to_string())
}
