//! What is decided about a factory, as one subscriber follows it: which decisions are new or changed. They themselves are read
//! from their table when they are delivered, so that none is left out.

use std::time::Instant;

use domain::id::Revision;

use super::{
    announcement::Listener,
    broadcast::Source,
    pacing::{Next, Pacing, PollOutcome, Step},
};
use crate::{
    report::{ReportError, factory_now},
    store::Store,
    store::access::{Scope, SeePeople},
};

/// Which decisions a subscriber is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Everything up to this revision has been delivered with it.
    pub revision: Revision,
    /// Those that changed after this revision.
    pub after: Revision,
    /// When the last of them did.
    pub up_to: Revision,
}

/// How far a factory's decisions are at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The factory's revision.
    revision: Revision,
    /// That of the last change of a decision; 0 for none.
    decided: Revision,
}

impl State {
    /// Reads how far they are.
    ///
    /// # Errors
    /// The factory is gone, or the database failed.
    pub(super) async fn read(store: &Store, scope: &Scope<SeePeople>) -> Result<Self, ReportError> {
        let snapshot = store.snapshot_for_live().await?;
        let factory = factory_now(&snapshot, scope).await?;
        let factory = factory.factory();
        Ok(Self { revision: factory.revision, decided: factory.decided_revision })
    }

    /// What a subscriber needs that was sent all up to this number; one that was sent nothing yet gets where the feed begins.
    fn since(&self, sent: Option<u64>) -> Delivery {
        let after = sent.and_then(|sent| i64::try_from(sent).ok()).map_or(self.decided, Revision);
        Delivery { revision: self.revision, after, up_to: self.decided }
    }

    fn position(&self) -> u64 {
        self.decided.0.unsigned_abs()
    }
}

/// A subscription to a factory's decisions, by one subscriber or by all that sent the same operation.
pub struct DecisionFollower {
    listener: Listener,
    store: Store,
    scope: Scope<SeePeople>,
    pacing: Pacing,
    has_begun: bool,
    /// At the last poll.
    state: State,
    /// Up to which revision decisions were delivered, where there is one subscriber; none before the first delivery.
    sent: Option<u64>,
}

impl DecisionFollower {
    /// Begins where the decisions stand now; the listener listens since before that was read.
    pub(super) fn begin(listener: Listener, store: Store, scope: Scope<SeePeople>, state: State) -> Self {
        let pacing = Pacing::new(Instant::now());
        Self { listener, store, scope, pacing, has_begun: false, state, sent: None }
    }

    /// Waits for the next delivery. The first comes at once and has the revision at which the feed begins.
    pub async fn next(&mut self) -> Delivery {
        let state = self.state().await;
        state.since(self.sent.replace(state.position()))
    }

    async fn state(&mut self) -> State {
        if !self.has_begun {
            self.has_begun = true;
            self.pacing.polled(Instant::now(), PollOutcome::Changed);
            return self.state;
        }
        loop {
            let Next { step, due, .. } = self.pacing.next();
            tokio::select! {
                () = self.listener.announcement() => self.check_announcement(),
                () = tokio::time::sleep_until(due.into()) => match step {
                    Step::Poll => if self.poll().await == PollOutcome::Changed { return self.state },
                    Step::Publish => {
                        self.pacing.published(Instant::now());
                        return self.state;
                    }
                },
            }
        }
    }

    fn check_announcement(&mut self) {
        if self.listener.announced().revision > self.state.revision {
            self.pacing.mark_stale();
        }
    }

    /// Reads how far the decisions are. An announcement that comes meanwhile is received afterwards and leads to another poll.
    async fn poll(&mut self) -> PollOutcome {
        let state = match State::read(&self.store, &self.scope).await {
            Ok(state) => state,
            Err(error) => {
                tracing::warn!(%error, "how far decisions are could not be read; it is tried again");
                self.pacing.poll_failed(Instant::now());
                return PollOutcome::Unchanged;
            }
        };
        let before = std::mem::replace(&mut self.state, state);
        let outcome = if state.decided > before.decided {
            PollOutcome::Changed
        } else if state.revision > before.revision {
            PollOutcome::OnlyRevisionChanged
        } else {
            PollOutcome::Unchanged
        };
        self.pacing.polled(Instant::now(), outcome);
        outcome
    }
}

impl Source for DecisionFollower {
    type State = State;
    type Delivery = Delivery;

    async fn next(&mut self) -> Option<Result<State, Delivery>> {
        Some(Ok(self.state().await))
    }

    fn position(state: &State) -> u64 {
        state.position()
    }

    fn base(_: &State, sent: Option<u64>) -> Option<u64> {
        sent
    }

    fn delivery(state: &State, base: Option<u64>) -> Delivery {
        state.since(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_sent_all_that_it_lacks_and_a_new_one_nothing() {
        let state = State { revision: Revision(9), decided: Revision(8) };
        let delivery = |after| Delivery { revision: Revision(9), after: Revision(after), up_to: Revision(8) };
        assert_eq!(state.since(None), delivery(8));
        assert_eq!(state.since(Some(8)), delivery(8));
        assert_eq!(state.since(Some(3)), delivery(3));
        assert_eq!(state.since(Some(0)), delivery(0));
    }
}
