//! All events that pass a filter as a file, page after page.

use super::names::Names;
use crate::api::ask_once;
use crate::api::client::Client;
use crate::api::operation::{Events as EventsQuery, events};
use crate::components::download::{self, CSV_TYPE};
use crate::lean::csv::{Cell, Csv};
use crate::lean::zone::Zone;
use crate::model::{EventPage, SeenEvent};
use crate::pages::over_time::export::{percent, times};
use crate::words::{entity, events as words};
use std::rc::Rc;
use web_sys::js_sys::Array;

/// How many events are asked for at once: the most that the server gives.
const PAGE_EVENTS: i64 = 500;
/// The most events of a file: a spreadsheet has no more lines, one of which is the header.
pub(crate) const MOST_EXPORTED: usize = 1_048_575;

/// What a file is made of.
pub(crate) struct Export {
    pub(crate) client: Client,
    pub(crate) factory_id: String,
    /// As the address says it, for the file's name.
    pub(crate) window: String,
    pub(crate) filter: events::EventFilter,
    pub(crate) names: Rc<Names>,
    pub(crate) zone: Zone,
}

/// How an export ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With all events, or with as many as a file takes.
    Saved {
        count: usize,
        is_cut: bool,
    },
    Cancelled,
    /// Why, for a person.
    Failed(String),
}

impl Export {
    /// Asks for page after page and saves them as one file. `goes_on` is told how many events there are so far, and says whether
    /// they are still wanted.
    pub(crate) async fn run(self, mut goes_on: impl FnMut(usize) -> bool) -> Ended {
        let parts = Array::new();
        parts.push(&self.csv(&[], Part::Header).into());
        let (mut count, mut after) = (0, None);
        loop {
            let page = match self.page(after).await {
                Ok(page) => page,
                Err(reason) => return Ended::Failed(reason),
            };
            let events = &page.events[..page.events.len().min(MOST_EXPORTED - count)];
            count += events.len();
            parts.push(&self.csv(events, Part::Rows).into());
            if !goes_on(count) {
                return Ended::Cancelled;
            }
            after = page.next;
            if after.is_none() || count == MOST_EXPORTED {
                break;
            }
        }
        let name = download::file_name(&[&self.factory_id, words::FILE, &self.window], "csv");
        match download::save_parts(&name, CSV_TYPE, &parts) {
            Ok(()) => Ended::Saved { count, is_cut: after.is_some() },
            Err(reason) => Ended::Failed(reason.to_owned()),
        }
    }

    /// The events after a cursor. Where the connection is lost, it is asked for again once there is another one.
    async fn page(&self, after: Option<String>) -> Result<EventPage, String> {
        let variables = events::Variables {
            factory_id: self.factory_id.clone(),
            filter: Some(self.filter.clone()),
            first: PAGE_EVENTS,
            after,
        };
        let page = ask_once::<EventsQuery>(self.client, variables).await;
        page.unwrap_or_else(|| Err(words::NOT_EXPORTED.to_owned()))
    }

    fn csv(&self, events: &[SeenEvent], part: Part) -> String {
        csv(events, part, &self.names, &self.zone)
    }
}

/// Which lines of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    Rows,
}

fn csv(events: &[SeenEvent], part: Part, names: &Names, zone: &Zone) -> String {
    let zoned = |name: &str| words::in_zone(name, zone.name());
    let (start, received) = (zoned(words::START), zoned(words::RECEIVED));
    let mut header: Vec<&str> = vec![&start, words::START_UTC];
    header.extend(words::CSV_COLUMNS);
    header.extend([received.as_str(), words::RECEIVED_UTC]);
    let table = match part {
        Part::Header => Csv::new(&header),
        Part::Rows => Csv::rows(header.len()),
    };
    let table = events.iter().fold(table, |table, event| {
        let [start, start_utc] = times(zone, event.timestamp);
        let [received, received_utc] = times(zone, event.received_at);
        table.row(&[
            start.as_str().into(),
            start_utc.as_str().into(),
            entity::kind(event.kind).into(),
            event.entity_id.as_str().into(),
            names.name(event.kind, &event.entity_id).unwrap_or_default().into(),
            entity::state(event.kind, event.state).into(),
            words::form(event.form()).into(),
            event.duration_minutes.into(),
            event.hold_minutes.map(|minutes| minutes as f64).into(),
            event.units.into(),
            percent(event.confidence).into(),
            text(event.model_version.as_deref()),
            text(event.source_id.as_deref()),
            text(event.workstation_id.as_deref()),
            text(event.event_id.as_deref()),
            received.as_str().into(),
            received_utc.as_str().into(),
        ])
    });
    table.text()
}

fn text(text: Option<&str>) -> Cell<'_> {
    Cell::Text(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::EntityName;
    use domain::event::{EntityType, EventType};

    #[test]
    fn an_event_is_a_line_with_all_that_is_known_of_it_in_the_words_of_the_page() {
        let event = SeenEvent {
            duration_minutes: Some(2.55),
            units: 3,
            confidence: Some(0.7512),
            model_version: Some("m1".to_owned()),
            source_id: Some("cam-1".to_owned()),
            received_at: Instant(1_767_600_300_250),
            ..SeenEvent::of_worker(Instant(1_767_600_000_000), EventType::Idle)
        };
        let names = Names::of(&[EntityName {
            kind: EntityType::Worker,
            id: "W1".to_owned(),
            name: Some("Anna".to_owned()),
            area: None,
        }]);
        let zone = Zone::fixed("Asia/Kolkata", 330);
        assert_eq!(
            csv(&[], Part::Header, &names, &zone),
            "\u{feff}Start (Asia/Kolkata),Start (UTC),Kind,Id,Name,State,Form,\"Duration, min\",\"Hold, min\",Units,\"Confidence, %\",\
             Model,Source,Workstation,Event id,Received (Asia/Kolkata),Received (UTC)\r\n"
        );
        assert_eq!(
            csv(&[event], Part::Rows, &names, &zone),
            "2026-01-05 13:30:00,2026-01-05 08:00:00,Worker,W1,Anna,Idle,Interval,2.6,,3,75.1,m1,cam-1,,,\
             2026-01-05 13:35:00.250,2026-01-05 08:05:00.250\r\n"
        );
        let state = SeenEvent::state_of_worker(Instant(1_767_600_000_000), EventType::Working, Some(15));
        assert_eq!(
            csv(&[state], Part::Rows, &names, &zone),
            "2026-01-05 13:30:00,2026-01-05 08:00:00,Worker,W1,Anna,Working,From then on,,15,0,,,,,,\
             2026-01-05 13:30:00,2026-01-05 08:00:00\r\n"
        );
    }
}
