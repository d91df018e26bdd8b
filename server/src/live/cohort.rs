//! One computation for all subscribers who asked the same: a task that reads what changed and publishes it.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use super::{
    announcement::Listener,
    delivery::{Delivery, Follower, Part, Published},
    pacing::{Found, Next, Pacing, Step},
};
use crate::{
    clock::Clock,
    error::{ApiError, ErrorCode},
    report::{Change, Question, Report},
    store::Store,
};

/// The most different questions followed at a time: each keeps its rows in memory.
const MAX_COHORTS: usize = 2_000;

/// The most cohorts that read at a time, so that queries find a free reader.
const MAX_READS: usize = 2;

/// The cohorts that have subscribers.
pub(super) struct Cohorts {
    by_question: Mutex<HashMap<Question, Publisher>>,
    reads: Semaphore,
    failed_reads: AtomicU64,
}

/// What a cohort's subscribers listen to.
#[derive(Clone)]
struct Publisher {
    published: watch::Sender<Published>,
    /// Counts those who are at work on a delivery.
    at_work: TaskTracker,
}

impl Publisher {
    fn subscribe(&self) -> Follower {
        Follower::new(self.published.subscribe(), self.at_work.clone())
    }
}

impl Default for Cohorts {
    fn default() -> Self {
        Self {
            by_question: Mutex::default(),
            reads: Semaphore::new(MAX_READS),
            failed_reads: AtomicU64::default(),
        }
    }
}

impl Cohorts {
    /// Joins the cohort of a question, which begins with its first subscriber and ends with its last.
    pub(super) fn join(
        self: &Arc<Self>,
        question: Question,
        store: &Store,
        clock: &Clock,
        listen: impl FnOnce() -> Listener,
    ) -> Result<Follower, ApiError> {
        let mut by_question = self.lock();
        if let Some(publisher) = by_question.get(&question) {
            return Ok(publisher.subscribe());
        }
        if by_question.len() >= MAX_COHORTS {
            return Err(ApiError::overloaded(format!(
                "{MAX_COHORTS} different questions are being followed, the most at a time; ask again later, or ask what others ask"
            )));
        }
        let publisher = Publisher { published: watch::Sender::new(None), at_work: TaskTracker::new() };
        // It is never waited for all work to end for good, only for a moment without any.
        publisher.at_work.close();
        let follower = publisher.subscribe();
        by_question.insert(question.clone(), publisher.clone());
        let cohort = Cohort {
            publisher,
            listener: listen(),
            cohorts: self.clone(),
            store: store.clone(),
            clock: clock.clone(),
            question,
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

    fn lock(&self) -> MutexGuard<'_, HashMap<Question, Publisher>> {
        self.by_question.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task behind those who asked one question.
struct Cohort {
    publisher: Publisher,
    listener: Listener,
    cohorts: Arc<Cohorts>,
    store: Store,
    clock: Clock,
    question: Question,
    /// The number of the last delivery.
    sequence: u64,
    /// What was last read; subscribers see no difference between it and what was last delivered but its revision.
    report: Option<Arc<Report>>,
    /// When the window moves, Unix milliseconds.
    moves_at_ms: Option<i64>,
    pacing: Pacing,
}

impl Cohort {
    async fn run(mut self) {
        loop {
            let Next { step, due, patience } = self.pacing.next();
            let is_stale = self.pacing.is_stale();
            tokio::select! {
                () = self.publisher.published.closed() => if self.has_ended() { return },
                () = self.listener.heard() => self.note_announcement(),
                () = moved(&self.clock, self.moves_at_ms), if !is_stale => self.pacing.changed(),
                () = passed_on(due, patience, &self.publisher.at_work) => match step {
                    Step::Look => if self.look().await.is_break() { return },
                    Step::Tell => self.tell(),
                },
            }
        }
    }

    /// Leaves the cohorts unless somebody joined in the meantime.
    fn has_ended(&self) -> bool {
        let mut by_question = self.cohorts.lock();
        let has_ended = self.publisher.published.receiver_count() == 0;
        if has_ended {
            by_question.remove(&self.question);
        }
        has_ended
    }

    fn note_announcement(&mut self) {
        let announced = self.listener.announced().revision;
        if self.report.as_ref().is_none_or(|report| report.factory.revision < announced) {
            self.pacing.changed();
        }
    }

    /// Reads what changed. An announcement that comes meanwhile is heard afterwards and leads to another look.
    async fn look(&mut self) -> ControlFlow<()> {
        let now_ms = self.clock.now_ms();
        match self.read(now_ms).await {
            Ok(report) => {
                self.moves_at_ms = self.question.window.moves_at_ms(report.factory.time_zone, now_ms);
                let found = self.take_in(report);
                self.pacing.looked(Instant::now(), found);
            }
            // The question has no answer any more, such as a day that the factory's new time zone skipped.
            Err(error) if matches!(error.code, ErrorCode::BadUserInput | ErrorCode::NotFound) => {
                self.publisher.published.send_replace(Some(Err(error)));
                return ControlFlow::Break(());
            }
            Err(error) => {
                tracing::warn!(?error, "a live report could not be read; it is tried again");
                self.cohorts.failed_reads.fetch_add(1, Ordering::Relaxed);
                self.pacing.failed(Instant::now());
            }
        }
        ControlFlow::Continue(())
    }

    async fn read(&self, now_ms: i64) -> Result<Report, ApiError> {
        let _permit = self.cohorts.reads.acquire().await.map_err(|closed| ApiError::internal(&closed))?;
        let snapshot = self.store.snapshot().await?;
        match &self.report {
            Some(report) => report.read_again(&snapshot, &self.question, now_ms).await,
            None => Report::read(&snapshot, &self.question, now_ms).await,
        }
    }

    /// Keeps a report and delivers it if subscribers see a difference.
    fn take_in(&mut self, report: Report) -> Found {
        let report = Arc::new(report);
        let before = self.report.replace(report.clone());
        let news = before.as_ref().map_or(Some(Part::Whole), |before| news(&self.question, before, &report));
        if let Some(part) = news {
            self.deliver(report, part);
            return Found::Change;
        }
        let has_risen = before.is_some_and(|before| before.factory.revision < report.factory.revision);
        if has_risen { Found::Revision } else { Found::Nothing }
    }

    /// Delivers the revision alone.
    fn tell(&mut self) {
        if let Some(report) = self.report.clone() {
            self.deliver(report, Part::Change(Arc::default()));
        }
        self.pacing.delivered(Instant::now());
    }

    fn deliver(&mut self, report: Arc<Report>, part: Part) {
        self.sequence += 1;
        let delivery = Delivery { sequence: self.sequence, report, part };
        self.publisher.published.send_replace(Some(Ok(Arc::new(delivery))));
    }
}

impl Drop for Cohort {
    /// However the task ends, whoever asks next founds a new cohort.
    fn drop(&mut self) {
        let mut by_question = self.cohorts.lock();
        if by_question
            .get(&self.question)
            .is_some_and(|publisher| publisher.published.same_channel(&self.publisher.published))
        {
            by_question.remove(&self.question);
        }
    }
}

/// What those need who have the report before to see the one after; none when they would see no difference.
fn news(question: &Question, before: &Report, after: &Report) -> Option<Part> {
    if after.window != before.window {
        return Some(Part::Whole);
    }
    if question.side.is_none() {
        return after.figures_differ(before).then_some(Part::Whole);
    }
    let change = Change::between(&before.rows, &after.rows);
    (!change.is_empty()).then(|| Part::Change(Arc::new(change)))
}

/// Waits until a step is due and the delivery before it has been passed on, but for the latter no longer than `patience`.
async fn passed_on(due: Instant, patience: Instant, at_work: &TaskTracker) {
    tokio::time::sleep_until(due.into()).await;
    // Out of patience, the step is taken all the same.
    let _in_time = tokio::time::timeout_at(patience.into(), at_work.wait()).await;
}

/// Waits until the window moves, or for ever when it never does.
async fn moved(clock: &Clock, moves_at_ms: Option<i64>) {
    match moves_at_ms {
        Some(moves_at_ms) => clock.sleep_until(moves_at_ms).await,
        None => std::future::pending().await,
    }
}
