//! When to poll for changes and when to publish them: the first change after a quiet time at once, later ones at the end
//! of an interval, and a revision that rose without a visible change at most once a second.

use std::time::{Duration, Instant};

use domain::backoff::Backoff;

/// The least time between two deliveries of changes, and between two polls of the database.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long a delivery may take to reach all subscribers before the next step is taken all the same. Until then the next
/// one waits, because a subscriber that misses a delivery needs the whole instead of a change, which takes longer still.
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(250);

/// The least time between a delivery and one that has nothing but a new revision.
const REVISION_INTERVAL: Duration = Duration::from_secs(1);

/// The longest time without a poll: an announcement may be lost, the rows are not.
const MAX_POLL_INTERVAL: Duration = Duration::from_mins(1);

/// The longest wait after a poll that failed.
const MAX_BACK_OFF: Duration = Duration::from_secs(5);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read what changed, and publish it if subscribers can see it.
    Poll,
    /// Publish the new revision alone.
    Publish,
}

/// A step and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) step: Step,
    /// Not to be taken before this, nor before all subscribers have the last delivery.
    pub(crate) due: Instant,
    /// To be taken then, whether or not they have it.
    pub(crate) deadline: Instant,
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollOutcome {
    /// Something that subscribers see; it is published now.
    Changed,
    /// Nothing but a new revision.
    OnlyRevisionChanged,
    /// Nothing.
    Unchanged,
}

/// The state between polls and deliveries. It takes the time as an argument and never waits.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// Something may have changed since the last poll.
    is_stale: bool,
    /// No poll before this.
    earliest_poll_at: Instant,
    /// The next poll at the latest, stale or not.
    latest_poll_at: Instant,
    /// The last delivery of either kind.
    published_at: Option<Instant>,
    /// Since when there is a revision that subscribers do not have.
    unpublished_since: Option<Instant>,
    /// The waits after polls that failed.
    backoff: Backoff,
}

impl Pacing {
    /// Nothing is known yet: the first poll is due at once.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            is_stale: true,
            earliest_poll_at: now,
            latest_poll_at: now,
            published_at: None,
            unpublished_since: None,
            backoff: Backoff::new(INTERVAL, MAX_BACK_OFF),
        }
    }

    /// What to do next, and when.
    pub(crate) fn next(&self) -> Next {
        let poll_at = if self.is_stale { self.earliest_poll_at } else { self.latest_poll_at };
        let (step, due) = match self.publish_at() {
            Some(publish_at) if publish_at < poll_at => (Step::Publish, publish_at),
            _ => (Step::Poll, poll_at),
        };
        let deadline = self.published_at.map_or(due, |published_at| due.max(published_at + DELIVERY_TIMEOUT));
        Next { step, due, deadline }
    }

    /// Whether a poll is due as soon as the interval allows.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Something may have changed.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// A poll succeeded, and what it found is being published if subscribers can see it.
    pub(crate) fn polled(&mut self, now: Instant, outcome: PollOutcome) {
        self.is_stale = false;
        self.backoff.reset();
        self.latest_poll_at = now + MAX_POLL_INTERVAL;
        match outcome {
            PollOutcome::Changed => self.published(now),
            PollOutcome::OnlyRevisionChanged => {
                self.earliest_poll_at = now + INTERVAL;
                self.unpublished_since = self.unpublished_since.or(Some(now));
            }
            // It was quiet, so the next change is the first one.
            PollOutcome::Unchanged => {}
        }
    }

    /// A poll failed; the next ones come less and less often.
    pub(crate) fn poll_failed(&mut self, now: Instant) {
        self.is_stale = true;
        self.earliest_poll_at = now + self.backoff.next_delay();
    }

    /// The state, or its revision alone, is being published.
    pub(crate) fn published(&mut self, now: Instant) {
        self.published_at = Some(now);
        self.unpublished_since = None;
        self.earliest_poll_at = now + INTERVAL;
    }

    /// A revision waits at least an interval, since a change that can be seen often follows and carries it.
    fn publish_at(&self) -> Option<Instant> {
        let earliest = self.unpublished_since? + INTERVAL;
        Some(
            self.published_at.map_or(earliest, |published_at| earliest.max(published_at + REVISION_INTERVAL)),
        )
    }
}

#[cfg(test)]
mod tests;
