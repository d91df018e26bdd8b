//! When to look for changes and when to tell of them: the first change after a quiet time at once, later ones at the end
//! of an interval, and a revision that rose without a visible change seldom.

use std::time::{Duration, Instant};

/// The least time between two deliveries of changes, and between two looks at the database.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long a delivery may take to be passed on to all subscribers before the next step is taken all the same. Until then
/// the next one waits, because who is overtaken needs the whole instead of a change, which takes longer still.
const PATIENCE: Duration = Duration::from_millis(250);

/// The least time between a delivery and one that tells of nothing but a new revision.
const REVISION_INTERVAL: Duration = Duration::from_secs(1);

/// How long nothing may be announced before it is looked anyway: an announcement may be lost, the rows are not.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// The longest wait after a look that failed.
const MAX_BACK_OFF: Duration = Duration::from_secs(5);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Look what changed, and deliver it if it can be seen.
    Look,
    /// Deliver the new revision alone.
    Tell,
}

/// A step and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) step: Step,
    /// Not to be taken before this, nor before the last delivery has been passed on.
    pub(crate) due: Instant,
    /// To be taken then, passed on or not.
    pub(crate) patience: Instant,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something that subscribers see; it is delivered now.
    Change,
    /// Nothing but a new revision.
    Revision,
    /// Nothing.
    Nothing,
}

/// The state between looks and deliveries. It is told the time and never waits.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// Something may have changed since the last look.
    is_stale: bool,
    /// Not to be looked again before this.
    earliest_look: Instant,
    /// To be looked again then, stale or not.
    poll_at: Instant,
    /// The last delivery of either kind.
    delivered_at: Option<Instant>,
    /// Since when there is a revision that subscribers do not know.
    untold_since: Option<Instant>,
    /// Looks that failed since the last that did not.
    failures: u32,
}

impl Pacing {
    /// Nothing is known yet: the first look is due at once.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            is_stale: true,
            earliest_look: now,
            poll_at: now,
            delivered_at: None,
            untold_since: None,
            failures: 0,
        }
    }

    /// What to do next, and when.
    pub(crate) fn next(&self) -> Next {
        let look_at = if self.is_stale { self.earliest_look } else { self.poll_at };
        let (step, due) = match self.tell_at() {
            Some(tell_at) if tell_at < look_at => (Step::Tell, tell_at),
            _ => (Step::Look, look_at),
        };
        let patience = self.delivered_at.map_or(due, |delivered_at| due.max(delivered_at + PATIENCE));
        Next { step, due, patience }
    }

    /// Whether a look is due as soon as the interval allows.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Something may have changed.
    pub(crate) fn changed(&mut self) {
        self.is_stale = true;
    }

    /// It was looked, and what was found is being delivered if it can be seen.
    pub(crate) fn looked(&mut self, now: Instant, found: Found) {
        self.is_stale = false;
        self.failures = 0;
        self.poll_at = now + POLL_INTERVAL;
        match found {
            Found::Change => self.delivered(now),
            Found::Revision => {
                self.earliest_look = now + INTERVAL;
                self.untold_since = self.untold_since.or(Some(now));
            }
            // It was quiet, so the next change is the first one.
            Found::Nothing => {}
        }
    }

    /// It could not be looked; it is tried again, less and less often.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.is_stale = true;
        let back_off = INTERVAL.saturating_mul(2_u32.saturating_pow(self.failures)).min(MAX_BACK_OFF);
        self.earliest_look = now + back_off;
        self.failures += 1;
    }

    /// The state, or its revision alone, is being delivered.
    pub(crate) fn delivered(&mut self, now: Instant) {
        self.delivered_at = Some(now);
        self.untold_since = None;
        self.earliest_look = now + INTERVAL;
    }

    /// A revision waits at least an interval, since a change that can be seen often follows and carries it.
    fn tell_at(&self) -> Option<Instant> {
        let earliest = self.untold_since? + INTERVAL;
        Some(
            self.delivered_at.map_or(earliest, |delivered_at| earliest.max(delivered_at + REVISION_INTERVAL)),
        )
    }
}

#[cfg(test)]
mod tests;
