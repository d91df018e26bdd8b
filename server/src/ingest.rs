//! The queue of batches: group commit, one transaction for many callers, each gets its own outcome.
//!
//! * A batch has at most [`MAX_BATCH_EVENTS`] events that cover at most [`MAX_BATCH_BUCKETS`] five-minute buckets.
//! * Factories take turns, and each has its share of the queue and of the writer's time: [`queue`] says how. Who finds the
//!   queue full is told to come back, at once.
//! * A turn is one transaction of some 100 ms. A batch that is more work than that is stored in slices, each durable by itself
//!   and with a revision of its own, and answered once, after the last.
//! * A batch once queued is stored whether or not its caller still waits.
//! * Decisions are made by the same writer, one between two turns; at most [`MAX_WAITING_DECISIONS`] wait. One that is about many
//!   events is applied slice by slice: [`pending`] says when.

mod decisions;
mod error;
mod judged;
mod limits;
mod outcome;
mod pending;
mod prune;
mod queue;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use domain::{
    event::{Event, RawEvent},
    id::{FactoryId, FactorySlug},
    time::DurationMs,
};
use tokio::sync::{Notify, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    decisions::{Request, Requests},
    pending::{Pending, Step},
    queue::{Done, Entry, Next, Queue, Waiting},
};
pub use self::{
    error::IngestError,
    judged::Judged,
    limits::{
        MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS, MAX_QUEUED_BATCHES, MAX_QUEUED_ROWS, MAX_TURN_ROWS,
        MAX_WAITING_DECISIONS,
    },
    outcome::{Issue, Outcome},
};
pub use crate::store::issues::IssueCode;
use crate::{
    clock::Clock,
    live::Live,
    store::{
        Fault, Result as StoreResult, Store,
        access::{Permission, Permit, Scope, SendEvents},
        decisions::{self as stored_decisions, Decision, NewDecision, NotDecided, Progress},
        devices::Sender,
        events::StoredEvent,
        writer::{Batch, Numbered, Part, Stored, Verdict, Writer},
    },
};

/// The handle of the queue; clones share it.
#[derive(Clone)]
pub struct Ingest {
    shared: Arc<Shared>,
    writer: TaskTracker,
    draining: CancellationToken,
    clock: Clock,
    max_clock_skew_ms: DurationMs,
}

/// What became of a batch; its events go back with it, because the caller has kept no copy of them.
type Answer = Result<(Vec<Event>, Stored), IngestError>;

/// What callers and the writer share.
#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    decisions: Mutex<Requests>,
    /// Wakes the writer.
    added: Notify,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic while the lock is held would leave nothing half-done that matters: its batches get no answer.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decisions(&self) -> MutexGuard<'_, Requests> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes nothing in any more.
    fn close(&self) {
        self.queue().close();
        self.decisions().close();
    }
}

impl Ingest {
    /// Starts the writer, which ends when the queue is drained.
    pub fn start(store: Store, live: Arc<Live>, clock: Clock, max_clock_skew_ms: DurationMs) -> Self {
        let shared = Arc::<Shared>::default();
        let writer = TaskTracker::new();
        let draining = CancellationToken::new();
        writer.spawn(prune::prune(store.clone(), clock.clone(), draining.clone()));
        writer.spawn(write(store, live, clock.clone(), shared.clone(), draining.clone()));
        writer.close();
        Self { shared, writer, draining, clock, max_clock_skew_ms }
    }

    /// Judges a batch as it is received, now.
    ///
    /// # Errors
    /// It has too many events, or they cover too many buckets.
    pub fn judge<Text: AsRef<str> + Into<String>>(
        &self,
        sent: Vec<RawEvent<Text>>,
    ) -> Result<Judged, IngestError> {
        Judged::new(sent, self.clock.now_ms(), self.max_clock_skew_ms)
    }

    /// Judges and stores a batch, see [`Self::judge`] and [`Self::store`].
    pub async fn submit(
        &self,
        permit: Permit<SendEvents>,
        events: Vec<RawEvent>,
    ) -> Result<Outcome, IngestError> {
        self.store(permit, self.judge(events)?).await
    }

    /// Stores a batch and answers after the commit. The caller may go away: a batch once queued is still stored.
    ///
    /// # Errors
    /// The factory is unknown, the queue is full, the server is stopping, or the database failed.
    pub async fn store(&self, permit: Permit<SendEvents>, batch: Judged) -> Result<Outcome, IngestError> {
        self.store_from(None, permit, batch).await
    }

    /// As [`Self::store`], and keeps in the same transaction which of its sender's numbers were answered for.
    ///
    /// # Errors
    /// As those of [`Self::store`].
    pub async fn store_from(
        &self,
        sender: Option<Sender>,
        permit: Permit<SendEvents>,
        batch: Judged,
    ) -> Result<Outcome, IngestError> {
        let Judged { events, rows, rejections, issues, received_at_ms } = batch;
        // The rows of the device, its epoch and the ranges that it closes, and of what is counted.
        let rows =
            rows + sender.as_ref().map_or(0, |sender| 2 + sender.closed.len() as i64) + issues.len() as i64;
        let numbered = sender.map(|sender| {
            let rejected = rejections.iter().map(|(position, _)| *position).collect();
            Box::new(Numbered { sender, rejected })
        });
        let credential_id = permit.credential_id();
        let factory_slug = permit.into_slug();
        let batch = Batch { factory_slug, events, received_at_ms, credential_id, issues, numbered };
        let (events, stored) = self.queue(batch, rows).await?;
        Ok(Outcome::new(&events, rejections, &stored))
    }

    /// Makes a decision about the factory of a scope that permits it, and answers after the commit. The caller may go away: a decision once
    /// queued is still made.
    ///
    /// # Errors
    /// Too many are waiting, the server is stopping, or the database failed.
    pub async fn decide(
        &self,
        scope: &Scope<impl Permission>,
        new: NewDecision,
    ) -> Result<Result<Decision, NotDecided>, IngestError> {
        let factory_id = scope.factory().id;
        let (answer, answered) = oneshot::channel();
        self.shared.decisions().push(Request { factory_id, new, answer })?;
        self.shared.added.notify_one();
        answered.await.unwrap_or(Err(IngestError::Stopping))
    }

    /// Refuses new batches and decisions and waits until those queued are committed.
    pub async fn drain(&self) {
        self.shared.close();
        self.draining.cancel();
        self.writer.wait().await;
    }

    async fn queue(&self, batch: Batch, rows: i64) -> Answer {
        let (answer, answered) = oneshot::channel();
        let refused = self.shared.queue().push(Waiting::new(batch, rows, answer))?;
        self.shared.added.notify_one();
        for waiting in refused {
            drop(waiting.answer.send(Err(IngestError::QueueFull)));
        }
        answered.await.unwrap_or(Err(IngestError::Stopping))
    }
}

/// However the writer ends, nobody waits for it any more.
struct CloseOnDrop<'a>(&'a Shared);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
        self.0.queue().clear();
        self.0.decisions().clear();
    }
}

/// Stores and decides what waits, a turn of batches and a decision in turns, until both queues are drained.
async fn write(
    store: Store,
    live: Arc<Live>,
    clock: Clock,
    shared: Arc<Shared>,
    draining: CancellationToken,
) {
    let _close = CloseOnDrop(&shared);
    let mut writer = Writer::with_clock(store.clone(), clock.clone());
    let mut pending = Pending::new(Instant::now());
    loop {
        // Asked for first: what is taken in after that is refused, so nothing is left behind.
        let is_draining = draining.is_cancelled();
        let request = shared.decisions().pop();
        let has_decided = request.is_some();
        if let Some(request) = request {
            decide(&mut writer, &live, &clock, request, &mut pending).await;
        }
        let next = shared.queue().next(Instant::now());
        let step = if is_draining { None } else { pending.next(Instant::now()) };
        let has_stepped = step.is_some();
        if let Some(step) = step {
            apply_pending(&store, &mut writer, &live, step, &mut pending).await;
        }
        match next {
            Next::Turn(entries) => {
                pending.stored();
                let began = Instant::now();
                let results = commit(&mut writer, &live, &entries).await;
                let now = Instant::now();
                let turn = entries.into_iter().zip(results).collect();
                let done = shared.queue().end(turn, now - began, now);
                done.into_iter().for_each(answer);
            }
            // Another decision may wait, or the next slice of one.
            Next::Rest(_) | Next::Nothing if has_decided || has_stepped => {}
            Next::Rest(until) => tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                () = at(pending.due()) => {}
                () = shared.added.notified() => {}
                // Then nobody rests.
                () = draining.cancelled() => {}
            },
            Next::Nothing if is_draining => return,
            Next::Nothing => tokio::select! {
                () = at(pending.due()) => {}
                () = shared.added.notified() => {}
                () = draining.cancelled() => {}
            },
        }
    }
}

/// Makes a decision, tells subscribers, and answers its caller. One that went away needs no answer.
async fn decide(writer: &mut Writer, live: &Live, clock: &Clock, request: Request, pending: &mut Pending) {
    let Request { factory_id, new, answer } = request;
    let decided = writer.decide(&new, clock.now_ms()).await;
    if let Ok(Ok(decision)) = &decided {
        live.announce(factory_id, decision.revision);
        if decision.progress != Progress::Applied {
            pending.add(new.factory_slug);
        }
    }
    drop(answer.send(decided.map_err(Into::into)));
}

/// Waits until then; for ever, where there is no such time.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Looks which decisions are to be applied, or applies a slice of them and tells subscribers.
async fn apply_pending(store: &Store, writer: &mut Writer, live: &Live, step: Step, pending: &mut Pending) {
    let began = Instant::now();
    let outcome = match &step {
        Step::Look => factories_with_pending(store).await.map(|found| {
            pending.looked(found, store.is_shared(), Instant::now());
        }),
        Step::Apply(slug) => writer.apply_slice(slug).await.map(|applied| {
            if let Some(applied) = applied {
                live.announce(applied.factory_id, applied.revision);
            }
            let is_more = applied.is_some_and(|applied| applied.is_more);
            tracing::debug!(factory = %slug, elapsed = ?began.elapsed(), is_more, "applied a part of a decision");
            pending.applied(slug.clone(), is_more, began.elapsed(), Instant::now());
        }),
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "a part of a decision could not be applied; it is tried again");
        pending.failed(step, Instant::now());
    }
}

async fn factories_with_pending(store: &Store) -> StoreResult<Vec<FactorySlug>> {
    let snapshot = store.snapshot_for_live().await?;
    stored_decisions::pending_factories(&snapshot).await
}

/// Stores a group. If the group itself is at fault, each batch is tried alone, so that only the culprit's caller gets the
/// error; if the database is, all get it.
async fn commit(writer: &mut Writer, live: &Live, entries: &[Entry]) -> Vec<Result<Stored, IngestError>> {
    let parts: Vec<Part<'_>> = entries.iter().map(Entry::part).collect();
    let results: Vec<Result<Option<Stored>, IngestError>> = match writer.store(&parts).await {
        Ok(stored) => stored.parts.into_iter().map(Ok).collect(),
        Err(error) if parts.len() == 1 || error.fault() != Fault::Other => {
            vec![Err(error.into()); parts.len()]
        }
        Err(error) => {
            tracing::warn!(%error, batches = parts.len(), "a group of batches failed; each is tried alone");
            let mut results = Vec::with_capacity(parts.len());
            for part in &parts {
                let alone = writer.store(std::slice::from_ref(part)).await;
                results.push(alone.map(|mut stored| stored.parts.pop().flatten()).map_err(Into::into));
            }
            results
        }
    };
    let results = parts.iter().zip(results).map(|(part, result)| {
        result?.ok_or_else(|| IngestError::FactoryNotFound(part.batch.factory_slug.0.clone()))
    });
    let results: Vec<Result<Stored, IngestError>> = results.collect();
    announce(live, &parts, &results);
    results
}

/// Answers the caller of a batch. One that went away needs no answer.
fn answer(Done { waiting, failed }: Done) {
    let Waiting { batch, answer, stored, .. } = waiting;
    let result = match (failed, stored) {
        (None, Some(stored)) => Ok((batch.events, stored)),
        (Some(IngestError::Store(error)), Some(stored)) => {
            Err(IngestError::StoredInPart { events: stored.verdicts.len(), error })
        }
        (failed, _) => Err(failed.unwrap_or(IngestError::Stopping)),
    };
    drop(answer.send(result));
}

/// Tells subscribers once for each factory of a group.
fn announce(live: &Live, parts: &[Part<'_>], results: &[Result<Stored, IngestError>]) {
    let mut by_factory: BTreeMap<FactoryId, Vec<(&Part<'_>, &Stored)>> = BTreeMap::new();
    for (part, result) in parts.iter().zip(results) {
        if let Ok(stored) = result {
            by_factory.entry(stored.factory_id).or_default().push((part, stored));
        }
    }
    for (factory_id, stored) in by_factory {
        let revision = stored.iter().map(|(_, stored)| stored.revision).max().unwrap_or_default();
        let accepted =
            |stored: &Stored| stored.verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted).count();
        let count = stored.iter().map(|(_, stored)| accepted(stored)).sum();
        live.announce_stored(factory_id, revision, count, stored.iter().rev().flat_map(latest_first));
    }
}

/// The events of a part that were accepted, the latest first.
fn latest_first<'a>((part, stored): &'a (&Part<'_>, &Stored)) -> impl Iterator<Item = StoredEvent> + 'a {
    let judged = part.events()[..stored.verdicts.len()].iter().zip(&stored.verdicts).rev();
    judged
        .filter(|(_, verdict)| **verdict == Verdict::Accepted)
        .map(|(event, _)| StoredEvent { event: event.clone(), received_at_ms: part.batch.received_at_ms })
}
