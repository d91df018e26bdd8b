//! Subscriptions that run once for all clients that sent the same operation and see the same of its factory.
//!
//! A client only joins others whose operation and whose scope of the factory are the same, so that it is never sent what was
//! computed for another view.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    ID, InputType as _, Name, Request, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection},
};
use domain::id::FactoryId;
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};

use super::{deliveries::ResolvedScope, meaning};
use crate::{
    app::App,
    error::ApiError,
    live::{
        Live,
        broadcast::{Broadcasts, Payload, Rendering, Source, Subscriber},
        fingerprint::Fingerprint,
    },
    report,
    store::{
        Store,
        access::{Access, Permission, Scope, ScopeKey, SeeFigures, SeePeople},
        personal_access::{AccessQuestion, Subject},
    },
};

/// What an operation's client is sent, one payload after another.
pub(crate) type Payloads = BoxStream<'static, Payload>;

/// What a shared subscription may go on for, once it is known: as long as its client's scope of its factory stays the same.
#[derive(Clone, Default)]
pub(crate) struct Requirement(Arc<OnceLock<Met>>);

/// What has to stay as it is.
struct Met {
    key_of: PermissionKey,
    key: ScopeKey,
    /// What the subscription asks about workers.
    subject: Option<Arc<Subject>>,
}

/// Finds the key of a caller's scope of a factory, for the questions of one kind.
type PermissionKey = fn(&Access, FactoryId) -> Option<ScopeKey>;

impl Requirement {
    fn set<P: Permission>(&self, key: ScopeKey, subject: Option<Arc<Subject>>) {
        // Nothing is shared twice.
        drop(self.0.set(Met { key_of: Access::key_of::<P>, key, subject }));
    }

    /// What the subscription asks about workers.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.0.get()?.subject.as_deref()
    }

    /// Whether a caller sees the same as when the subscription began; not known of one that nobody shares.
    pub(crate) fn is_met(&self, access: &Access) -> bool {
        self.0.get().is_some_and(|met| (met.key_of)(access, met.key.factory_id()).as_ref() == Some(&met.key))
    }
}

/// A subscription that clients can share.
pub(crate) struct Shareable {
    kind: Kind,
    factory_slug: String,
    operation: Fingerprint,
    /// What it asks about workers.
    subject: Option<Arc<Subject>>,
}

/// What a subscription follows.
enum Kind {
    Metrics,
    Events,
    Decisions,
}

impl Shareable {
    /// A request as a subscription that can be shared: one that has a single root field, with a factory and without a
    /// directive that might leave it out.
    ///
    /// `text` is of what was sent for it: documents with several operations are told apart by that alone.
    pub(crate) fn new(request: &mut Request, text: Fingerprint) -> Option<Self> {
        let name = request.operation_name.clone();
        let variables = std::mem::take(&mut request.variables);
        let shareable = shared_field(request, name.as_deref()).and_then(|(field, operation, document)| {
            let kind = match field.name.node.as_str() {
                "factoryMetrics" | "workerMetrics" | "workstationMetrics" => Kind::Metrics,
                "eventsIngested" => Kind::Events,
                "decisions" => Kind::Decisions,
                _ => return None,
            };
            let factory = field.get_argument("factoryId")?.node.clone();
            let factory = factory.into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()?;
            let operation = match document.operations.iter().len() {
                1 => meaning::fingerprint(operation, &document.fragments, &variables),
                _ => text,
            };
            let factory_slug = ID::parse(Some(factory)).ok()?.0;
            let subject = subject(field, &factory_slug, &variables).map(Arc::new);
            Some(Self { kind, factory_slug, operation, subject })
        });
        request.variables = variables;
        shareable
    }
}

/// What a subscription asks about workers.
fn subject(field: &Field, factory_slug: &str, variables: &Variables) -> Option<Subject> {
    let question = match field.name.node.as_str() {
        "workerMetrics" => AccessQuestion::Figures,
        "eventsIngested" => AccessQuestion::Events,
        "decisions" => AccessQuestion::Decisions,
        _ => return None,
    };
    let argument = |name: &str| {
        let sent = field.get_argument(name)?.node.clone();
        sent.into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()
    };
    let workers = Option::<Vec<ID>>::parse(argument("workerIds")).ok().flatten();
    let workers = workers.map(|ids| ids.into_iter().map(|id| id.0).collect());
    let area = Option::<String>::parse(argument("area")).ok().flatten();
    Some(Subject { question, factory_slug: factory_slug.to_owned(), workers, area })
}

fn shared_field<'a>(
    request: &'a mut Request,
    operation_name: Option<&str>,
) -> Option<(&'a Field, &'a OperationDefinition, &'a ExecutableDocument)> {
    let document = request.parsed_query().ok()?;
    let is_selected =
        |name: Option<&Name>| operation_name.is_none() || operation_name == name.map(Name::as_str);
    let (_, operation) = document.operations.iter().find(|(name, _)| is_selected(*name))?;
    let operation = &operation.node;
    let [selection] = &operation.selection_set.node.items[..] else { return None };
    let Selection::Field(field) = &selection.node else { return None };
    let may_be_left_out = !operation.directives.is_empty() || !field.node.directives.is_empty();
    let is_shared = operation.ty == OperationType::Subscription && !may_be_left_out;
    is_shared.then_some((&field.node, operation, document))
}

/// Joins a subscription that already runs, given a text that a client sent for it. It needs no read: there may be ten
/// thousand of them, and the database may not answer.
pub(crate) fn join(
    live: &Live,
    access: &Access,
    text: Fingerprint,
    requirement: &Requirement,
) -> Option<Payloads> {
    let metrics = joined::<_, SeeFigures>(live.metrics(), access, text, requirement);
    let events = || joined::<_, SeePeople>(live.feeds(), access, text, requirement);
    let decisions = || joined::<_, SeePeople>(live.decision_feeds(), access, text, requirement);
    metrics.or_else(events).or_else(decisions)
}

fn joined<S: Source, P: Permission>(
    broadcasts: &Broadcasts<S>,
    access: &Access,
    text: Fingerprint,
    requirement: &Requirement,
) -> Option<Payloads> {
    let (key, subject, subscriber) = broadcasts.join(text, |factory_id| access.key_of::<P>(factory_id))?;
    requirement.set::<P>(key, subject);
    Some(payloads(subscriber))
}

/// Starts a subscription, or joins it where it was started meanwhile. `execute` runs a request and renders its answers.
pub(crate) fn subscribe(
    app: &Arc<App>,
    (access, shareable, requirement): (Access, Shareable, Requirement),
    text: Fingerprint,
    request: Request,
    execute: impl FnOnce(Request) -> BoxStream<'static, Rendering> + Send + 'static,
) -> Payloads {
    let (app, operation) = (app.clone(), (shareable.operation, text, shareable.subject));
    let starting = async move {
        let (store, live, slug) = (&app.store, &app.live, shareable.factory_slug.as_str());
        match shareable.kind {
            Kind::Metrics => {
                let scope = scope::<SeeFigures>(store, &access, slug).await;
                start(live.metrics(), (scope, requirement), operation, request, execute)
            }
            Kind::Events => {
                let scope = scope::<SeePeople>(store, &access, slug).await;
                start(live.feeds(), (scope, requirement), operation, request, execute)
            }
            Kind::Decisions => {
                let scope = scope::<SeePeople>(store, &access, slug).await;
                start(live.decision_feeds(), (scope, requirement), operation, request, execute)
            }
        }
    };
    // In a box of its own, so that its memory is freed once it has started.
    starting.boxed().flatten_stream().boxed()
}

async fn scope<P: Permission>(store: &Store, access: &Access, slug: &str) -> Result<Scope<P>, ApiError> {
    Ok(report::factory(access, &store.snapshot_for_live().await?, slug).await?)
}

fn start<S: Source, P: Permission>(
    broadcasts: &Arc<Broadcasts<S>>,
    (scope, requirement): (Result<Scope<P>, ApiError>, Requirement),
    operation: (Fingerprint, Fingerprint, Option<Arc<Subject>>),
    request: Request,
    execute: impl FnOnce(Request) -> BoxStream<'static, Rendering>,
) -> Payloads {
    let key = scope.as_ref().map(Scope::key).ok();
    let request = request.data(ResolvedScope(scope));
    match key {
        Some(key) => {
            requirement.set::<P>(key.clone(), operation.2.clone());
            payloads(broadcasts.get_or_start(key, operation, |relay| execute(request.data(relay))))
        }
        // Its resolver says why there is no scope.
        None => unshared(OperationType::Subscription, execute(request)),
    }
}

fn payloads<S: Source>(subscriber: Subscriber<S>) -> Payloads {
    let next = |mut subscriber: Subscriber<S>| async move {
        let payload = subscriber.next().await?;
        Some((payload, subscriber))
    };
    stream::unfold(subscriber, next).boxed()
}

/// The payloads of an operation that runs for one client.
pub(crate) fn unshared(kind: OperationType, renderings: BoxStream<'static, Rendering>) -> Payloads {
    let payload = move |(index, rendering): (usize, Rendering)| {
        rendering.payload(kind == OperationType::Subscription && index == 0)
    };
    renderings.enumerate().map(payload).boxed()
}

#[cfg(test)]
mod tests;
