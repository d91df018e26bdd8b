//! The events in view as a file.

use super::names::Names;
use crate::components::download::{self, CSV_TYPE};
use crate::lean::csv::{Cell, Csv};
use crate::model::{SeenEvent, Slug};
use crate::words::events as words;

/// Saves these events; the error says what a person can do.
pub(crate) fn save<'event>(
    factory_id: &str,
    window: &str,
    events: impl Iterator<Item = &'event SeenEvent>,
    names: &Names,
) -> Result<(), &'static str> {
    let name = download::file_name(&[factory_id, words::FILE, window], "csv");
    download::save(&name, CSV_TYPE, &csv(events, names))
}

/// Times are in UTC, which says what it is, and numbers as they were sent.
fn csv<'event>(events: impl Iterator<Item = &'event SeenEvent>, names: &Names) -> String {
    let table = events.fold(Csv::new(&words::CSV_HEADER), |table, event| {
        let (time, received) = (event.timestamp.to_rfc3339(), event.received_at.to_rfc3339());
        let text = |text: &'event Option<String>| Cell::Text(text.as_deref().unwrap_or_default());
        table.row(&[
            Cell::Text(&time),
            event.kind.slug().into(),
            event.entity_id.as_str().into(),
            names.name(event.kind, &event.entity_id).unwrap_or_default().into(),
            event.state.slug().into(),
            event.duration_minutes.into(),
            event.units.into(),
            event.confidence.into(),
            text(&event.model_version),
            text(&event.source_id),
            text(&event.workstation_id),
            text(&event.event_id),
            Cell::Text(&received),
        ])
    });
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::EntityName;
    use domain::event::{EntityType, EventType};

    #[test]
    fn an_event_is_a_line_with_all_that_is_known_of_it() {
        let event = SeenEvent {
            duration_minutes: 2.5,
            units: 3,
            confidence: Some(0.75),
            model_version: Some("m1".to_owned()),
            source_id: Some("cam-1".to_owned()),
            received_at: Instant(1_767_600_300_000),
            ..SeenEvent::of_worker(Instant(1_767_600_000_000), EventType::Idle)
        };
        let names = Names::of(&[EntityName {
            kind: EntityType::Worker,
            id: "W1".to_owned(),
            name: Some("Anna".to_owned()),
            area: None,
        }]);
        let text = csv([event].iter(), &names);
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap().split(',').count(), words::CSV_HEADER.len() + 1, "one has a comma");
        assert_eq!(
            lines.next(),
            Some(
                "2026-01-05T08:00:00.000Z,worker,W1,Anna,idle,2.5,3,0.75,m1,cam-1,,,2026-01-05T08:05:00.000Z"
            )
        );
    }
}
