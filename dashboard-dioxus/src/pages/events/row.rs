use super::log::{Listed, Origin};
use crate::components::metric_cell::raw;
use crate::components::metric_table::{EntityCell, TEXT};
use crate::components::state_mark::StateMark;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::{Presence, SeenEvent};
use crate::route::Selection;
use crate::words::quantity::Quantity;
use crate::words::{NO_VALUE, events as words, time};
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use domain::instant::CivilDate;
use domain::source::LOW_CONFIDENCE_BELOW;

/// From here on an event came late, in ms after its end.
const LATE_FROM_MS: f64 = domain::source::LATE_FROM_MS.0 as f64;

/// One event. Drawn again only when the day changes or its entity gets another name.
#[component]
pub(crate) fn EventRow(
    listed: Listed,
    name: Option<String>,
    zone: Zone,
    today: CivilDate,
    selection: Selection,
) -> Element {
    let event = &*listed.event;
    let late_ms = late_ms(event);
    let is_unsure = event.confidence.is_some_and(|confidence| confidence < LOW_CONFIDENCE_BELOW);
    let class = if listed.origin == Origin::Streamed { "event-row event-row-new" } else { "event-row" };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| NO_VALUE.to_owned());
    rsx! {
        tr { class, "data-testid": "event-row", "data-event": event.key(),
            td { class: TEXT, "data-field": "time",
                time { datetime: event.timestamp.to_rfc3339(), {time_near(&zone, event.timestamp, today)} }
            }
            EntityCell { kind: event.kind, id: event.entity_id.clone(), name, selection }
            td { class: TEXT,
                StateMark { kind: event.kind, presence: Presence::Seen(event.state) }
            }
            td { "data-field": "minutes", "data-value": raw(event.duration_minutes),
                {words::length(event.duration_minutes, event.hold_minutes)}
            }
            td { "data-field": "units", "data-value": raw(Some(event.units as f64)),
                {Quantity::Count.text(Some(event.units as f64))}
            }
            td { "data-field": "confidence", "data-value": raw(event.confidence),
                if is_unsure {
                    span { class: "event-row-unsure", {words::UNSURE} }
                    " "
                }
                {Quantity::Confidence.text(event.confidence)}
            }
            td { class: TEXT, "data-field": "model", {text(&event.model_version)} }
            td { class: TEXT, "data-field": "source", {text(&event.source_id)} }
            td { class: TEXT, "data-field": "workstation", {text(&event.workstation_id)} }
            td { "data-field": "received",
                time { datetime: event.received_at.to_rfc3339(), {time_near(&zone, event.received_at, today)} }
                if let Some(late_ms) = late_ms {
                    " "
                    span { class: "event-row-late", {words::late_by(&time::span(late_ms))} }
                }
            }
        }
    }
}

/// To the second, with the day before it unless that is today, and with the year unless it is this one.
fn time_near(zone: &Zone, instant: Instant, today: CivilDate) -> String {
    let exact = zone.time_with_seconds(instant);
    let local = zone.local(instant);
    match local.date {
        date if date == today => exact,
        date if date.year == today.year => time::on_day(&local, &exact),
        _ => format!("{}, {exact}", zone.date(instant)),
    }
}

/// How long after its end an event came, if that was late; a state report is due when it begins.
fn late_ms(event: &SeenEvent) -> Option<f64> {
    let end_ms = event.timestamp.ms() + event.duration_minutes.unwrap_or_default() * MS_PER_MINUTE as f64;
    Some(event.received_at.ms() - end_ms).filter(|late_ms| *late_ms >= LATE_FROM_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::EventType;

    fn received(minutes_after_begin: i64) -> SeenEvent {
        SeenEvent {
            received_at: Instant(minutes_after_begin * 60_000),
            ..SeenEvent::of_worker(Instant(0), EventType::Idle)
        }
    }

    #[test]
    fn an_event_is_late_when_it_comes_five_minutes_after_its_end() {
        assert_eq!(late_ms(&received(4)), None);
        assert_eq!(late_ms(&received(9)), None);
        assert_eq!(late_ms(&received(10)), Some(300_000.0));
        let state = |minutes| SeenEvent { duration_minutes: None, ..received(minutes) };
        assert_eq!((late_ms(&state(4)), late_ms(&state(5))), (None, Some(300_000.0)));
    }

    #[test]
    fn a_time_of_another_day_says_which_day() {
        let zone = Zone::fixed("UTC", 0);
        let instant = Instant(1_767_600_005_000);
        let day = zone.local(instant).date;
        assert_eq!(time_near(&zone, instant, day), "08:00:05");
        assert_eq!(time_near(&zone, instant, CivilDate { day: 6, ..day }), "5 Jan, 08:00:05");
        assert_eq!(time_near(&zone, instant, CivilDate { year: 2027, ..day }), "Mon 5 Jan 2026, 08:00:05");
    }
}
