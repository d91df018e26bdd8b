//! One computation for all subscribers with the same question: a task that reads what changed and publishes it.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use domain::time::{DurationMs, TimestampMs};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use super::{
    announcement::Listener,
    delivery::{Delivery, Follower, Part, Published},
    error::{LiveError, MAX_COHORTS},
    pacing::{Next, Pacing, PollOutcome, Step},
};
use crate::{
    clock::Clock,
    report::{Change, Now, Question, Report, ReportError, factory_now},
    store::access::{Scope, ScopeKey, SeeFigures},
    store::{MAX_COHORT_READS, Store},
};

/// The cohorts that have subscribers.
pub(super) struct Cohorts {
    by_key: Mutex<HashMap<Key, Publisher>>,
    reads: Semaphore,
    failed_reads: AtomicU64,
}

/// What a cohort's subscribers have in common: they see the same and ask the same.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    scope: ScopeKey,
    question: Question,
}

/// Where a cohort publishes.
#[derive(Clone)]
struct Publisher {
    published: watch::Sender<Published>,
    /// Counts the followers that are passing a delivery on.
    in_progress: TaskTracker,
}

impl Publisher {
    fn subscribe(&self) -> Follower {
        Follower::new(self.published.subscribe(), self.in_progress.clone())
    }
}

impl Default for Cohorts {
    fn default() -> Self {
        Self {
            by_key: Mutex::default(),
            reads: Semaphore::new(MAX_COHORT_READS),
            failed_reads: AtomicU64::default(),
        }
    }
}

impl Cohorts {
    /// Joins the cohort of a question within a scope, which begins with its first subscriber and ends with its last.
    pub(super) fn join(
        self: &Arc<Self>,
        scope: Scope<SeeFigures>,
        question: Question,
        store: &Store,
        (clock, max_clock_skew_ms): (&Clock, DurationMs),
        listen: impl FnOnce() -> Listener,
    ) -> Result<Follower, LiveError> {
        let key = Key { scope: scope.key(), question };
        let mut by_key = self.lock();
        if let Some(publisher) = by_key.get(&key) {
            return Ok(publisher.subscribe());
        }
        if by_key.len() >= MAX_COHORTS {
            return Err(LiveError::TooManyQuestions);
        }
        let publisher = Publisher { published: watch::Sender::new(None), in_progress: TaskTracker::new() };
        // A closed tracker can be waited for whenever it is empty, and still gives tokens.
        publisher.in_progress.close();
        let follower = publisher.subscribe();
        by_key.insert(key.clone(), publisher.clone());
        let cohort = Cohort {
            publisher,
            listener: listen(),
            cohorts: self.clone(),
            store: store.clone(),
            clock: clock.clone(),
            max_clock_skew_ms,
            scope,
            key,
            sequence: 0,
            report: None,
            moves_at_ms: None,
            pacing: Pacing::new(Instant::now()),
        };
        tokio::spawn(cohort.run());
        Ok(follower)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many reads have failed since the start.
    pub(super) fn failed_read_count(&self) -> u64 {
        self.failed_reads.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Publisher>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that answers one question.
struct Cohort {
    publisher: Publisher,
    listener: Listener,
    cohorts: Arc<Cohorts>,
    store: Store,
    clock: Clock,
    max_clock_skew_ms: DurationMs,
    scope: Scope<SeeFigures>,
    key: Key,
    /// The number of the last delivery.
    sequence: u64,
    /// What was last read; it differs from what was last published in nothing that subscribers see but its revision.
    report: Option<Arc<Report>>,
    /// When the window moves, Unix milliseconds.
    moves_at_ms: Option<TimestampMs>,
    pacing: Pacing,
}

impl Cohort {
    async fn run(mut self) {
        loop {
            let Next { step, due, deadline } = self.pacing.next();
            let is_stale = self.pacing.is_stale();
            tokio::select! {
                () = self.publisher.published.closed() => if self.has_ended() { return },
                () = self.listener.announcement() => self.check_announcement(),
                () = window_moves(&self.clock, self.moves_at_ms), if !is_stale => self.pacing.mark_stale(),
                () = all_delivered(due, deadline, &self.publisher.in_progress) => match step {
                    Step::Poll => if self.poll().await.is_break() { return },
                    Step::Publish => self.publish_revision(),
                },
            }
        }
    }

    /// Removes the cohort unless a subscriber joined in the meantime.
    fn has_ended(&self) -> bool {
        let mut by_key = self.cohorts.lock();
        let has_ended = self.publisher.published.receiver_count() == 0;
        if has_ended {
            by_key.remove(&self.key);
        }
        has_ended
    }

    fn check_announcement(&mut self) {
        let announced = self.listener.announced().revision;
        if self.report.as_ref().is_none_or(|report| report.scope.factory().revision < announced) {
            self.pacing.mark_stale();
        }
    }

    /// Reads what changed. An announcement that comes meanwhile is received afterwards and leads to another poll.
    async fn poll(&mut self) -> ControlFlow<()> {
        let now_ms = self.clock.now_ms();
        match self.read(now_ms).await {
            Ok(report) => {
                self.moves_at_ms =
                    self.key.question.window.moves_at_ms(report.scope.factory().time_zone, now_ms);
                let outcome = self.update(report);
                self.pacing.polled(Instant::now(), outcome);
            }
            Err(ReportError::Store(error)) => {
                tracing::warn!(%error, "a live report could not be read; it is tried again");
                self.cohorts.failed_reads.fetch_add(1, Ordering::Relaxed);
                self.pacing.poll_failed(Instant::now());
            }
            // The question has no answer any more, such as a day that the factory's new time zone skipped.
            Err(error) => {
                self.publisher.published.send_replace(Some(Err(error)));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    async fn read(&self, now_ms: TimestampMs) -> Result<Report, ReportError> {
        // The semaphore is never closed, so there always is a permit.
        let _permit = self.cohorts.reads.acquire().await;
        let snapshot = self.store.snapshot_for_live().await?;
        let (scope, question) = (factory_now(&snapshot, &self.scope).await?, &self.key.question);
        let now = Now::new(now_ms, self.max_clock_skew_ms);
        match &self.report {
            Some(report) => report.read_again(&snapshot, &scope, question, now).await,
            None => Report::read(&snapshot, &scope, question, now).await,
        }
    }

    /// Keeps a report and publishes it if subscribers see a difference.
    fn update(&mut self, report: Report) -> PollOutcome {
        let report = Arc::new(report);
        let before = self.report.replace(report.clone());
        let part = before
            .as_ref()
            .map_or(Some(Part::Whole), |before| visible_change(&self.key.question, before, &report));
        if let Some(part) = part {
            self.publish(report, part);
            return PollOutcome::Changed;
        }
        let has_risen =
            before.is_some_and(|before| before.scope.factory().revision < report.scope.factory().revision);
        if has_risen { PollOutcome::OnlyRevisionChanged } else { PollOutcome::Unchanged }
    }

    /// Publishes the revision alone.
    fn publish_revision(&mut self) {
        if let Some(report) = self.report.clone() {
            self.publish(report, Part::Change(Arc::default()));
        }
        self.pacing.published(Instant::now());
    }

    fn publish(&mut self, report: Arc<Report>, part: Part) {
        self.sequence += 1;
        let delivery = Delivery { sequence: self.sequence, report, part };
        self.publisher.published.send_replace(Some(Ok(Arc::new(delivery))));
    }
}

impl Drop for Cohort {
    /// However the task ends, the next subscriber starts a new cohort.
    fn drop(&mut self) {
        let mut by_key = self.cohorts.lock();
        if by_key
            .get(&self.key)
            .is_some_and(|publisher| publisher.published.same_channel(&self.publisher.published))
        {
            by_key.remove(&self.key);
        }
    }
}

/// What a subscriber that has the earlier report needs for the later one; none when it would see no difference.
fn visible_change(question: &Question, before: &Report, after: &Report) -> Option<Part> {
    if after.window != before.window {
        return Some(Part::Whole);
    }
    if question.entity_type.is_none() {
        return after.figures_differ(before).then_some(Part::Whole);
    }
    let change = Change::between(&before.rows, &after.rows);
    (!change.is_empty()).then(|| Part::Change(Arc::new(change)))
}

/// Waits until a step is due and no follower is passing a delivery on, but for the latter no longer than `deadline`.
async fn all_delivered(due: Instant, deadline: Instant, in_progress: &TaskTracker) {
    tokio::time::sleep_until(due.into()).await;
    // After the deadline the step is taken all the same.
    let _in_time = tokio::time::timeout_at(deadline.into(), in_progress.wait()).await;
}

/// Waits until the window moves, or for ever when it never does.
async fn window_moves(clock: &Clock, moves_at_ms: Option<TimestampMs>) {
    match moves_at_ms {
        Some(moves_at_ms) => clock.sleep_until(moves_at_ms).await,
        None => std::future::pending().await,
    }
}
