//! What a cohort publishes, and which part of it each follower gets.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use super::broadcast::Source;
use crate::report::{Change, Report, ReportError, Row};

/// What a cohort publishes: nothing yet, the state, or why there will be no more.
pub(super) type Published = Option<Result<Arc<Delivery>, ReportError>>;

/// The state at one point of a cohort's life.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Counts the cohort's deliveries.
    pub(super) sequence: u64,
    /// Everything.
    pub(super) report: Arc<Report>,
    /// What a follower needs that has the delivery before.
    pub(super) part: Part,
}

impl Delivery {
    /// What a follower needs that was last sent the delivery of this number. A change alone is enough only for one that has
    /// the delivery before.
    fn part_after(&self, sent: Option<u64>) -> Part {
        if sent.is_some_and(|sent| sent + 1 == self.sequence) { self.part.clone() } else { Part::Whole }
    }
}

/// How much of a report is delivered.
#[derive(Clone, Debug)]
pub enum Part {
    /// All of it.
    Whole,
    /// What is different from the report before.
    Change(Arc<Change>),
}

impl Part {
    /// Whether it replaces what the client holds.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// The rows of this part of a report.
    pub fn rows<'a>(&'a self, report: &'a Report) -> &'a [Arc<Row>] {
        match self {
            Self::Whole => &report.rows,
            Self::Change(change) => &change.rows,
        }
    }

    /// The codes of the rows that fell out.
    pub fn removed(&self) -> &[String] {
        match self {
            Self::Whole => &[],
            Self::Change(change) => &change.removed,
        }
    }
}

/// One delivery as a follower gets it; an error is the last.
pub type Delivered = Result<(Arc<Report>, Part), ReportError>;

/// One subscriber of a cohort. It only keeps the number of the delivery it was last sent.
#[derive(Debug)]
pub struct Follower {
    published: watch::Receiver<Published>,
    sent: Option<u64>,
    /// Counts the followers that are passing a delivery on.
    in_progress: TaskTracker,
    /// While this one is.
    token: Option<TaskTrackerToken>,
}

impl Follower {
    pub(super) fn new(published: watch::Receiver<Published>, in_progress: TaskTracker) -> Self {
        Self { published, sent: None, in_progress, token: None }
    }

    /// Waits for the next delivery: the first is the whole, at once if the cohort has it. None after an error. Calling it
    /// again means that the one before has been passed on.
    pub async fn next(&mut self) -> Option<Delivered> {
        Some(self.state().await?.map(|State { report, part, .. }| (report, part)))
    }

    async fn state(&mut self) -> Option<Result<State, ReportError>> {
        self.token = None;
        if self.sent.is_some() {
            self.published.changed().await.ok()?;
        }
        let published = self.published.wait_for(Option::is_some).await.ok()?.clone()?;
        self.token = Some(self.in_progress.token());
        Some(published.map(|delivery| {
            let part = delivery.part_after(self.sent);
            self.sent = Some(delivery.sequence);
            State { sequence: delivery.sequence, report: delivery.report.clone(), part }
        }))
    }
}

/// A cohort's latest delivery, for a broadcast.
pub struct State {
    /// Counts the cohort's deliveries.
    sequence: u64,
    report: Arc<Report>,
    /// What a subscriber needs that has the delivery before.
    part: Part,
}

impl Source for Follower {
    type State = State;
    type Delivery = Delivered;

    async fn next(&mut self) -> Option<Result<State, Delivered>> {
        Some(self.state().await?.map_err(Err))
    }

    fn position(state: &State) -> u64 {
        state.sequence
    }

    fn base(state: &State, sent: Option<u64>) -> Option<u64> {
        sent.filter(|sent| sent + 1 == state.sequence && !state.part.is_whole())
    }

    fn delivery(state: &State, base: Option<u64>) -> Delivered {
        let part = if base.is_some() { state.part.clone() } else { Part::Whole };
        Ok((state.report.clone(), part))
    }
}

#[cfg(test)]
mod tests;
