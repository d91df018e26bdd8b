//! From the text of a request to the stream of payloads that answer it, on a websocket or as events.

use std::{future::ready, sync::Arc, task::Poll};

use super::{
    answer::{Answer, MAX_ANSWER_BYTES},
    authenticate::Client,
    denied,
    graphql::{REQUEST_TIMEOUT, no_change_by_get, too_late},
    operation::{Allowance, Operation, Sent, Unprepared},
    quota::SocketQuota,
    shared::Shared,
};
use crate::{
    access::PrincipalShare,
    error::ApiError,
    graphql::shared::{Payloads, Requirement, Shareable, join, subscribe, unshared},
    live::{
        broadcast::{Payload, Rendering},
        fingerprint::Fingerprint,
    },
};
use async_graphql::{Request, ServerError, parser::types::OperationType};
use domain::time::TimestampMs;
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
    client: &Client,
    quota: &SocketQuota,
    sent: &str,
    changes: Changes,
) -> Result<Started, ApiError> {
    let requirement = Requirement::default();
    let started = start_once(shared, client, quota, (sent, changes), &requirement)?;
    Ok(match started {
        // What everybody may do stays so, or the connection ends.
        Begun::Subscription(payloads) if client.access.holder().is_none() => Started::Running(payloads),
        Begun::Subscription(payloads) => {
            // Counted with those that it joins, which the quota of its socket is not.
            let of_principal = match client.take_subscription() {
                Ok(of_principal) => of_principal,
                Err(error) => return Ok(refused(error)),
            };
            let (shared, client, quota) = (shared.clone(), client.clone(), quota.clone());
            let (sent, looked_until_ms) = (sent.into(), TimestampMs::MIN);
            let guarded = Guarded {
                shared,
                client,
                quota,
                sent,
                requirement,
                payloads,
                looked_until_ms,
                _of_principal: of_principal,
            };
            Started::Running(stream::unfold(guarded, Guarded::next).boxed())
        }
        Begun::Once(payloads) => Started::Running(payloads),
        Begun::Refused(errors) => Started::Refused(errors),
    })
}

/// An operation as it was begun for what its client may do then.
enum Begun {
    Subscription(Payloads),
    Once(Payloads),
    Refused(Arc<str>),
}

/// A subscription that begins anew where its client sees something else of its factory than before.
struct Guarded {
    shared: Arc<Shared>,
    client: Client,
    quota: SocketQuota,
    /// As its client sent it.
    sent: Box<str>,
    requirement: Requirement,
    payloads: Payloads,
    /// Until when it is written down that its client looks at workers.
    looked_until_ms: TimestampMs,
    _of_principal: Option<PrincipalShare>,
}

impl Guarded {
    async fn next(mut self) -> Option<(Payload, Self)> {
        loop {
            tokio::select! {
                biased;
                changed = self.client.changed(&self.shared.app.clock) => {
                    // Whoever holds the connection ends it and says why.
                    changed.ok()?;
                    if !self.requirement.is_met(&self.client.access) {
                        self.begin_anew();
                    }
                }
                payload = self.payloads.next() => {
                    let payload = payload?;
                    let payload = self.note_look().await.map_or_else(|error| Payload::Refused(refusal(error)), |()| payload);
                    return Some((payload, self));
                }
            }
        }
    }

    /// Takes note each day that its client looks at workers, before they are sent anything about them.
    async fn note_look(&mut self) -> Result<(), ApiError> {
        let app = &self.shared.app;
        if let Some(subject) = self.requirement.subject()
            && self.looked_until_ms <= app.clock.now_ms()
        {
            self.looked_until_ms = app.access.note_subject(&self.client.access, subject).await?;
        }
        Ok(())
    }

    fn begin_anew(&mut self) {
        self.looked_until_ms = TimestampMs::MIN;
        self.requirement = Requirement::default();
        let sent = (&*self.sent, Changes::Refused);
        self.payloads = match start_once(&self.shared, &self.client, &self.quota, sent, &self.requirement) {
            Ok(Begun::Subscription(payloads) | Begun::Once(payloads)) => payloads,
            Ok(Begun::Refused(errors)) => stream::iter([Payload::Refused(errors)]).boxed(),
            Err(error) => stream::iter([Payload::Refused(refusal(error))]).boxed(),
        };
    }
}

fn start_once(
    shared: &Arc<Shared>,
    client: &Client,
    quota: &SocketQuota,
    (sent, changes): (&str, Changes),
    requirement: &Requirement,
) -> Result<Begun, ApiError> {
    let text = Fingerprint::of(sent);
    if let Some(payloads) = join(&shared.app.live, &client.access, text, requirement) {
        return Ok(Begun::Subscription(payloads));
    }
    let sent = Sent::read(sent.as_bytes(), "the payload")?;
    match shared.prepare(sent, client, &mut Allowance::default()) {
        Ok(operation) if changes == Changes::Refused && operation.kind == OperationType::Mutation => {
            Ok(Begun::Refused(refusal(no_change_by_get())))
        }
        Ok(operation) => {
            let kind = operation.kind;
            let begun = run(shared, (client, quota), (text, requirement), operation);
            Ok(begun.map_or_else(
                |error| Begun::Refused(refusal(error)),
                |payloads| match kind {
                    OperationType::Subscription => Begun::Subscription(payloads),
                    _ => Begun::Once(payloads),
                },
            ))
        }
        Err(Unprepared::Refused(error)) => Ok(Begun::Refused(refusal(error))),
        Err(Unprepared::Malformed(error)) => Err(error),
    }
}

fn run(
    shared: &Arc<Shared>,
    (client, quota): (&Client, &SocketQuota),
    (text, requirement): (Fingerprint, &Requirement),
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
    let Operation { kind, caller, mut request, held_bytes, .. } = operation;
    let (schema, app) = (shared.schema.clone(), shared.app.clone());
    let execute = move |request: Request| -> BoxStream<'static, Rendering> {
        let answers = schema.execute_stream(request).map(Answer::from);
        answers
            .scan((), move |(), answer| {
                denied::note(&app, &caller, &answer.errors);
                ready(rendering(&answer))
            })
            .boxed()
    };
    // Counts from before it is started until its stream ends; who joins what runs lets go of it at once.
    let started = quota.start(held_bytes)?;
    let execute = move |request| execute(request).chain(holding(started)).boxed();
    Ok(match Shareable::new(&mut request, text) {
        Some(shareable) => {
            let shareable = (client.access.clone(), shareable, requirement.clone());
            subscribe(&shared.app, shareable, text, request, execute)
        }
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
