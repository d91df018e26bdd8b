//! Subscriptions that run once for all clients that sent the same operation and see the same of its factory.
//!
//! A client first gets the scope of the operation's factory and then joins those with the same scope and text, so that it
//! is never sent what was computed for another view.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ID, InputType as _, Name, Request,
    parser::types::{Field, OperationType, Selection},
};
use domain::id::FactoryId;
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};

use super::deliveries::ResolvedScope;
use crate::{
    app::App,
    error::ApiError,
    live::broadcast::{Broadcasts, Payload, Rendering, Source, Subscriber},
    report::{self, FactoryScope, ScopeKey},
};

/// What an operation's client is sent, one payload after another.
pub(crate) type Payloads = BoxStream<'static, Payload>;

/// A subscription that clients can share.
pub(crate) struct Shareable {
    kind: Kind,
    factory_slug: String,
}

/// What a subscription follows.
enum Kind {
    Metrics,
    Events,
}

impl Shareable {
    /// A request as a subscription that can be shared: one that has a single root field, with a factory and without a
    /// directive that might leave it out.
    pub(crate) fn new(request: &mut Request) -> Option<Self> {
        let name = request.operation_name.clone();
        let variables = std::mem::take(&mut request.variables);
        let shareable = shared_field(request, name.as_deref()).and_then(|field| {
            let kind = match field.name.node.as_str() {
                "factoryMetrics" | "workerMetrics" | "workstationMetrics" => Kind::Metrics,
                "eventsIngested" => Kind::Events,
                _ => return None,
            };
            let factory = field.get_argument("factoryId")?.node.clone();
            let factory = factory.into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()?;
            Some(Self { kind, factory_slug: ID::parse(Some(factory)).ok()?.0 })
        });
        request.variables = variables;
        shareable
    }
}

fn shared_field<'a>(request: &'a mut Request, operation_name: Option<&str>) -> Option<&'a Field> {
    let document = request.parsed_query().ok()?;
    let is_selected =
        |name: Option<&Name>| operation_name.is_none() || operation_name == name.map(Name::as_str);
    let (_, operation) = document.operations.iter().find(|(name, _)| is_selected(*name))?;
    let operation = &operation.node;
    let [selection] = &operation.selection_set.node.items[..] else { return None };
    let Selection::Field(field) = &selection.node else { return None };
    let may_be_left_out = !operation.directives.is_empty() || !field.node.directives.is_empty();
    (operation.ty == OperationType::Subscription && !may_be_left_out).then_some(&field.node)
}

/// Joins subscriptions that run already, and starts the others.
pub(crate) struct SharedSubscriptions {
    app: Arc<App>,
    /// The factories that subscriptions named so far. A slug names the same factory for ever.
    factory_ids: Mutex<HashMap<String, FactoryId>>,
}

impl SharedSubscriptions {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, factory_ids: Mutex::default() }
    }

    /// The payloads of a subscription. `text` is what its client sent; `execute` runs a request and renders its answers.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        shareable: Shareable,
        text: &str,
        request: Request,
        execute: impl FnOnce(Request) -> BoxStream<'static, Rendering> + Send + 'static,
    ) -> Payloads {
        let live = &self.app.live;
        let slug = shareable.factory_slug;
        match shareable.kind {
            Kind::Metrics => self.join_or_start(live.metrics(), slug, text, request, execute),
            Kind::Events => self.join_or_start(live.feeds(), slug, text, request, execute),
        }
    }

    fn join_or_start<S: Source>(
        self: &Arc<Self>,
        broadcasts: &Arc<Broadcasts<S>>,
        slug: String,
        text: &str,
        request: Request,
        execute: impl FnOnce(Request) -> BoxStream<'static, Rendering> + Send + 'static,
    ) -> Payloads {
        // Only the first subscriber reads: there may be ten thousand others, and the database may not answer.
        if let Some(subscriber) = self.known_key(&slug).and_then(|key| broadcasts.join(key, text)) {
            return payloads(subscriber);
        }
        let (this, broadcasts, text) = (self.clone(), broadcasts.clone(), text.to_owned());
        let starting = async move { start(&broadcasts, this.scope(&slug).await, &text, request, execute) };
        // In a box of its own, so that its memory is freed once it has started.
        starting.boxed().flatten_stream().boxed()
    }

    fn known_key(&self, slug: &str) -> Option<ScopeKey> {
        let factory_ids = self.factory_ids.lock().unwrap_or_else(PoisonError::into_inner);
        factory_ids.get(slug).copied().map(ScopeKey::of_factory)
    }

    async fn scope(&self, slug: &str) -> Result<FactoryScope, ApiError> {
        let scope = report::factory(&self.app.store.snapshot().await?, slug).await?;
        let mut factory_ids = self.factory_ids.lock().unwrap_or_else(PoisonError::into_inner);
        factory_ids.insert(slug.to_owned(), scope.factory().id);
        Ok(scope)
    }
}

fn start<S: Source>(
    broadcasts: &Arc<Broadcasts<S>>,
    scope: Result<FactoryScope, ApiError>,
    text: &str,
    request: Request,
    execute: impl FnOnce(Request) -> BoxStream<'static, Rendering>,
) -> Payloads {
    let key = scope.as_ref().map(FactoryScope::key).ok();
    let request = request.data(ResolvedScope(scope));
    match key {
        Some(key) => payloads(broadcasts.get_or_start(key, text, |relay| execute(request.data(relay)))),
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
