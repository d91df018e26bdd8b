//! Newly stored events as one subscriber sees them.

use std::{sync::Arc, time::Instant};

use super::{
    announcement::Listener,
    broadcast::Source,
    pacing::{Next, Pacing, PollOutcome, Step},
};

use domain::id::Revision;

use crate::store::events::StoredEvent;

/// One delivery of a feed.
#[derive(Debug)]
pub struct Delivery {
    /// Everything up to this revision has been delivered or skipped.
    pub revision: Revision,
    /// In the order in which they were stored.
    pub events: Vec<Arc<StoredEvent>>,
    /// How many stored since the delivery before were left out.
    pub skipped: u64,
}

/// A factory's newly stored events at one time.
#[derive(Clone)]
pub struct State {
    /// The factory's revision.
    revision: Revision,
    /// How many were announced.
    stored: u64,
    /// The latest of them in the order in which they were stored.
    latest: Arc<[Arc<StoredEvent>]>,
}

impl State {
    /// What a subscriber needs that was sent everything up to this number of events; one that was sent nothing yet gets
    /// where the feed begins.
    fn since(&self, sent: Option<u64>) -> Delivery {
        let new = self.stored - sent.unwrap_or(self.stored);
        let old = self.latest.len().saturating_sub(usize::try_from(new).unwrap_or(usize::MAX));
        let events = self.latest[old..].to_vec();
        let skipped = new - events.len() as u64;
        Delivery { revision: self.revision, events, skipped }
    }
}

/// A subscription to a factory's newly stored events, by one subscriber or by all that sent the same operation.
pub struct Feed {
    listener: Listener,
    pacing: Pacing,
    has_begun: bool,
    /// At the last poll.
    state: State,
    /// How many events were delivered or skipped, where there is one subscriber; none before the first delivery.
    sent: Option<u64>,
}

impl Feed {
    /// Begins at a revision up to which so many events were announced.
    pub(super) fn begin(listener: Listener, (revision, stored): (Revision, u64)) -> Self {
        let state = State { revision, stored, latest: Arc::default() };
        Self { listener, pacing: Pacing::new(Instant::now()), has_begun: false, state, sent: None }
    }

    /// Waits for the next delivery. The first comes at once and has the revision at which the feed begins.
    pub async fn next(&mut self) -> Delivery {
        let state = self.state().await;
        state.since(self.sent.replace(state.stored))
    }

    async fn state(&mut self) -> State {
        if !self.has_begun {
            self.has_begun = true;
            self.pacing.polled(Instant::now(), PollOutcome::Changed);
            // What was announced since the feed began is still to be read.
            self.pacing.mark_stale();
            return self.state.clone();
        }
        loop {
            let Next { step, due, .. } = self.pacing.next();
            tokio::select! {
                () = self.listener.announcement() => self.pacing.mark_stale(),
                () = tokio::time::sleep_until(due.into()) => match step {
                    Step::Poll => if self.poll() == PollOutcome::Changed { return self.state.clone() },
                    Step::Publish => {
                        self.pacing.published(Instant::now());
                        return self.state.clone();
                    }
                },
            }
        }
    }

    /// Reads what was announced since the last poll.
    fn poll(&mut self) -> PollOutcome {
        let announced = self.listener.announced();
        let mut outcome = PollOutcome::Unchanged;
        if announced.revision > self.state.revision {
            self.state.revision = announced.revision;
            outcome = PollOutcome::OnlyRevisionChanged;
        }
        if announced.stored > self.state.stored {
            self.state.stored = announced.stored;
            self.state.latest = announced.latest.iter().cloned().collect();
            outcome = PollOutcome::Changed;
        }
        drop(announced);
        self.pacing.polled(Instant::now(), outcome);
        outcome
    }
}

impl Source for Feed {
    type State = State;
    type Delivery = Delivery;

    async fn next(&mut self) -> Option<Result<State, Delivery>> {
        Some(Ok(self.state().await))
    }

    fn position(state: &State) -> u64 {
        state.stored
    }

    fn base(_: &State, sent: Option<u64>) -> Option<u64> {
        sent
    }

    fn delivery(state: &State, base: Option<u64>) -> Delivery {
        state.since(base)
    }
}
