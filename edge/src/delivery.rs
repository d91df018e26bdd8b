//! Brings what is spooled to where it is to go, each event exactly once in effect, for ever.
//!
//! - One batch is under way at a time; while it is, the next one is read from the spool and the one before is settled.
//! - After a start and after every failure the server is asked what it has, and only the rest is sent.
//! - Without events there is a sign of life every [`HEARTBEAT_EVERY`], which also brings receipts.
//! - Nothing is given up but an event that the server refuses as a request of its own while taking the same request
//!   without it.
//!
//! [`course`] decides what is sent next and what an answer means for that; [`verdict`] reads answers; both do no I/O.

#[cfg(feature = "amqp")]
pub mod amqp;
pub mod course;
pub mod destination;
pub mod devices;
mod journal;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod outlet;
pub mod request;
pub mod server;
pub mod verdict;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::course::{Alarm, Course, Fault, Pace, Portion, Size, Step, Turn};
use self::journal::Journal;
use self::outlet::Outlet;
use self::verdict::{Answered, Verdict};
use crate::health::{ClockState, Health};
use crate::input::Fresh;
use crate::spool::{Batch, Lane, MAX_BODY_BYTES, Outcome, Spool, SpoolError};

/// How often an agent with nothing to send says that it lives; the server calls one silent after four times that.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);
/// How long an event waits for others to travel with when nothing else is asked for.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(1);
/// How often the queue is looked at without a hint: another process may have put a dead letter back.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// One delivery takes everything that is taken.
const EVERY_POSITION: (i64, i64) = (1, i64::MAX - 1);

/// A delivery under way.
pub struct Delivery<O> {
    spool: Spool,
    outlet: O,
    course: Course,
    linger: Duration,
    health: Arc<Health>,
    journal: Journal,
    fresh: Fresh,
    /// Batches read ahead: live, backlog.
    ahead: [Option<Batch>; 2],
    settling: Option<tokio::task::JoinHandle<Result<(), SpoolError>>>,
    books: Books,
    has_backlog: bool,
    /// Since when something new waits, as far as is known.
    live_since: Option<Instant>,
    looked_at: Instant,
    /// Whether the queue was looked at since the end was asked for.
    has_looked_last: bool,
    sent_at: Option<Instant>,
}

/// Whether the spool's books were compared with the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Books {
    /// Not yet.
    Unopened,
    /// They agree.
    Compared,
    /// Something failed since, and what came in meanwhile is history.
    InDoubt,
}

/// What to do after a step.
enum Next {
    /// The next step.
    Again,
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
        pace: Pace,
        linger: Duration,
        health: Arc<Health>,
        fresh: Fresh,
    ) -> Self {
        Self {
            journal: Journal::new(spool.clone()),
            spool,
            outlet,
            course: Course::new(pace),
            linger,
            health,
            fresh,
            ahead: [None, None],
            settling: None,
            books: Books::Unopened,
            has_backlog: true,
            live_since: None,
            looked_at: Instant::now(),
            has_looked_last: false,
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
                    self.journal.forget();
                    // What could not be settled is asked for again, and is stored or queued.
                    self.books = Books::InDoubt;
                    Next::Pause(LOOK_EVERY)
                }
            };
            match next {
                Next::Again => {}
                Next::Pause(wait) => tokio::time::sleep(wait).await,
                Next::Idle(_) if finish.is_cancelled() => return,
                Next::Idle(until) => tokio::select! {
                    () = self.fresh.changed() => {}
                    () = tokio::time::sleep_until(until) => {}
                    () = finish.cancelled() => {}
                },
            }
        }
    }

    async fn step(&mut self, is_finishing: bool) -> Result<Next, SpoolError> {
        if self.books != Books::Compared {
            return self.reconcile().await;
        }
        let now = Instant::now();
        if now.duration_since(self.looked_at) >= LOOK_EVERY {
            self.looked_at = now;
            self.live_since.get_or_insert(now.checked_sub(self.linger).unwrap_or(now));
        }
        if self.fresh.waiting() > 0 || (is_finishing && !self.has_looked_last) {
            self.has_looked_last = is_finishing;
            self.live_since.get_or_insert(now);
        }
        let is_full = self.fresh.waiting() >= self.course.portion(Turn::Live).events as u64;
        let is_live_due = self
            .live_since
            .is_some_and(|since| is_full || is_finishing || now.duration_since(since) >= self.linger);
        let is_live_due = is_live_due || self.ahead[Turn::Live as usize].is_some();
        match self.course.turn(is_live_due, self.has_backlog, now) {
            Some(turn) => match self.next_batch(turn).await? {
                Some(batch) => self.deliver(turn, batch).await,
                None => Ok(Next::Again),
            },
            None => self.rest(now).await,
        }
    }

    /// There is nothing to send: gives a sign of life if it is time.
    async fn rest(&mut self, now: Instant) -> Result<Next, SpoolError> {
        self.settled().await?;
        let is_due = self.sent_at.is_none_or(|sent_at| now.duration_since(sent_at) >= HEARTBEAT_EVERY);
        if self.outlet.reads_sender() && (is_due || self.journal.has_news(self.fresh.total()).await?) {
            return self.give_sign_of_life().await;
        }
        let mut until = self.looked_at + LOOK_EVERY;
        if let Some(since) = self.live_since {
            until = until.min(since + self.linger);
        }
        if let Some(free_at) = self.course.backlog_free_at().filter(|_| self.has_backlog) {
            until = until.min(free_at);
        }
        Ok(Next::Idle(until))
    }

    /// Takes the next batch of a lane; when there is none, the lane is empty.
    async fn next_batch(&mut self, turn: Turn) -> Result<Option<Batch>, SpoolError> {
        if let Some(batch) = self.ahead[turn as usize].take() {
            return Ok(Some(batch));
        }
        self.settled().await?;
        let portion = self.course.portion(turn);
        // What comes in while the lane is read waits for the next time.
        let spooled = self.fresh.total();
        let batch = self.spool.take(lane(turn), portion.events, portion.bytes).await?;
        match turn {
            Turn::Backlog => self.has_backlog = batch.is_some(),
            Turn::Live if batch.as_ref().is_none_or(|batch| has_room(batch, portion)) => {
                self.fresh.saw(spooled);
                self.live_since = None;
            }
            Turn::Live => {}
        }
        Ok(batch)
    }

    async fn deliver(&mut self, turn: Turn, batch: Batch) -> Result<Next, SpoolError> {
        let size = Size { events: batch.bodies.len(), bytes: bytes(&batch) };
        let sender = self.journal.sender_of(&batch, self.fresh.total()).await?;
        let portion = self.course.portion(turn);
        let is_to_read_ahead = !has_room(&batch, portion) && self.ahead[turn as usize].is_none();
        let settling = self.settling.take();
        let sent_at = Instant::now();
        let (verdict, ahead) = tokio::join!(self.outlet.send(&batch.bodies, &sender), async {
            wait_for(settling).await?;
            if is_to_read_ahead {
                return self.spool.take(lane(turn), portion.events, portion.bytes).await;
            }
            Ok(None)
        });
        if is_to_read_ahead {
            self.ahead[turn as usize] = ahead?;
        } else {
            ahead?;
        }
        self.heard(sent_at);
        match self.course.judge(turn, size, verdict, Instant::now(), fastrand::f64()) {
            Step::Settle(answered) => self.settle(batch, answered).await,
            Step::Smaller => {
                self.give_back().await?;
                Ok(Next::Again)
            }
            Step::Accuse(fault) => self.try_without(turn, batch, fault).await,
            Step::Wait { wait, reason, alarm } => {
                self.give_back().await?;
                Ok(self.fail(wait, &reason, alarm))
            }
        }
    }

    /// Writes down what the server said, while the next batch is on its way.
    async fn settle(&mut self, batch: Batch, answered: Answered) -> Result<Next, SpoolError> {
        self.settled().await?;
        self.succeed();
        self.health.batches.fetch_add(1, Ordering::Relaxed);
        self.health.stored.fetch_add(answered.stored, Ordering::Relaxed);
        self.health.duplicates.fetch_add(answered.duplicates, Ordering::Relaxed);
        let mut outcomes = vec![Outcome::Delivered; batch.bodies.len()];
        for issue in &answered.refused {
            tracing::warn!(
                "event {} of epoch {} was refused and waits among the dead letters: {} ({})",
                batch.first_sequence + issue.index as i64,
                batch.epoch,
                issue.message,
                issue.code
            );
            if let Some(outcome) = outcomes.get_mut(issue.index) {
                *outcome = Outcome::Refused { code: issue.code.clone(), message: issue.message.clone() };
            }
        }
        self.journal.answered(outcomes.len() as u64);
        if self.outlet.reads_sender() {
            self.journal.receipts_arrived().await?;
        }
        if !answered.refused.is_empty() {
            self.journal.forget();
        }
        let (spool, first) = (self.spool.clone(), batch.first_position);
        self.settling = Some(tokio::spawn(async move { spool.settle(first, outcomes).await }));
        Ok(Next::Again)
    }

    /// The last event of a halved batch stands alone. It is given up only if the server takes the same request without it.
    async fn try_without(&mut self, turn: Turn, batch: Batch, fault: Fault) -> Result<Next, SpoolError> {
        self.settled().await?;
        let sender = self.journal.sender_of_nothing(self.fresh.total()).await?;
        match self.outlet.send(&[], &sender).await {
            Verdict::Answered(_) => {
                self.succeed();
                self.course.convicted(turn);
                tracing::error!(
                    "event {} of epoch {} cannot be delivered and waits among the dead letters: {} ({})",
                    batch.first_sequence,
                    batch.epoch,
                    fault.message,
                    fault.code
                );
                if self.outlet.reads_sender() {
                    self.journal.receipts_arrived().await?;
                }
                self.spool.bury(batch.first_position, fault.code.to_owned(), fault.message).await?;
                self.journal.forget();
                Ok(Next::Again)
            }
            verdict => {
                self.give_back().await?;
                Ok(self.fail_by(verdict))
            }
        }
    }

    async fn give_sign_of_life(&mut self) -> Result<Next, SpoolError> {
        self.journal.forget();
        let sender = self.journal.sender_of_nothing(self.fresh.total()).await?;
        let sent_at = Instant::now();
        let verdict = self.outlet.send(&[], &sender).await;
        self.heard(sent_at);
        match verdict {
            Verdict::Answered(_) => {
                self.succeed();
                if self.outlet.reads_sender() {
                    self.journal.receipts_arrived().await?;
                }
                Ok(Next::Again)
            }
            verdict => Ok(self.fail_by(verdict)),
        }
    }

    /// Asks the server what it has, and lets go of that. What is queued then is the backlog.
    async fn reconcile(&mut self) -> Result<Next, SpoolError> {
        self.give_back().await?;
        let device_id = self.journal.device_id().await?;
        match self.outlet.known(&device_id).await {
            Ok(known) => {
                let found = self.spool.reconcile(known).await?;
                if found.delivered > 0 {
                    tracing::info!(
                        "the server has {} queued events already; they are not sent again",
                        found.delivered
                    );
                }
                if found.went_back {
                    tracing::warn!(
                        "the spool is older than what the server has seen of it: it was restored or copied; new numbers begin"
                    );
                }
                if found.lost > 0 {
                    tracing::error!(
                        "{} events are neither here nor at the server; there is a receipt",
                        found.lost
                    );
                }
                // A spool that was just opened has begun so, and what came in since is new.
                if std::mem::replace(&mut self.books, Books::Compared) == Books::InDoubt {
                    self.spool.begin_live().await?;
                }
                self.has_backlog = true;
                self.journal.forget();
                Ok(Next::Again)
            }
            Err(verdict) => Ok(self.fail_by(verdict)),
        }
    }

    /// Makes everything that was taken free again, also what was read ahead.
    async fn give_back(&mut self) -> Result<(), SpoolError> {
        self.settled().await?;
        self.ahead = [None, None];
        let (first, last) = EVERY_POSITION;
        self.spool.give_back(first, last).await?;
        // The lanes that it came from are not empty.
        self.has_backlog = true;
        let now = Instant::now();
        self.live_since = Some(now.checked_sub(self.linger).unwrap_or(now));
        Ok(())
    }

    async fn settled(&mut self) -> Result<(), SpoolError> {
        wait_for(self.settling.take()).await
    }

    fn heard(&mut self, sent_at: Instant) {
        self.sent_at = Some(sent_at);
        let Some(offset_ms) = self.outlet.clock_offset_ms() else { return };
        match self.health.set_clock_offset(offset_ms) {
            Some(ClockState::Off) => tracing::warn!(
                "this computer's clock and the server's differ by {} s; events keep the time they were stamped with: \
                 check both clocks",
                offset_ms / 1000
            ),
            Some(ClockState::Right) => tracing::info!("this computer's clock and the server's agree again"),
            None => {}
        }
    }

    fn succeed(&mut self) {
        if self.health.set_failing(None) {
            tracing::info!("the server takes events again");
        }
    }

    fn fail_by(&mut self, verdict: Verdict) -> Next {
        match self.course.acquitted(verdict, fastrand::f64()) {
            Step::Wait { wait, reason, alarm } => self.fail(wait, &reason, alarm),
            _ => Next::Again,
        }
    }

    fn fail(&mut self, wait: Duration, reason: &str, alarm: Alarm) -> Next {
        self.books = Books::InDoubt;
        self.health.retries.fetch_add(1, Ordering::Relaxed);
        self.health.set_failing(Some(alarm));
        let seconds = wait.as_secs_f64();
        match alarm {
            Alarm::Forbidden => tracing::error!(
                "THE SERVER FORBIDS THIS AGENT TO SEND: {reason}. Events are kept here; give the agent the right to \
                 send. Trying again in {seconds:.0} s"
            ),
            Alarm::Patience => {
                tracing::warn!("not delivered: {reason}; events are kept, trying again in {seconds:.1} s");
            }
        }
        Next::Pause(wait)
    }
}

/// Whether any event would have had room in a batch: then there were no more.
fn has_room(batch: &Batch, portion: Portion) -> bool {
    batch.bodies.len() < portion.events && bytes(batch) + MAX_BODY_BYTES <= portion.bytes
}

fn bytes(batch: &Batch) -> usize {
    batch.bodies.iter().map(String::len).sum()
}

fn lane(turn: Turn) -> Lane {
    match turn {
        Turn::Live => Lane::Live,
        Turn::Backlog => Lane::Backlog,
    }
}

async fn wait_for(
    settling: Option<tokio::task::JoinHandle<Result<(), SpoolError>>>,
) -> Result<(), SpoolError> {
    match settling {
        // It is never aborted, so what is left is the end of the runtime.
        Some(settling) => settling.await.unwrap_or(Err(SpoolError::Closed)),
        None => Ok(()),
    }
}
