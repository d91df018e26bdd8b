//! Subscriptions that run once for all clients that sent the same operation and see the same of its factory.
//!
//! A client first gets the scope of the operation's factory and then joins those with the same scope and text, so that
//! nobody is sent what was computed for somebody with another view.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ID, InputType as _, Name, Request,
    parser::types::{Field, OperationType, Selection},
};
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

/// Executes a request and renders its answers.
pub(crate) trait Execute: FnOnce(Request) -> BoxStream<'static, Rendering> + Send + 'static {}

impl<F: FnOnce(Request) -> BoxStream<'static, Rendering> + Send + 'static> Execute for F {}

/// A subscription that clients can share.
pub(crate) struct Shareable {
    broadcasts: Kind,
    factory_slug: String,
}

/// Which broadcasts a subscription belongs to.
#[derive(Clone, Copy)]
enum Kind {
    Metrics,
    Feeds,
}

impl Shareable {
    /// A request as a subscription that can be shared: one that has a single root field, with a factory and without a
    /// directive that might leave it out.
    pub(crate) fn new(request: &mut Request) -> Option<Self> {
        let name = request.operation_name.clone();
        let variables = std::mem::take(&mut request.variables);
        let shareable = shared_field(request, name.as_deref()).and_then(|field| {
            let broadcasts = match field.name.node.as_str() {
                "factoryMetrics" | "workerMetrics" | "workstationMetrics" => Kind::Metrics,
                "eventsIngested" => Kind::Feeds,
                _ => return None,
            };
            let factory = field.get_argument("factoryId")?.node.clone();
            let factory = factory.into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()?;
            Some(Self { broadcasts, factory_slug: ID::parse(Some(factory)).ok()?.0 })
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
    factory_ids: Mutex<HashMap<String, i32>>,
}

impl SharedSubscriptions {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, factory_ids: Mutex::default() }
    }

    /// The payloads of a subscription; `text` is what its client sent.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        Shareable { broadcasts, factory_slug }: Shareable,
        text: &str,
        request: Request,
        execute: impl Execute,
    ) -> Payloads {
        // Without a read for all but the first: they may be ten thousand, and the database may be away.
        if let Some(payloads) = self.known_key(&factory_slug).and_then(|key| self.join(broadcasts, key, text))
        {
            return payloads;
        }
        let (this, text) = (self.clone(), text.to_owned());
        let starting = async move {
            let scope = this.read_scope(&factory_slug).await;
            this.start(broadcasts, scope, &text, request, execute)
        };
        // Boxed, so that what it took is given back once it has started.
        starting.boxed().flatten_stream().boxed()
    }

    fn known_key(&self, slug: &str) -> Option<ScopeKey> {
        let factory_ids = self.factory_ids.lock().unwrap_or_else(PoisonError::into_inner);
        factory_ids.get(slug).copied().map(ScopeKey::of_factory)
    }

    fn join(&self, broadcasts: Kind, key: ScopeKey, text: &str) -> Option<Payloads> {
        match broadcasts {
            Kind::Metrics => self.app.live.metrics().join(key, text).map(payloads),
            Kind::Feeds => self.app.live.feeds().join(key, text).map(payloads),
        }
    }

    async fn read_scope(&self, slug: &str) -> Result<FactoryScope, ApiError> {
        let snapshot = self.app.store.snapshot().await?;
        let scope = report::factory(&snapshot, slug).await?;
        let mut factory_ids = self.factory_ids.lock().unwrap_or_else(PoisonError::into_inner);
        factory_ids.insert(slug.to_owned(), scope.factory().id);
        Ok(scope)
    }

    fn start(
        &self,
        broadcasts: Kind,
        scope: Result<FactoryScope, ApiError>,
        text: &str,
        request: Request,
        execute: impl Execute,
    ) -> Payloads {
        let key = scope.as_ref().map(FactoryScope::key);
        let request = request.data(ResolvedScope(scope.clone()));
        match (key, broadcasts) {
            (Ok(key), Kind::Metrics) => get_or_start(self.app.live.metrics(), key, text, request, execute),
            (Ok(key), Kind::Feeds) => get_or_start(self.app.live.feeds(), key, text, request, execute),
            // Its resolver says why.
            (Err(_), _) => execute_alone(OperationType::Subscription, request, execute),
        }
    }
}

fn get_or_start<S: Source>(
    broadcasts: &Arc<Broadcasts<S>>,
    key: ScopeKey,
    text: &str,
    request: Request,
    execute: impl Execute,
) -> Payloads {
    payloads(broadcasts.get_or_start(key, text, |relay| execute(request.data(relay))))
}

fn payloads<S: Source>(subscriber: Subscriber<S>) -> Payloads {
    let next = |mut subscriber: Subscriber<S>| async move {
        let payload = subscriber.next().await?;
        Some((payload, subscriber))
    };
    stream::unfold(subscriber, next).boxed()
}

/// The payloads of an operation that runs for one client.
pub(crate) fn execute_alone(kind: OperationType, request: Request, execute: impl Execute) -> Payloads {
    let payload = move |(index, rendering): (usize, Rendering)| {
        rendering.payload(kind == OperationType::Subscription && index == 0)
    };
    execute(request).enumerate().map(payload).boxed()
}

#[cfg(test)]
mod tests;
