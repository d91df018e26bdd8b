//! One rendering for all subscribers that sent the same operation: a task that takes a source's states, has each rendered
//! once and wakes its subscribers in groups.
//!
//! - A subscriber keeps the number of the update it was last sent. All take their bytes from the latest one: what changed
//!   if they have the update before, otherwise more, which is rendered when the first of them needs it.
//! - Between two groups all other tasks get their turn, so that ten thousand subscribers delay no request.
//! - Nothing waits for a subscriber. A slow one finds a later update when it reads again.

mod subscriber;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::id::FactoryId;
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::sync::{OnceCell, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

pub use self::subscriber::Subscriber;
use super::{fingerprint::Fingerprint, relay::Relay};
use crate::store::{access::ScopeKey, personal_access::Subject};

/// How many subscribers are woken at once. To write to one takes about 10 µs, so that other tasks wait for less than a
/// millisecond, and yielding costs little beside it.
const WAKE_GROUP_SIZE: usize = 64;

/// What a broadcast follows.
pub trait Source: Send + 'static {
    /// All that a subscriber may need at one time.
    type State: Send + Sync + 'static;
    /// What the operation renders into one answer.
    type Delivery: Send + 'static;

    /// Waits for the next state, or for the last delivery. Calling it again means that the one before has been passed on.
    fn next(&mut self) -> impl Future<Output = Option<Result<Self::State, Self::Delivery>>> + Send;

    /// How far a subscriber has come that was sent this state.
    fn position(state: &Self::State) -> u64;

    /// The position that the delivery to a subscriber builds on, given how far it has come; none for the whole.
    fn base(state: &Self::State, sent: Option<u64>) -> Option<u64>;

    /// What is delivered to subscribers that have this base.
    fn delivery(state: &Self::State, base: Option<u64>) -> Self::Delivery;
}

/// What an operation's execution makes of one delivery.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The whole answer as JSON.
    pub answer: Arc<str>,
    /// The errors alone as JSON, if there is no data.
    pub errors: Option<Arc<str>>,
    /// Whether nothing of the operation ran.
    pub is_refused: bool,
}

/// What a subscriber's client is to be sent.
#[derive(Clone, Debug)]
pub enum Payload {
    /// An answer.
    Next(Arc<str>),
    /// Errors; nothing follows.
    Refused(Arc<str>),
}

impl Rendering {
    /// As sent to a subscriber, as its first payload or not. An operation whose first answer has no data never began.
    pub fn payload(&self, is_first: bool) -> Payload {
        match &self.errors {
            Some(errors) if is_first || self.is_refused => Payload::Refused(errors.clone()),
            _ => Payload::Next(self.answer.clone()),
        }
    }
}

/// The operations that have subscribers, by what they mean and by what their clients may see.
pub struct Broadcasts<S: Source> {
    running: Mutex<Running<S>>,
    renderings: AtomicU64,
}

struct Running<S: Source> {
    by_operation: HashMap<Fingerprint, HashMap<ScopeKey, Entry<S>>>,
    /// What the texts mean that clients sent for them.
    meanings: HashMap<Fingerprint, Meaning>,
}

/// What a text means.
#[derive(Clone)]
struct Meaning {
    operation: Fingerprint,
    /// What it asks about workers.
    subject: Option<Arc<Subject>>,
}

/// The most texts whose meaning is kept; then they are forgotten, and each is read anew when it is sent again.
const MAX_MEANINGS: usize = 8_000;

struct Entry<S: Source> {
    broadcast: Arc<Broadcast<S>>,
    subscribers: usize,
}

impl<S: Source> Default for Broadcasts<S> {
    fn default() -> Self {
        let running = Running { by_operation: HashMap::new(), meanings: HashMap::new() };
        Self { running: Mutex::new(running), renderings: AtomicU64::default() }
    }
}

impl<S: Source> Broadcasts<S> {
    /// Subscribes to an operation that already runs in the caller's scope, given a text that was sent for it; `scope` is
    /// what the caller may see of a factory.
    pub fn join(
        &self,
        text: Fingerprint,
        scope: impl Fn(FactoryId) -> Option<ScopeKey>,
    ) -> Option<(ScopeKey, Option<Arc<Subject>>, Subscriber<S>)> {
        let running = &mut *self.lock();
        let meaning = running.meanings.get(&text)?;
        let by_scope = running.by_operation.get_mut(&meaning.operation)?;
        // The same operation names the same factory, whoever sends it.
        let factory_id = by_scope.keys().next()?.factory_id();
        let key = scope(factory_id)?;
        let subscriber = by_scope.get_mut(&key)?.subscribe();
        Some((key, meaning.subject.clone(), subscriber))
    }

    /// Subscribes to an operation, given its meaning, the text that was sent for it and what it asks about workers, and starts it
    /// unless it already runs in this scope. Its resolver must give its source to the relay, and its stream must render what the
    /// relay delivers, one answer each.
    pub fn get_or_start(
        self: &Arc<Self>,
        scope: ScopeKey,
        (operation, text, subject): (Fingerprint, Fingerprint, Option<Arc<Subject>>),
        run: impl FnOnce(Relay<S>) -> BoxStream<'static, Rendering>,
    ) -> Subscriber<S> {
        let running = &mut *self.lock();
        if running.meanings.len() >= MAX_MEANINGS {
            running.meanings.clear();
        }
        running.meanings.insert(text, Meaning { operation, subject });
        let by_scope = running.by_operation.entry(operation).or_default();
        if let Some(entry) = by_scope.get_mut(&scope) {
            return entry.subscribe();
        }
        let (relay, source, deliveries) = Relay::new();
        let renderer = Renderer { deliveries, renderings: run(relay), is_rendering: false };
        let broadcast = Arc::new(Broadcast {
            operation,
            scope: scope.clone(),
            latest: Mutex::default(),
            renderer: tokio::sync::Mutex::new(renderer),
            wake_groups: Mutex::default(),
            ended: CancellationToken::new(),
            broadcasts: self.clone(),
        });
        let mut entry = Entry { broadcast: broadcast.clone(), subscribers: 0 };
        let subscriber = entry.subscribe();
        by_scope.insert(scope, entry);
        tokio::spawn(broadcast.run(source));
        subscriber
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().by_operation.values().map(HashMap::len).sum()
    }

    /// How many times a delivery was rendered since the start.
    pub(super) fn rendering_count(&self) -> u64 {
        self.renderings.load(Ordering::Relaxed)
    }

    /// Removes a subscriber, and the broadcast with its last one.
    fn unsubscribe(&self, broadcast: &Arc<Broadcast<S>>) {
        self.remove_if(broadcast, |entry| {
            entry.subscribers -= 1;
            entry.subscribers == 0
        });
    }

    fn remove_if(&self, broadcast: &Arc<Broadcast<S>>, is_over: impl FnOnce(&mut Entry<S>) -> bool) {
        let by_operation = &mut self.lock().by_operation;
        let Some(by_scope) = by_operation.get_mut(&broadcast.operation) else { return };
        if let Some(entry) = by_scope.get_mut(&broadcast.scope)
            && Arc::ptr_eq(&entry.broadcast, broadcast)
            && is_over(entry)
        {
            by_scope.remove(&broadcast.scope);
            broadcast.ended.cancel();
        }
        if by_scope.is_empty() {
            by_operation.remove(&broadcast.operation);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running<S>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Source> Entry<S> {
    fn subscribe(&mut self) -> Subscriber<S> {
        self.subscribers += 1;
        let wake_ups = self.broadcast.join_wake_group();
        Subscriber::new(self.broadcast.clone(), wake_ups)
    }
}

/// One operation that runs once for all subscribers that sent it.
struct Broadcast<S: Source> {
    operation: Fingerprint,
    scope: ScopeKey,
    latest: Mutex<Option<Arc<Update<S>>>>,
    renderer: tokio::sync::Mutex<Renderer<S>>,
    /// At most [`WAKE_GROUP_SIZE`] subscribers each.
    wake_groups: Mutex<Vec<watch::Sender<()>>>,
    /// Cancelled when it has no subscriber any more.
    ended: CancellationToken,
    broadcasts: Arc<Broadcasts<S>>,
}

/// What there is to send at one time.
struct Update<S: Source> {
    /// Counts the updates.
    number: u64,
    content: Content<S>,
}

enum Content<S: Source> {
    /// Rendered once for each base that a subscriber has.
    State { state: S::State, renderings: Mutex<HashMap<Option<u64>, Arc<OnceCell<Rendering>>>> },
    /// Nothing follows.
    Last(Rendering),
}

impl<S: Source> Broadcast<S> {
    async fn run(self: Arc<Self>, source: oneshot::Receiver<S>) {
        let end_guard = EndGuard(&self);
        tokio::select! {
            () = self.ended.cancelled() => {}
            () = self.publish(source) => {}
        }
        drop(end_guard);
    }

    async fn publish(&self, source: oneshot::Receiver<S>) {
        let mut source = {
            let mut renderer = self.renderer.lock().await;
            tokio::select! {
                biased;
                // Polling the operation's answers runs its resolver, which gives the source.
                refusal = renderer.renderings.next() => return self.end(refusal),
                Ok(source) = source => source,
            }
        };
        let mut position = None;
        while let Some(state) = source.next().await {
            match state {
                Ok(state) => {
                    let base = position.replace(S::position(&state));
                    let update = self.set_latest(Content::State { state, renderings: Mutex::default() });
                    // What most subscribers need is rendered before they are woken.
                    update.rendering(self, base).await;
                    self.wake_all().await;
                }
                Err(last) => return self.end(self.render(last).await),
            }
        }
    }

    fn end(&self, last: Option<Rendering>) {
        if let Some(rendering) = last {
            self.set_latest(Content::Last(rendering));
        }
    }

    fn set_latest(&self, content: Content<S>) -> Arc<Update<S>> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = latest.as_ref().map_or(0, |update| update.number + 1);
        latest.insert(Arc::new(Update { number, content })).clone()
    }

    fn latest(&self) -> Option<Arc<Update<S>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn render(&self, delivery: S::Delivery) -> Option<Rendering> {
        let mut renderer = self.renderer.lock().await;
        self.broadcasts.renderings.fetch_add(1, Ordering::Relaxed);
        renderer.render(delivery).await
    }

    /// Wakes all subscribers, one group after another.
    async fn wake_all(&self) {
        self.wake_groups().retain(|group| group.receiver_count() > 0);
        let mut index = 0;
        while self.wake_groups().get(index).map(|group| group.send_replace(())).is_some() {
            index += 1;
            // The woken group and all other ready tasks run before the next group is woken.
            tokio::task::yield_now().await;
        }
    }

    fn join_wake_group(&self) -> watch::Receiver<()> {
        let mut groups = self.wake_groups();
        if let Some(group) = groups.iter().rev().find(|group| group.receiver_count() < WAKE_GROUP_SIZE) {
            return group.subscribe();
        }
        let (group, receiver) = watch::channel(());
        groups.push(group);
        receiver
    }

    fn wake_groups(&self) -> MutexGuard<'_, Vec<watch::Sender<()>>> {
        self.wake_groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the task ends, no subscriber goes on waiting for it.
struct EndGuard<'a, S: Source>(&'a Arc<Broadcast<S>>);

impl<S: Source> Drop for EndGuard<'_, S> {
    fn drop(&mut self) {
        // The next subscriber starts a new one.
        self.0.broadcasts.remove_if(self.0, |_| true);
        self.0.wake_groups().clear();
    }
}

impl<S: Source> Update<S> {
    /// What a subscriber needs that has come so far; none if the operation gives no answer any more.
    async fn rendering(&self, broadcast: &Broadcast<S>, sent: Option<u64>) -> Option<Rendering> {
        let (state, renderings) = match &self.content {
            Content::State { state, renderings } => (state, renderings),
            Content::Last(rendering) => return Some(rendering.clone()),
        };
        let base = S::base(state, sent);
        let rendering =
            renderings.lock().unwrap_or_else(PoisonError::into_inner).entry(base).or_default().clone();
        let render = || async { broadcast.render(S::delivery(state, base)).await.ok_or(()) };
        rendering.get_or_try_init(render).await.ok().cloned()
    }

    /// How far a subscriber has come that was sent this; none if nothing follows.
    fn position(&self) -> Option<u64> {
        match &self.content {
            Content::State { state, .. } => Some(S::position(state)),
            Content::Last(_) => None,
        }
    }
}

/// The operation as it runs, which turns each delivery into one answer.
struct Renderer<S: Source> {
    deliveries: mpsc::Sender<S::Delivery>,
    renderings: BoxStream<'static, Rendering>,
    /// Whether a delivery was put in whose rendering was not taken out.
    is_rendering: bool,
}

impl<S: Source> Renderer<S> {
    async fn render(&mut self, delivery: S::Delivery) -> Option<Rendering> {
        if self.is_rendering {
            // The caller that put it in was dropped meanwhile.
            self.renderings.next().await?;
            self.is_rendering = false;
        }
        self.deliveries.send(delivery).await.ok()?;
        self.is_rendering = true;
        let rendering = self.renderings.next().await;
        self.is_rendering = false;
        rendering
    }
}
