//! The queue of batches: group commit, one transaction for many callers, each gets its own outcome.
//!
//! * A batch has at most [`MAX_BATCH_EVENTS`] events that cover at most [`MAX_BATCH_BUCKETS`] five-minute buckets.
//! * At most [`MAX_QUEUED_EVENTS`] events and [`MAX_QUEUED_BATCHES`] batches wait; the next caller is told to come
//!   back, at once.
//! * A transaction takes at most [`MAX_GROUP_EVENTS`] events, so that no caller waits for a very long one.
//! * A batch once queued is stored whether or not its caller still waits.

mod error;
mod judged;
mod limits;
mod outcome;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    event::{Event, RawEvent},
    id::FactoryId,
    time::DurationMs,
};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, error::TrySendError},
    oneshot,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    error::IngestError,
    judged::Judged,
    limits::{MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS, MAX_GROUP_EVENTS, MAX_QUEUED_BATCHES, MAX_QUEUED_EVENTS},
    outcome::{Issue, IssueCode, Outcome},
};
use crate::{
    clock::Clock,
    live::Live,
    store::{
        Fault, Store,
        devices::Sender,
        events::StoredEvent,
        writer::{Batch, Numbered, Stored, Verdict, Writer},
    },
};

/// The handle of the queue; clones share it.
#[derive(Clone)]
pub struct Ingest {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    writer: TaskTracker,
    draining: CancellationToken,
    clock: Clock,
    max_clock_skew_ms: DurationMs,
}

/// What became of a batch; its events go back with it, because the caller has kept no copy of them.
type Answer = Result<(Vec<Event>, Stored), IngestError>;

/// A batch in the queue.
struct Waiting {
    batch: Batch,
    answer: oneshot::Sender<Answer>,
    room: OwnedSemaphorePermit,
}

impl Ingest {
    /// Starts the writer, which ends when the queue is drained.
    pub fn start(store: Store, live: Arc<Live>, clock: Clock, max_clock_skew_ms: DurationMs) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_QUEUED_BATCHES);
        let writer = TaskTracker::new();
        let draining = CancellationToken::new();
        writer.spawn(write(store, live, waiting, draining.clone()));
        writer.close();
        let room = Arc::new(Semaphore::new(MAX_QUEUED_EVENTS));
        Self { queue, room, writer, draining, clock, max_clock_skew_ms }
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
    pub async fn submit(&self, factory_slug: &str, events: Vec<RawEvent>) -> Result<Outcome, IngestError> {
        self.store(factory_slug, self.judge(events)?).await
    }

    /// Stores a batch and answers after the commit. The caller may go away: a batch once queued is still stored.
    ///
    /// # Errors
    /// The factory is unknown, the queue is full, the server is stopping, or the database failed.
    pub async fn store(&self, factory_slug: &str, batch: Judged) -> Result<Outcome, IngestError> {
        self.store_from(None, factory_slug, batch).await
    }

    /// As [`Self::store`], and keeps in the same transaction which of its sender's numbers were answered for.
    ///
    /// # Errors
    /// As those of [`Self::store`].
    pub async fn store_from(
        &self,
        sender: Option<Sender>,
        factory_slug: &str,
        batch: Judged,
    ) -> Result<Outcome, IngestError> {
        let Judged { events, rejections, received_at_ms } = batch;
        let numbered = sender.map(|sender| {
            let rejected = rejections.iter().map(|(position, _)| *position).collect();
            Box::new(Numbered { sender, rejected })
        });
        let batch = Batch { factory_slug: factory_slug.into(), events, received_at_ms, numbered };
        let (events, stored) = self.queue(batch).await?;
        Ok(Outcome::new(&events, rejections, &stored))
    }

    /// Refuses new batches and waits until those queued are committed.
    pub async fn drain(&self) {
        self.draining.cancel();
        self.writer.wait().await;
    }

    async fn queue(&self, batch: Batch) -> Answer {
        // A batch without events still asks whether the factory is there.
        let size = batch.events.len().max(1) as u32;
        let room = self.room.clone().try_acquire_many_owned(size).map_err(|_| IngestError::QueueFull)?;
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { batch, answer, room }).map_err(|refused| match refused {
            TrySendError::Full(_) => IngestError::QueueFull,
            TrySendError::Closed(_) => IngestError::Stopping,
        })?;
        answered.await.unwrap_or(Err(IngestError::Stopping))
    }
}

/// Takes what waits, a group at a time, until the queue is drained.
async fn write(
    store: Store,
    live: Arc<Live>,
    mut waiting: mpsc::Receiver<Waiting>,
    draining: CancellationToken,
) {
    let mut writer = Writer::new(store);
    let mut held: Option<Waiting> = None;
    loop {
        let next = match held.take() {
            Some(first) => Some(first),
            None => draining.run_until_cancelled(waiting.recv()).await.unwrap_or_else(|| {
                // What is queued already is still taken; then there is nothing to wait for.
                waiting.close();
                waiting.try_recv().ok()
            }),
        };
        let Some(first) = next else { return };
        let mut group_events = first.batch.events.len();
        let mut group = vec![first];
        while let Ok(next) = waiting.try_recv() {
            if group_events + next.batch.events.len() > MAX_GROUP_EVENTS {
                held = Some(next);
                break;
            }
            group_events += next.batch.events.len();
            group.push(next);
        }
        commit(&mut writer, &live, group).await;
    }
}

/// Stores a group. If the group itself is at fault, each batch is tried alone, so that only the culprit's caller gets the
/// error; if the database is, all get it.
async fn commit(writer: &mut Writer, live: &Live, group: Vec<Waiting>) {
    let (batches, answers): (Vec<Batch>, Vec<_>) =
        group.into_iter().map(|waiting| (waiting.batch, (waiting.answer, waiting.room))).unzip();
    let results: Vec<Result<Option<Stored>, IngestError>> = match writer.store(&batches).await {
        Ok(stored) => stored.batches.into_iter().map(Ok).collect(),
        Err(error) if batches.len() == 1 || error.fault() != Fault::Other => {
            vec![Err(error.into()); batches.len()]
        }
        Err(error) => {
            tracing::warn!(%error, batches = batches.len(), "a group of batches failed; each is tried alone");
            let mut results = Vec::with_capacity(batches.len());
            for batch in &batches {
                let alone = writer.store(std::slice::from_ref(batch)).await;
                results.push(alone.map(|mut stored| stored.batches.pop().flatten()).map_err(Into::into));
            }
            results
        }
    };
    announce(live, &batches, &results);
    for ((batch, result), (answer, room)) in batches.into_iter().zip(results).zip(answers) {
        let result = match result {
            Ok(Some(stored)) => Ok((batch.events, stored)),
            Ok(None) => Err(IngestError::FactoryNotFound(batch.factory_slug.0)),
            Err(error) => Err(error),
        };
        // A caller that went away needs no answer.
        drop(answer.send(result));
        drop(room);
    }
}

/// Tells subscribers once for each factory of a group.
fn announce(live: &Live, batches: &[Batch], results: &[Result<Option<Stored>, IngestError>]) {
    let mut by_factory: BTreeMap<FactoryId, Vec<(&Batch, &Stored)>> = BTreeMap::new();
    for (batch, result) in batches.iter().zip(results) {
        if let Ok(Some(stored)) = result {
            by_factory.entry(stored.factory_id).or_default().push((batch, stored));
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

/// The events of a batch that were accepted, the latest first.
fn latest_first<'a>((batch, stored): &'a (&Batch, &Stored)) -> impl Iterator<Item = StoredEvent> + 'a {
    let judged = batch.events.iter().zip(&stored.verdicts).rev();
    judged
        .filter(|(_, verdict)| **verdict == Verdict::Accepted)
        .map(|(event, _)| StoredEvent { event: event.clone(), received_at_ms: batch.received_at_ms })
}
