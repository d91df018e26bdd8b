//! When the next slice of decisions is applied that are too much for one transaction. Batches come first: while they keep the
//! writer busy, slices have a small share of its time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use domain::id::FactorySlug;

use super::limits::{PENDING_INTERVAL, REST_PER_SLICE};

/// The factories with decisions that are not applied in full yet.
pub(super) struct Pending {
    factories: VecDeque<FactorySlug>,
    /// When the next slice may be applied.
    due: Instant,
    /// When others are to be looked for; none when only this server writes, so that it knows them all.
    look_again: Option<Instant>,
    /// Whether a batch was stored since the last slice.
    is_busy: bool,
}

/// What to do about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Look which factories have some.
    Look,
    /// Apply a slice of those of this one.
    Apply(FactorySlug),
}

impl Pending {
    /// Of a server that was just started: it looks first.
    pub(super) fn new(now: Instant) -> Self {
        Self { factories: VecDeque::new(), due: now, look_again: Some(now), is_busy: false }
    }

    /// Takes note that a batch was stored.
    pub(super) fn stored(&mut self) {
        self.is_busy = true;
    }

    /// Adds a factory.
    pub(super) fn add(&mut self, slug: FactorySlug) {
        if !self.factories.contains(&slug) {
            self.factories.push_back(slug);
        }
    }

    /// Takes note of which factories have some. `is_shared` is whether other servers write to the database, too.
    pub(super) fn looked(&mut self, found: Vec<FactorySlug>, is_shared: bool, now: Instant) {
        for slug in found {
            self.add(slug);
        }
        self.look_again = is_shared.then(|| now + PENDING_INTERVAL);
    }

    /// Takes note that it could not be looked, or that a slice could not be applied: it is tried again.
    pub(super) fn failed(&mut self, step: Step, now: Instant) {
        match step {
            Step::Look => self.look_again = Some(now + PENDING_INTERVAL),
            Step::Apply(slug) => {
                self.add(slug);
                self.due = now + PENDING_INTERVAL;
            }
        }
    }

    /// Takes note that a slice was applied, which took so long.
    pub(super) fn applied(&mut self, slug: FactorySlug, is_more: bool, took: Duration, now: Instant) {
        if is_more {
            self.add(slug);
        }
        let is_busy = std::mem::take(&mut self.is_busy);
        self.due = if is_busy { now + took * REST_PER_SLICE } else { now };
    }

    /// When there is something to do; none for nothing.
    pub(super) fn due(&self) -> Option<Instant> {
        let slice = (!self.factories.is_empty()).then_some(self.due);
        slice.into_iter().chain(self.look_again).min()
    }

    /// What is to be done now; factories take turns.
    pub(super) fn next(&mut self, now: Instant) -> Option<Step> {
        if self.look_again.is_some_and(|at| at <= now) {
            return Some(Step::Look);
        }
        if self.due > now {
            return None;
        }
        self.factories.pop_front().map(Step::Apply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(100);

    fn apply(slug: &str) -> Step {
        Step::Apply(slug.into())
    }

    fn pending(now: Instant) -> Pending {
        let mut pending = Pending::new(now);
        assert_eq!(pending.next(now), Some(Step::Look));
        pending.looked(vec!["one".into(), "other".into()], false, now);
        pending
    }

    #[test]
    fn factories_take_turns_until_nothing_is_left() {
        let now = Instant::now();
        let mut pending = pending(now);
        for expected in ["one", "other", "one"] {
            let step = pending.next(now);
            assert_eq!(step, Some(apply(expected)));
            pending.applied(expected.into(), expected == "one", TOOK, now);
        }
        assert_eq!(pending.next(now), Some(apply("one")));
        pending.applied("one".into(), false, TOOK, now);
        assert_eq!((pending.next(now), pending.due()), (None, None));
    }

    #[test]
    fn slices_follow_at_once_until_batches_come_and_rest_then() {
        let now = Instant::now();
        let mut pending = pending(now);
        assert_eq!(pending.next(now), Some(apply("one")));
        pending.stored();
        pending.applied("one".into(), true, TOOK, now);
        assert_eq!(pending.next(now), None);
        let rested = now + TOOK * REST_PER_SLICE;
        assert_eq!(pending.due(), Some(rested));
        assert_eq!(pending.next(rested), Some(apply("other")));
        pending.applied("other".into(), true, TOOK, rested);
        assert_eq!(pending.next(rested), Some(apply("one")));
    }

    #[test]
    fn what_other_servers_began_with_is_looked_for_again_and_what_failed_is_tried_again() {
        let now = Instant::now();
        let mut pending = Pending::new(now);
        pending.failed(Step::Look, now);
        assert_eq!((pending.next(now), pending.due()), (None, Some(now + PENDING_INTERVAL)));
        let later = now + PENDING_INTERVAL;
        assert_eq!(pending.next(later), Some(Step::Look));
        pending.looked(vec!["one".into()], true, later);
        let step = pending.next(later).expect("a step");
        pending.failed(step, later);
        assert_eq!(pending.next(later), None);
        assert_eq!(pending.next(later + PENDING_INTERVAL), Some(Step::Look));
        pending.looked(Vec::new(), true, later + PENDING_INTERVAL);
        assert_eq!(pending.next(later + PENDING_INTERVAL), Some(apply("one")));
    }
}
