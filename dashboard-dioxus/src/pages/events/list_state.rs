//! Where somebody stands in the list of events: at its moving top, at a top that is held, or on a page of the past.

use super::log::{Completeness, EventLog};
use crate::lean::memo::{Memo, use_memo};
use crate::lean::sorted_map::SortedMap;
use crate::model::{EventFeed, EventPage, SeenEvent};
use crate::route::{EventsAddress, go_to};
use dioxus::prelude::*;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;

/// The number of a page in the past whose address does not tell it.
const SECOND_PAGE: u16 = 2;
/// How often the list moves at most, in ms: nobody can read one that moves with each of many deliveries a second.
const MOVES_EVERY_MS: u32 = 500;

/// The list and what somebody does with it. It belongs to the component that makes it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ListState {
    /// Which page is in view.
    address: ReadSignal<EventsAddress>,
    /// Whether that is a page below the first.
    pub(crate) in_past: Memo<bool>,
    /// The top of the list as it is now, in view or not.
    pub(crate) log: Signal<EventLog>,
    /// The top of the list as it was when it was paused.
    pub(crate) paused: Signal<Option<Rc<EventLog>>>,
    /// Where the pages begin that were in view, by their numbers: the address of one does not tell that of the one above it.
    cursors: CopyValue<SortedMap<u16, String>>,
    /// How many passing events the feed has received_count.
    pub(crate) received_count: Signal<usize>,
    /// How many it had received_count when the list was last seen moving.
    received_before_pause: Signal<usize>,
    /// How many events the feed left out.
    pub(crate) skipped: Signal<i64>,
    /// The last delivery that was taken over.
    delivery: CopyValue<Option<u64>>,
    /// What came since the list last moved.
    pending: CopyValue<Vec<SeenEvent>>,
    /// Whether the list has just moved.
    is_resting: CopyValue<bool>,
}

/// The list of the component that calls this, on the page of the address.
pub(crate) fn use_list_state(address: ReadSignal<EventsAddress>) -> ListState {
    let in_past = use_memo(move || !address.read().after.is_empty());
    let state = use_hook(|| ListState {
        address,
        in_past,
        log: Signal::new(EventLog::default()),
        paused: Signal::new(None),
        cursors: CopyValue::new(SortedMap::default()),
        received_count: Signal::new(0),
        received_before_pause: Signal::new(0),
        skipped: Signal::new(0),
        delivery: CopyValue::new(None),
        pending: CopyValue::new(Vec::new()),
        is_resting: CopyValue::new(false),
    });
    use_effect(move || {
        let mut state = state;
        if in_past() && state.paused.peek().is_none() {
            state.start_counting();
        }
    });
    use_effect(move || {
        let mut cursors = state.cursors;
        let EventsAddress { page, after, .. } = address();
        if let Some(page) = page {
            cursors.write().insert(page, after);
        }
    });
    state
}

impl ListState {
    /// How many passing events came since the list stands still.
    pub(crate) fn held_back_count(&self) -> usize {
        (self.received_count)() - (self.received_before_pause)()
    }

    /// Takes over a delivery of the feed, for [`Self::catch_up`]. Says whether all came that was stored.
    pub(crate) fn receive(
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
        if !passing.is_empty() {
            *self.received_count.write() += passing.len();
            self.pending.write().extend(passing);
        }
        if feed.skipped > 0 {
            *self.skipped.write() += feed.skipped;
        }
        let is_whole = !is_missed && feed.skipped == 0 && !feed.follows_gap;
        if is_whole { Completeness::Complete } else { Completeness::Incomplete }
    }

    /// Puts what was received into the list: at once, unless the list has just moved. `refresh` asks for the first page
    /// again, where the list is not whole afterwards.
    pub(crate) fn catch_up(mut self, refresh: impl Fn() + Copy + 'static) {
        if *self.is_resting.peek() || self.pending.peek().is_empty() {
            return;
        }
        if self.put_pending() == Completeness::Incomplete {
            refresh();
        }
        // Only a browser has timers; a page that is drawn as text always catches up at once.
        if cfg!(target_arch = "wasm32") {
            self.is_resting.set(true);
            spawn(async move {
                TimeoutFuture::new(MOVES_EVERY_MS).await;
                self.is_resting.set(false);
                self.catch_up(refresh);
            });
        }
    }

    fn put_pending(&mut self) -> Completeness {
        let pending = std::mem::take(&mut *self.pending.write());
        self.log.write().add_streamed(pending)
    }

    pub(crate) fn replace_by_page(mut self, page: &EventPage, lets_through: impl Fn(&SeenEvent) -> bool) {
        self.log.write().replace_by_page(page, lets_through);
    }

    /// Holds the list, or lets it move again from its top.
    pub(crate) fn toggle_pause(mut self) {
        if *self.in_past.peek() {
            self.paused.set(None);
            go_to(self.newest().into());
        } else if self.paused.peek().is_some() {
            self.paused.set(None);
        } else {
            self.start_counting();
            self.put_pending();
            let now = Rc::new(self.log.peek().clone());
            self.paused.set(Some(now));
        }
    }

    /// The number of the page in view, from 1.
    pub(crate) fn page(&self) -> u16 {
        if (self.in_past)() { self.address.read().page.unwrap_or(SECOND_PAGE) } else { 1 }
    }

    /// The page below, which begins at this cursor.
    pub(crate) fn older(self, cursor: String) -> EventsAddress {
        let page = Some(self.page().saturating_add(1));
        EventsAddress { page, after: cursor, ..self.address.peek().clone() }
    }

    /// The page above, where it is known: one that was opened by its address knows none but the first.
    pub(crate) fn newer(self) -> Option<EventsAddress> {
        let above = self.page() - 1;
        if above == 1 {
            return Some(self.newest());
        }
        let after = self.cursors.peek().get(&above)?.clone();
        Some(EventsAddress { page: Some(above), after, ..self.address.peek().clone() })
    }

    /// The latest events.
    pub(crate) fn newest(self) -> EventsAddress {
        self.address.peek().first_page()
    }

    /// Whether the list does not move.
    pub(crate) fn is_still(&self) -> bool {
        self.paused.read().is_some() || (self.in_past)()
    }

    fn start_counting(&mut self) {
        let received_count = *self.received_count.peek();
        self.received_before_pause.set(received_count);
    }
}
