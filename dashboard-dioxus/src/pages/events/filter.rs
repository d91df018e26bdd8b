//! Which events are wanted, as the address says it.

use crate::api::operation::EventFilter;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::SeenEvent;
use crate::model::window_span::span;
use crate::route::{Address, EventsAddress};
use crate::words::events as words;
use domain::event::{EntityType, EventType};
use domain::validate::FULL_CONFIDENCE;

/// What an event must be to be listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    pub(crate) kind: Option<EntityType>,
    pub(crate) entity_id: Option<String>,
    pub(crate) state: Option<EventType>,
    pub(crate) source: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) from: Option<Instant>,
    pub(crate) to: Option<Instant>,
    pub(crate) max_confidence: Option<f64>,
}

impl Filter {
    /// What the address restricts the list to at the moment `now`. Its own times come before those of its window.
    pub(crate) fn of(at: &EventsAddress, zone: &Zone, now: Instant) -> Self {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let window = if has_own_times(at) { None } else { span(at.selection.window, zone, now) };
        Self {
            kind: at.kind,
            entity_id: text(&at.id),
            state: at.state,
            source: text(&at.source),
            model: text(&at.model),
            from: at.from.or(window.map(|window| window.from)),
            to: at.to.or(window.map(|window| window.to)),
            max_confidence: at.confidence_below.map(|percent| f64::from(percent) / 100.0),
        }
    }

    /// As the API takes it.
    pub(crate) fn input(&self) -> EventFilter {
        EventFilter {
            entity_type: self.kind,
            entity_id: self.entity_id.clone(),
            event_type: self.state,
            source_id: self.source.clone(),
            from: self.from,
            to: self.to,
            max_confidence: self.max_confidence,
            model_version: self.model.clone(),
        }
    }

    /// Whether an event passes, as the server would judge it.
    pub(crate) fn matches(&self, event: &SeenEvent) -> bool {
        let same = |wanted: &Option<String>, stated: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| stated == Some(wanted))
        };
        self.kind.is_none_or(|kind| kind == event.kind)
            && same(&self.entity_id, Some(&event.entity_id))
            && self.state.is_none_or(|state| state == event.state)
            && same(&self.source, event.source_id.as_deref())
            && same(&self.model, event.model_version.as_deref())
            && self.from.is_none_or(|from| from <= event.timestamp)
            && self.to.is_none_or(|to| event.timestamp < to)
            && self
                .max_confidence
                .is_none_or(|most| event.confidence.is_some_and(|stated| parts(stated) <= parts(most)))
    }
}

/// In the parts that the server counts confidence in.
fn parts(confidence: f64) -> f64 {
    (confidence * f64::from(FULL_CONFIDENCE)).round()
}

/// Whether the address says from when or until when, apart from its window.
pub(crate) fn has_own_times(at: &EventsAddress) -> bool {
    at.from.is_some() || at.to.is_some()
}

/// The filters of an address in words, without its window.
pub(crate) fn described(at: &EventsAddress, zone: &Zone) -> Vec<String> {
    let quoted = |label: &str, text: &str| (!text.is_empty()).then(|| words::filtered(label, text));
    let time = |label: &str, at: Option<Instant>| Some(words::filtered(label, &zone.date_time(at?)));
    let state = at.state.map(|state| words::state(at.kind, state));
    let told = [
        at.kind.map(|kind| crate::words::entity::kinds(kind).to_owned()),
        quoted(words::ENTITY, &at.id),
        state,
        time(words::FROM, at.from),
        time(words::TO, at.to),
        at.confidence_below.map(words::max_confidence),
        quoted(words::MODEL, &at.model),
        quoted(words::SOURCE, &at.source),
    ];
    told.into_iter().flatten().collect()
}

/// The selection of the address alone, without any filter.
pub(crate) fn cleared(at: &EventsAddress) -> Address {
    Address::Events(EventsAddress { selection: at.selection.clone(), ..EventsAddress::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn utc() -> Zone {
        Zone::fixed("UTC", 0)
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn seen() -> SeenEvent {
        SeenEvent {
            confidence: Some(0.6),
            model_version: Some("m1".to_owned()),
            source_id: Some("cam-1".to_owned()),
            received_at: at("2026-01-05T08:05Z"),
            ..SeenEvent::of_worker(at("2026-01-05T08:00Z"), EventType::Idle)
        }
    }

    fn lets_through(query: &str) -> bool {
        let address = EventsAddress::from(&*format!("factory=f&window=all-time&{query}"));
        Filter::of(&address, &utc(), at("2026-01-05T12:00Z")).matches(&seen())
    }

    #[test]
    fn an_address_restricts_the_list_to_what_it_names() {
        let address =
            EventsAddress::from("factory=f&window=all-time&kind=worker&id=W1&state=idle&confidence-below=60");
        let filter = Filter::of(&address, &utc(), Instant(0)).input();
        let expected =
            json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "maxConfidence": 0.6 });
        assert_eq!(serde_json::to_value(filter).unwrap(), expected);
    }

    #[test]
    fn each_filter_lets_through_what_it_names_and_nothing_else() {
        for (passing, stopping) in [
            ("kind=worker", "kind=workstation"),
            ("id=W1", "id=W10"),
            ("state=idle", "state=working"),
            ("source=cam-1", "source=cam"),
            ("model=m1", "model=m2"),
            ("confidence-below=60", "confidence-below=59"),
            ("from=2026-01-05T08:00Z", "from=2026-01-05T08:01Z"),
            ("to=2026-01-05T08:01Z", "to=2026-01-05T08:00Z"),
        ] {
            assert!(lets_through(passing), "{passing}");
            assert!(!lets_through(stopping), "{stopping}");
        }
    }

    #[test]
    fn an_event_that_states_no_confidence_is_not_below_any() {
        let filter =
            Filter::of(&EventsAddress::from("window=all-time&confidence-below=100"), &utc(), Instant(0));
        assert!(!filter.matches(&SeenEvent { confidence: None, ..seen() }));
    }

    #[test]
    fn the_window_counts_unless_the_address_says_its_own_times() {
        let now = at("2026-01-05T12:00Z");
        let filter = |query: &str| Filter::of(&EventsAddress::from(query), &utc(), now);
        let today = filter("window=today");
        assert_eq!((today.from, today.to), (Some(at("2026-01-05T00:00Z")), Some(at("2026-01-06T00:00Z"))));
        let own = filter("window=today&from=2026-01-01T00:00Z");
        assert_eq!((own.from, own.to), (Some(at("2026-01-01T00:00Z")), None));
    }

    #[test]
    fn the_filters_are_told_in_words() {
        let address = EventsAddress::from("kind=workstation&state=working&confidence-below=60&source=cam-1");
        assert_eq!(
            described(&address, &utc()),
            ["Workstations", "In use", "Max. confidence 60\u{a0}%", "Source cam-1"]
        );
        assert!(described(&EventsAddress::from("window=today"), &utc()).is_empty());
    }
}
