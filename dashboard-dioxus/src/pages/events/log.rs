//! The list of events in view: a page that was asked for, with what was stored since put where it belongs.

use crate::model::{EventPage, SeenEvent};

use domain::event::{EntityType, EventForm, EventType};
use std::collections::HashSet;
use std::rc::Rc;

/// The most events that are held: ten screens.
pub(crate) const MAX_HELD: usize = 500;

/// What two reports of the same event agree on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    kind: EntityType,
    entity_id: String,
    state: EventType,
    timestamp_ms: i64,
    event_id: Option<String>,
    form: EventForm,
    model_version: Option<String>,
    /// Of a state report alone: another camera's is another report.
    source_id: Option<String>,
}

impl Identity {
    pub(crate) fn of(event: &SeenEvent) -> Self {
        Self {
            kind: event.kind,
            entity_id: event.entity_id.clone(),
            state: event.state,
            timestamp_ms: event.timestamp.0,
            event_id: event.event_id.clone(),
            form: event.form(),
            model_version: event.model_version.clone(),
            source_id: event.source_id.clone().filter(|_| event.form() == EventForm::State),
        }
    }
}

/// How an event came into the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Queried,
    /// Brought by the feed while somebody was looking.
    Streamed,
}

/// One event of the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) event: Rc<SeenEvent>,
    pub(crate) origin: Origin,
}

/// What lies below the last event of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// Nothing: the list reaches the oldest event.
    Nothing,
    /// Older events, after this cursor.
    Cursor(String),
    /// Older events, but the list was cut, so a page has to be asked for before their cursor is known.
    Cut,
}

/// Whether the list is whole after what the feed received_count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completeness {
    Complete,
    /// The page has to be asked for again.
    Incomplete,
}

/// The events in view, the latest timestamp first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventLog {
    listed: Vec<Listed>,
    below: Below,
}

impl Default for EventLog {
    fn default() -> Self {
        Self { listed: Vec::new(), below: Below::Cut }
    }
}

impl EventLog {
    pub(crate) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    pub(crate) fn below(&self) -> &Below {
        &self.below
    }

    /// A page in place of what is held. What the feed received_count meanwhile stays where the page does not windows: above it,
    /// and within it what was stored after the page was read.
    pub(crate) fn replace_by_page(&mut self, page: &EventPage, lets_through: impl Fn(&SeenEvent) -> bool) {
        let held = std::mem::take(&mut self.listed);
        self.listed = page
            .events
            .iter()
            .map(|event| Listed { event: Rc::new(event.clone()), origin: Origin::Queried })
            .collect();
        self.below = page.next.clone().map_or(Below::Nothing, Below::Cursor);
        let fed = held.into_iter().filter(|listed| listed.origin == Origin::Streamed);
        let fed: Vec<Rc<SeenEvent>> = fed.map(|listed| listed.event).collect();
        let known_origin: HashSet<Identity> = fed.iter().map(|event| Identity::of(event)).collect();
        for listed in &mut self.listed {
            // What was marked as new stays so, instead of being drawn anew.
            if known_origin.contains(&Identity::of(&listed.event)) {
                listed.origin = Origin::Streamed;
            }
        }
        self.put(fed.into_iter().filter(|event| lets_through(event)));
    }

    /// Puts what the feed received_count where its timestamp belongs. What is older than the list reaches belongs to a later
    /// page.
    pub(crate) fn add_streamed(&mut self, events: impl IntoIterator<Item = SeenEvent>) -> Completeness {
        self.put(events.into_iter().map(Rc::new))
    }

    fn put(&mut self, events: impl Iterator<Item = Rc<SeenEvent>>) -> Completeness {
        let mut known: HashSet<Identity> =
            self.listed.iter().map(|listed| Identity::of(&listed.event)).collect();
        let mut whole = Completeness::Complete;
        for event in events {
            if known.contains(&Identity::of(&event)) {
                continue;
            }
            let place = self.listed.partition_point(|listed| listed.event.timestamp > event.timestamp);
            if place == self.listed.len() && self.below != Below::Nothing {
                continue;
            }
            let last = self.listed.last().map(|listed| listed.event.timestamp);
            if self.below != Below::Nothing && last == Some(event.timestamp) {
                // Only the server knows on which side of the page's end it belongs.
                whole = Completeness::Incomplete;
            }
            known.insert(Identity::of(&event));
            self.listed.insert(place, Listed { event, origin: Origin::Streamed });
        }
        if self.listed.len() > MAX_HELD {
            self.listed.truncate(MAX_HELD);
            self.below = Below::Cut;
        }
        if self.below == Below::Cut { Completeness::Incomplete } else { whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use proptest::prelude::*;

    fn event(timestamp_ms: i64) -> SeenEvent {
        SeenEvent {
            received_at: Instant(timestamp_ms),
            ..SeenEvent::of_worker(Instant(timestamp_ms), EventType::Working)
        }
    }

    fn page(timestamps_ms: &[i64], next: Option<&str>) -> EventPage {
        EventPage {
            events: timestamps_ms.iter().copied().map(event).collect(),
            next: next.map(str::to_owned),
        }
    }

    fn log(timestamps_ms: &[i64], next: Option<&str>) -> EventLog {
        let mut log = EventLog::default();
        log.replace_by_page(&page(timestamps_ms, next), |_| true);
        log
    }

    fn shown(log: &EventLog) -> Vec<i64> {
        log.listed().iter().map(|listed| listed.event.timestamp.0).collect()
    }

    #[test]
    fn what_the_feed_brings_stands_where_its_timestamp_belongs_and_only_once() {
        let mut log = log(&[30, 10], None);
        assert_eq!(
            log.add_streamed([event(40), event(20), event(30), event(40), event(5)]),
            Completeness::Complete
        );
        assert_eq!(shown(&log), [40, 30, 20, 10, 5]);
        let origins: Vec<Origin> = log.listed().iter().map(|listed| listed.origin).collect();
        assert_eq!(
            origins,
            [Origin::Streamed, Origin::Queried, Origin::Streamed, Origin::Queried, Origin::Streamed]
        );
    }

    #[test]
    fn what_is_older_than_a_page_reaches_is_left_to_the_page_below() {
        let mut log = log(&[30, 20], Some("c"));
        assert_eq!(log.add_streamed([event(10)]), Completeness::Complete);
        assert_eq!(shown(&log), [30, 20]);
        assert_eq!(log.below(), &Below::Cursor("c".to_owned()));
    }

    #[test]
    fn an_event_at_the_pages_very_end_has_the_page_asked_for_again() {
        let mut log = log(&[30, 20], Some("c"));
        let twin = SeenEvent { event_id: Some("twin".to_owned()), ..event(20) };
        assert_eq!(log.add_streamed([twin]), Completeness::Incomplete);
    }

    #[test]
    fn two_events_that_differ_in_their_own_id_alone_are_two() {
        let mut log = log(&[30], None);
        let twin = SeenEvent { event_id: Some("twin".to_owned()), ..event(30) };
        log.add_streamed([twin]);
        assert_eq!(shown(&log), [30, 30]);
    }

    #[test]
    fn no_more_than_the_limit_are_held_and_what_was_cut_is_asked_for_again() {
        let mut log = log(&[1], None);
        let many = (2..).map(event).take(MAX_HELD);
        assert_eq!(log.add_streamed(many), Completeness::Incomplete);
        assert_eq!(log.listed().len(), MAX_HELD);
        assert_eq!(log.below(), &Below::Cut);
        log.replace_by_page(&page(&[501, 500], Some("c")), |_| true);
        assert_eq!(shown(&log), [501, 500]);
        assert_eq!(log.below(), &Below::Cursor("c".to_owned()));
    }

    #[test]
    fn a_new_page_keeps_what_the_feed_brought_and_drops_what_no_longer_passes() {
        let mut log = log(&[30, 20], None);
        log.add_streamed([event(40), event(10)]);
        log.replace_by_page(&page(&[40, 30], None), |event| event.timestamp.0 >= 20);
        assert_eq!(shown(&log), [40, 30]);
        log.add_streamed([event(50)]);
        log.replace_by_page(&page(&[40, 30], None), |_| true);
        assert_eq!(shown(&log), [50, 40, 30]);
    }

    proptest! {
        #[test]
        fn whatever_comes_the_list_is_in_order_and_without_repeats(
            first in prop::collection::btree_set(0..60_i64, 0..20),
            fed in prop::collection::vec(0..60_i64, 0..40),
            has_more in any::<bool>(),
        ) {
            let first: Vec<i64> = first.into_iter().rev().collect();
            let mut log = log(&first, has_more.then_some("c"));
            log.add_streamed(fed.iter().copied().map(event));
            let shown = shown(&log);
            prop_assert!(shown.is_sorted_by(|later, earlier| later > earlier));
            let end = if has_more { first.last().copied().unwrap_or(i64::MAX) } else { i64::MIN };
            for timestamp_ms in fed {
                prop_assert_eq!(shown.contains(&timestamp_ms), timestamp_ms >= end && (!has_more || !first.is_empty()));
            }
        }
    }
}
