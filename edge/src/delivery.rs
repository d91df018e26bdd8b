//! Delivers what is spooled to an outlet, each event exactly once in effect, for ever.
//!
//! - One batch is under way at a time; while it is, the next one is read from the spool and the one before is acknowledged.
//! - After a start and after every failure the server is asked what it has, and only the rest is sent.
//! - Without events there is a heartbeat every [`HEARTBEAT_INTERVAL`], which also brings receipts.
//! - Nothing is given up but an event that the server refuses as a request of its own while taking the same request
//!   without it.
//!
//! [`schedule`] decides what is sent next and what a response means for that, without I/O.

mod exchange;
pub mod schedule;
mod sender;

use std::sync::Arc;
use std::time::Duration;

pub use domain::limits::HEARTBEAT_INTERVAL;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::schedule::{DeliveryOptions, Schedule};
use self::sender::SenderState;
use crate::batch::{Batch, BatchSize};
use crate::health::Health;
use crate::input::Arrivals;
use crate::outlet::Outlet;
use crate::spool::{Lane, MAX_BODY_BYTES, Spool, SpoolError, SpoolRange};

/// How long an event waits for others to travel with when nothing else is asked for.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(1);
/// How often the queue is polled without a hint: another process may have put a dead letter back.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// A delivery under way.
pub struct Delivery<O> {
    spool: Spool,
    outlet: O,
    schedule: Schedule,
    linger: Duration,
    health: Arc<Health>,
    sender: SenderState,
    arrivals: Arrivals,
    /// Batches read ahead: live, backlog.
    prefetched: [Option<Batch<SpoolRange>>; 2],
    /// The batch before, while the spool writes down what became of it.
    acknowledging: Option<JoinHandle<Result<(), SpoolError>>>,
    comparison: Comparison,
    has_backlog: bool,
    /// Since when something new waits, as far as is known.
    live_since: Option<Instant>,
    polled_at: Instant,
    /// Whether the queue was polled since the end was asked for.
    has_polled_last: bool,
    sent_at: Option<Instant>,
}

/// Whether the spool was compared with what the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// Not yet.
    Pending,
    /// They agree.
    Done,
    /// Something failed since, and what came in meanwhile is history.
    Outdated,
}

/// What to do after a step.
enum Next {
    /// The next step.
    Continue,
    /// Nothing until then, or until something new comes.
    Idle(Instant),
    /// Nothing for so long.
    Pause(Duration),
}

impl<O: Outlet> Delivery<O> {
    /// A delivery of what is in the spool to an outlet.
    pub fn new(
        spool: Spool,
        outlet: O,
        options: DeliveryOptions,
        linger: Duration,
        health: Arc<Health>,
        arrivals: Arrivals,
    ) -> Self {
        Self {
            sender: SenderState::new(spool.clone()),
            spool,
            outlet,
            schedule: Schedule::new(options),
            linger,
            health,
            arrivals,
            prefetched: [None, None],
            acknowledging: None,
            comparison: Comparison::Pending,
            has_backlog: true,
            live_since: None,
            polled_at: Instant::now(),
            has_polled_last: false,
            sent_at: None,
        }
    }

    /// Delivers until `finish` is cancelled and nothing is left. Whoever wants it to end earlier drops it: what was under
    /// way is still in the spool.
    pub async fn run(mut self, finish: &CancellationToken) {
        loop {
            let next = match self.step(finish.is_cancelled()).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!("{error}");
                    self.sender.invalidate();
                    // What could not be acknowledged is asked for again, and is stored or queued.
                    self.comparison = Comparison::Outdated;
                    Next::Pause(POLL_INTERVAL)
                }
            };
            match next {
                Next::Continue => {}
                Next::Pause(wait) => tokio::time::sleep(wait).await,
                Next::Idle(_) if finish.is_cancelled() => return,
                Next::Idle(until) => tokio::select! {
                    () = self.arrivals.changed() => {}
                    () = tokio::time::sleep_until(until) => {}
                    () = finish.cancelled() => {}
                },
            }
        }
    }

    async fn step(&mut self, is_finishing: bool) -> Result<Next, SpoolError> {
        if self.comparison != Comparison::Done {
            return self.reconcile().await;
        }
        let now = Instant::now();
        let is_live_due = self.is_live_due(is_finishing, now);
        match self.schedule.next_lane(is_live_due, self.has_backlog, now) {
            Some(lane) => match self.next_batch(lane).await? {
                Some(batch) => self.deliver(lane, batch).await,
                None => Ok(Next::Continue),
            },
            None => self.idle(now).await,
        }
    }

    /// Whether what is new has waited long enough, or fills a batch.
    fn is_live_due(&mut self, is_finishing: bool, now: Instant) -> bool {
        if now.duration_since(self.polled_at) >= POLL_INTERVAL {
            self.polled_at = now;
            self.live_since.get_or_insert(now.checked_sub(self.linger).unwrap_or(now));
        }
        if self.arrivals.unseen() > 0 || (is_finishing && !self.has_polled_last) {
            self.has_polled_last = is_finishing;
            self.live_since.get_or_insert(now);
        }
        let is_full = self.arrivals.unseen() >= self.schedule.max_size(Lane::Live).events as u64;
        let has_waited = self
            .live_since
            .is_some_and(|since| is_full || is_finishing || now.duration_since(since) >= self.linger);
        has_waited || self.prefetched[Lane::Live as usize].is_some()
    }

    /// There is nothing to send: sends a heartbeat if it is time.
    async fn idle(&mut self, now: Instant) -> Result<Next, SpoolError> {
        self.acknowledged().await?;
        let is_due = self.sent_at.is_none_or(|sent_at| now.duration_since(sent_at) >= HEARTBEAT_INTERVAL);
        if self.outlet.reads_sender() && (is_due || self.sender.has_receipts(self.arrivals.total()).await?) {
            return self.send_heartbeat().await;
        }
        let mut until = self.polled_at + POLL_INTERVAL;
        if let Some(since) = self.live_since {
            until = until.min(since + self.linger);
        }
        if let Some(free_at) = self.schedule.backlog_free_at().filter(|_| self.has_backlog) {
            until = until.min(free_at);
        }
        Ok(Next::Idle(until))
    }

    /// Takes the next batch of a lane; when there is none, the lane is empty.
    async fn next_batch(&mut self, lane: Lane) -> Result<Option<Batch<SpoolRange>>, SpoolError> {
        if let Some(batch) = self.prefetched[lane as usize].take() {
            return Ok(Some(batch));
        }
        self.acknowledged().await?;
        let max = self.schedule.max_size(lane);
        // What comes in while the lane is read waits for the next time.
        let spooled = self.arrivals.total();
        let batch = self.spool.take(lane, max.events, max.bytes).await?;
        match lane {
            Lane::Backlog => self.has_backlog = batch.is_some(),
            Lane::Live if batch.as_ref().is_none_or(|batch| is_last(batch.size(), max)) => {
                self.arrivals.mark_seen(spooled);
                self.live_since = None;
            }
            Lane::Live => {}
        }
        Ok(batch)
    }

    /// Makes everything that was taken available again, also what was read ahead.
    async fn release(&mut self) -> Result<(), SpoolError> {
        self.acknowledged().await?;
        self.prefetched = [None, None];
        self.spool.release_all().await?;
        // The lanes that it came from are not empty.
        self.has_backlog = true;
        let now = Instant::now();
        self.live_since = Some(now.checked_sub(self.linger).unwrap_or(now));
        Ok(())
    }

    /// Waits until the batch before is acknowledged in the spool.
    async fn acknowledged(&mut self) -> Result<(), SpoolError> {
        finished(self.acknowledging.take()).await
    }
}

/// Whether any event would have fitted into a batch of `max`: then there were no more.
fn is_last(size: BatchSize, max: BatchSize) -> bool {
    size.events < max.events && size.bytes + MAX_BODY_BYTES <= max.bytes
}

async fn finished(task: Option<JoinHandle<Result<(), SpoolError>>>) -> Result<(), SpoolError> {
    match task {
        // It is never aborted, so what is left is the end of the runtime.
        Some(task) => task.await.unwrap_or(Err(SpoolError::Closed)),
        None => Ok(()),
    }
}
