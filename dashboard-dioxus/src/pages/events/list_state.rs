//! Where somebody stands in the list of events: at its moving top, at a top that is held, or on a page of the past.

use super::log::{Completeness, EventLog};
use crate::model::{EventFeed, EventPage, SeenEvent};
use dioxus::prelude::*;
use std::rc::Rc;

/// The list and what somebody does with it. It belongs to the component that makes it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ListState {
    /// The top of the list as it is now, in view or not.
    pub(crate) log: Signal<EventLog>,
    /// The top of the list as it was when it was paused.
    pub(crate) paused: Signal<Option<Rc<EventLog>>>,
    /// Where each page below the first begins, down to the one in view; empty on the first.
    pub(crate) cursors: Signal<Vec<String>>,
    /// How many passing events the feed has received_count.
    pub(crate) received_count: Signal<usize>,
    /// How many it had received_count when the list was last seen moving.
    received_before_pause: Signal<usize>,
    /// How many events the feed left out.
    pub(crate) skipped: Signal<i64>,
    /// The last delivery that was taken over.
    delivery: CopyValue<Option<u64>>,
}

impl ListState {
    pub(crate) fn new() -> Self {
        Self {
            log: Signal::new(EventLog::default()),
            paused: Signal::new(None),
            cursors: Signal::new(Vec::new()),
            received_count: Signal::new(0),
            received_before_pause: Signal::new(0),
            skipped: Signal::new(0),
            delivery: CopyValue::new(None),
        }
    }

    /// How many passing events came since the list stands still.
    pub(crate) fn held_back_count(&self) -> usize {
        (self.received_count)() - (self.received_before_pause)()
    }

    /// Takes over a delivery of the feed. Says whether the list is whole afterwards.
    pub(crate) fn add_streamed(
        mut self,
        feed: &EventFeed,
        lets_through: impl Fn(&SeenEvent) -> bool,
    ) -> Completeness {
        let before = self.delivery.replace(Some(feed.delivery));
        if before == Some(feed.delivery) {
            return Completeness::Complete;
        }
        // Two deliveries that came at once are seen as one, and only the later is left.
        let is_missed = before.is_some_and(|before| feed.delivery != before + 1);
        let passing: Vec<SeenEvent> =
            feed.events.iter().filter(|event| lets_through(event)).cloned().collect();
        let mut whole = Completeness::Complete;
        if !passing.is_empty() {
            *self.received_count.write() += passing.len();
            whole = self.log.write().add_streamed(passing);
        }
        if feed.skipped > 0 {
            *self.skipped.write() += feed.skipped;
        }
        if is_missed || feed.skipped > 0 || feed.follows_gap { Completeness::Incomplete } else { whole }
    }

    pub(crate) fn replace_by_page(mut self, page: &EventPage, lets_through: impl Fn(&SeenEvent) -> bool) {
        self.log.write().replace_by_page(page, lets_through);
    }

    /// Holds the list, or lets it move again from its top.
    pub(crate) fn toggle_pause(mut self) {
        if self.is_still() {
            self.paused.set(None);
            self.cursors.set(Vec::new());
        } else {
            self.start_counting();
            let now = Rc::new(self.log.peek().clone());
            self.paused.set(Some(now));
        }
    }

    pub(crate) fn older(mut self, cursor: String) {
        if !self.is_still() {
            self.start_counting();
        }
        self.cursors.write().push(cursor);
    }

    pub(crate) fn newer(mut self) {
        self.cursors.write().pop();
    }

    fn is_still(&self) -> bool {
        self.paused.peek().is_some() || !self.cursors.peek().is_empty()
    }

    fn start_counting(&mut self) {
        let received_count = *self.received_count.peek();
        self.received_before_pause.set(received_count);
    }
}
