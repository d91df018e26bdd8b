//! One rendering for all who sent the same operation: a task that takes the cohort's deliveries, has each rendered once
//! and wakes its subscribers in waves.
//!
//! - A subscriber holds the number of the issue it was last sent. All take their bytes from the latest issue: the change
//!   if they have the issue before, otherwise the whole, which is rendered when the first of them needs it.
//! - Between two waves everything else gets its turn, so that ten thousand subscribers hold up nobody's request.
//! - Nobody waits for a subscriber. One that is slow finds a later issue when it comes back.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::sync::{OnceCell, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{
    delivery::{Delivered, Follower, Part},
    relay::Relay,
};
use crate::report::Report;

/// How many subscribers are woken at once. To write to one takes about 10 µs, so that others wait for less than a
/// millisecond, and yielding costs little beside it.
const WAVE: usize = 64;

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
    /// As sent to somebody, be it the first thing or not. An operation whose first answer is without data never began.
    pub fn payload(&self, is_first: bool) -> Payload {
        match &self.errors {
            Some(errors) if is_first || self.is_refused => Payload::Refused(errors.clone()),
            _ => Payload::Next(self.answer.clone()),
        }
    }
}

/// The operations that have subscribers, by what their clients sent.
#[derive(Default)]
pub(super) struct Broadcasts {
    by_operation: Mutex<HashMap<Arc<str>, Entry>>,
    renderings: AtomicU64,
}

struct Entry {
    broadcast: Arc<Broadcast>,
    subscribers: usize,
}

impl Broadcasts {
    /// Subscribes to an operation that others have sent already.
    pub(super) fn join(self: &Arc<Self>, operation: &str) -> Option<Subscriber> {
        self.lock().get_mut(operation).map(Entry::subscribe)
    }

    /// Subscribes to an operation and runs it, unless others have sent it meanwhile.
    pub(super) fn found(
        self: &Arc<Self>,
        operation: &str,
        run: impl FnOnce(Relay) -> BoxStream<'static, Rendering>,
    ) -> Subscriber {
        let mut by_operation = self.lock();
        if let Some(entry) = by_operation.get_mut(operation) {
            return entry.subscribe();
        }
        let operation: Arc<str> = operation.into();
        let (relay, follower, deliveries) = Relay::new();
        let renderer = Renderer { deliveries, renderings: run(relay), is_rendering: false };
        let broadcast = Arc::new(Broadcast {
            operation: operation.clone(),
            latest: Mutex::default(),
            renderer: tokio::sync::Mutex::new(renderer),
            waves: Mutex::default(),
            deserted: CancellationToken::new(),
            broadcasts: self.clone(),
        });
        let mut entry = Entry { broadcast: broadcast.clone(), subscribers: 0 };
        let subscriber = entry.subscribe();
        by_operation.insert(operation, entry);
        tokio::spawn(broadcast.run(follower));
        subscriber
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many times a delivery was rendered since the start.
    pub(super) fn rendering_count(&self) -> u64 {
        self.renderings.load(Ordering::Relaxed)
    }

    /// Takes note that a subscriber left.
    fn leave(&self, broadcast: &Arc<Broadcast>) {
        let mut by_operation = self.lock();
        if let Some(entry) = by_operation.get_mut(&broadcast.operation)
            && Arc::ptr_eq(&entry.broadcast, broadcast)
        {
            entry.subscribers -= 1;
            if entry.subscribers == 0 {
                by_operation.remove(&broadcast.operation);
                broadcast.deserted.cancel();
            }
        }
    }

    /// Lets whoever sends the operation next begin anew.
    fn forget(&self, broadcast: &Arc<Broadcast>) {
        let mut by_operation = self.lock();
        if by_operation
            .get(&broadcast.operation)
            .is_some_and(|entry| Arc::ptr_eq(&entry.broadcast, broadcast))
        {
            by_operation.remove(&broadcast.operation);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        self.by_operation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn subscribe(&mut self) -> Subscriber {
        self.subscribers += 1;
        let wave = self.broadcast.join_wave();
        Subscriber { broadcast: self.broadcast.clone(), wave, sent: None, has_ended: false }
    }
}

/// One operation that is run once for all who sent it.
struct Broadcast {
    operation: Arc<str>,
    latest: Mutex<Option<Arc<Issue>>>,
    renderer: tokio::sync::Mutex<Renderer>,
    /// At most [`WAVE`] subscribers each.
    waves: Mutex<Vec<watch::Sender<()>>>,
    /// Cancelled when the last subscriber has left.
    deserted: CancellationToken,
    broadcasts: Arc<Broadcasts>,
}

/// What there is to send at one time.
struct Issue {
    /// Counts the issues.
    number: u64,
    /// What it is rendered from; none if it is the last one, rendered already.
    delivered: Option<(Arc<Report>, Part)>,
    /// What those need who were sent the issue before, once it is rendered.
    change: OnceCell<Rendering>,
    /// What all others need, once one of them needed it.
    whole: OnceCell<Rendering>,
}

impl Broadcast {
    async fn run(self: Arc<Self>, follower: oneshot::Receiver<Follower>) {
        let ending = Ending(&self);
        tokio::select! {
            () = self.deserted.cancelled() => {}
            () = self.publish(follower) => {}
        }
        drop(ending);
    }

    async fn publish(&self, follower: oneshot::Receiver<Follower>) {
        let mut follower = {
            let mut renderer = self.renderer.lock().await;
            tokio::select! {
                biased;
                // Running the operation is what makes it follow.
                refusal = renderer.renderings.next() => return self.end(refusal),
                Ok(follower) = follower => follower,
            }
        };
        while let Some(delivered) = follower.next().await {
            match delivered {
                Ok(delivered) => {
                    let issue = self.issue(Some(delivered), OnceCell::new());
                    // What most of them need is there before they are woken.
                    issue.rendering(self, issue.number.checked_sub(1)).await;
                    self.wake().await;
                }
                Err(error) => return self.end(self.render(Err(error)).await),
            }
        }
    }

    fn end(&self, last: Option<Rendering>) {
        if last.is_some() {
            self.issue(None, OnceCell::new_with(last));
        }
    }

    fn issue(&self, delivered: Option<(Arc<Report>, Part)>, whole: OnceCell<Rendering>) -> Arc<Issue> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = latest.as_ref().map_or(0, |issue| issue.number + 1);
        latest.insert(Arc::new(Issue { number, delivered, change: OnceCell::new(), whole })).clone()
    }

    fn latest(&self) -> Option<Arc<Issue>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn render(&self, delivered: Delivered) -> Option<Rendering> {
        let mut renderer = self.renderer.lock().await;
        self.broadcasts.renderings.fetch_add(1, Ordering::Relaxed);
        renderer.render(delivered).await
    }

    /// Wakes all subscribers, wave after wave.
    async fn wake(&self) {
        self.waves().retain(|wave| wave.receiver_count() > 0);
        let mut index = 0;
        while self.waves().get(index).map(|wave| wave.send_replace(())).is_some() {
            index += 1;
            // Those woken run before this goes on, and whatever else waits.
            tokio::task::yield_now().await;
        }
    }

    fn join_wave(&self) -> watch::Receiver<()> {
        let mut waves = self.waves();
        if let Some(wave) = waves.iter().rev().find(|wave| wave.receiver_count() < WAVE) {
            return wave.subscribe();
        }
        let (wave, receiver) = watch::channel(());
        waves.push(wave);
        receiver
    }

    fn waves(&self) -> MutexGuard<'_, Vec<watch::Sender<()>>> {
        self.waves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the task ends, nobody goes on waiting for it.
struct Ending<'a>(&'a Arc<Broadcast>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.broadcasts.forget(self.0);
        self.0.waves().clear();
    }
}

impl Issue {
    /// What somebody needs who was last sent the issue of this number; none if the operation gives no answer any more.
    /// A change alone only helps those who have what it changes.
    async fn rendering(&self, broadcast: &Broadcast, sent: Option<u64>) -> Option<Rendering> {
        let Some((report, part)) = &self.delivered else { return self.whole.get().cloned() };
        let has_the_one_before = sent.is_some_and(|sent| sent + 1 == self.number);
        let (part, rendering) = match part {
            Part::Change(change) if has_the_one_before => (Part::Change(change.clone()), &self.change),
            _ => (Part::Whole, &self.whole),
        };
        let render = || async { broadcast.render(Ok((report.clone(), part))).await.ok_or(()) };
        rendering.get_or_try_init(render).await.ok().cloned()
    }
}

/// The operation as it runs, which turns each delivery into one answer.
struct Renderer {
    deliveries: mpsc::Sender<Delivered>,
    renderings: BoxStream<'static, Rendering>,
    /// Whether a delivery was put in whose rendering was not taken out.
    is_rendering: bool,
}

impl Renderer {
    async fn render(&mut self, delivered: Delivered) -> Option<Rendering> {
        if self.is_rendering {
            // Whoever put it in went away meanwhile.
            self.renderings.next().await?;
            self.is_rendering = false;
        }
        self.deliveries.send(delivered).await.ok()?;
        self.is_rendering = true;
        let rendering = self.renderings.next().await;
        self.is_rendering = false;
        rendering
    }
}

/// One who sent an operation.
pub struct Subscriber {
    broadcast: Arc<Broadcast>,
    wave: watch::Receiver<()>,
    /// The number of the issue last sent.
    sent: Option<u64>,
    has_ended: bool,
}

impl Subscriber {
    /// Waits for what is to be sent next; none when nothing follows.
    pub async fn next(&mut self) -> Option<Payload> {
        while !self.has_ended {
            // What is woken from here on finds the issue again.
            self.wave.borrow_and_update();
            let is_over = self.wave.has_changed().is_err();
            if let Some(issue) = self.broadcast.latest().filter(|issue| self.sent < Some(issue.number)) {
                let rendering = issue.rendering(&self.broadcast, self.sent).await;
                let payload = rendering.map(|rendering| rendering.payload(self.sent.is_none()));
                self.has_ended = issue.delivered.is_none() || !matches!(payload, Some(Payload::Next(_)));
                self.sent = Some(issue.number);
                return payload;
            }
            if is_over {
                return None;
            }
            // When nobody wakes any more, the last issue may still be there.
            let _woken_or_over = self.wave.changed().await;
        }
        None
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.broadcast.broadcasts.leave(&self.broadcast);
    }
}
