//! Newly stored events as one subscriber sees them.

use std::{sync::Arc, time::Instant};

use super::{
    announcement::Listener,
    pacing::{Found, Next, Pacing, Step},
};
use crate::store::events::StoredEvent;

/// One delivery of a feed.
#[derive(Debug)]
pub struct Delivery {
    /// Everything up to this revision has been delivered or skipped.
    pub revision: i64,
    /// In the order in which they were stored.
    pub events: Vec<Arc<StoredEvent>>,
    /// How many stored since the delivery before were left out.
    pub skipped: u64,
}

/// One subscriber to a factory's newly stored events. It remembers how many it has seen, and no event.
pub struct Feed {
    listener: Listener,
    pacing: Pacing,
    has_begun: bool,
    /// The factory's revision at the last look.
    revision: i64,
    /// How many of the events announced were delivered or skipped.
    seen: u64,
}

impl Feed {
    /// Begins at the factory's revision as read after the listener began to listen.
    pub(super) fn begin(listener: Listener, revision: i64) -> Self {
        let (revision, seen) = listener.begin_feed(revision);
        Self { listener, pacing: Pacing::new(Instant::now()), has_begun: false, revision, seen }
    }

    /// Waits for the next delivery. The first comes at once and says where the feed begins.
    pub async fn next(&mut self) -> Delivery {
        if !self.has_begun {
            self.has_begun = true;
            self.pacing.looked(Instant::now(), Found::Change);
            // What was announced since the feed began is still to be looked at.
            self.pacing.changed();
            return self.revision_alone();
        }
        loop {
            let Next { step, due, .. } = self.pacing.next();
            tokio::select! {
                () = self.listener.heard() => self.pacing.changed(),
                () = tokio::time::sleep_until(due.into()) => match step {
                    Step::Look => if let Some(delivery) = self.look() { return delivery },
                    Step::Tell => {
                        self.pacing.delivered(Instant::now());
                        return self.revision_alone();
                    }
                },
            }
        }
    }

    /// The events announced since the last look, if there are any.
    fn look(&mut self) -> Option<Delivery> {
        let announced = self.listener.announced();
        let new = announced.stored - self.seen;
        let old = announced.latest.len().saturating_sub(usize::try_from(new).unwrap_or(usize::MAX));
        let events: Vec<_> = announced.latest.iter().skip(old).cloned().collect();
        let has_risen = announced.revision > self.revision;
        self.revision = self.revision.max(announced.revision);
        self.seen = announced.stored;
        drop(announced);
        let found = match new {
            0 if has_risen => Found::Revision,
            0 => Found::Nothing,
            _ => Found::Change,
        };
        self.pacing.looked(Instant::now(), found);
        let skipped = new - events.len() as u64;
        (found == Found::Change).then_some(Delivery { revision: self.revision, events, skipped })
    }

    fn revision_alone(&self) -> Delivery {
        Delivery { revision: self.revision, events: Vec::new(), skipped: 0 }
    }
}
