//! Checks when figures are final, and why they are not.

use std::collections::BTreeMap;

use domain::closing::{closes_at, is_closed, mark_at};
use domain::device::Condition;
use domain::finality::Facts;
use domain::time::TimestampMs;

use crate::calendar::{window_of_day, written_ms};
use crate::example::Table;
use crate::factory::Factory;
use crate::ledger::graces;

/// What devices told, and when.
#[derive(Default)]
pub(crate) struct Devices {
    heard: Vec<(String, Condition, i64)>,
}

impl Devices {
    /// Takes note of the rows of a table.
    pub(crate) fn hear(&mut self, table: &Table) {
        for row in table.rows() {
            let number =
                |column| table.cell(row, column).map_or(0, |cell| cell.parse::<i64>().expect("a number"));
            let condition = Condition {
                last_seen_at_ms: written_ms(table.text(row, "heard")),
                oldest_queued_at_ms: table.cell(row, "waits since").map(written_ms),
                missing_events: number("missing"),
                lost_at_ms: None,
            };
            self.heard.push((table.text(row, "device").to_owned(), condition, number("lost")));
        }
    }

    /// How each was doing when it was last heard before an instant, and how many events it had declared lost.
    fn at(&self, at_ms: TimestampMs) -> BTreeMap<&str, (Condition, i64)> {
        let by_now = self.heard.iter().filter(|(_, condition, _)| condition.last_seen_at_ms <= at_ms);
        by_now.map(|(device, condition, lost)| (device.as_str(), (*condition, *lost))).collect()
    }
}

/// What each row says of a window of one day: all events of the examples start on it.
pub(crate) fn check(table: &Table, factory: &Factory, devices: &Devices) {
    for row in table.rows() {
        let now_ms = written_ms(table.text(row, "asked at"));
        let window = window_of_day(table.text(row, "window"));
        let entity = table.text(row, "entity");
        let known = devices.at(now_ms);
        let sent = factory.arrivals().filter(|(event, came)| {
            event.entity_code == entity && came.at_ms.is_some_and(|came_ms| came_ms <= now_ms)
        });
        let concerned: BTreeMap<&str, (Condition, i64)> = sent
            .filter_map(|(_, came)| came.device.as_deref())
            .map(|device| (device, *known.get(device).expect("a device that sent something was heard")))
            .collect();
        let mark_ms = mark_at(&graces(), now_ms);
        let ends_ms = window.map(|window| window.to_ms);
        let facts = Facts {
            now_ms,
            ends_ms,
            mark_ms,
            has_pending_decisions: false,
            devices: concerned.values().map(|(condition, _)| *condition).collect(),
        };
        let line = table.line(row);
        let reasons = facts.reasons();
        let state = if reasons.is_empty() { "FINAL" } else { "PROVISIONAL" };
        assert_eq!(state, table.text(row, "finality"), "line {line} of the page");
        let reasons: Vec<String> =
            reasons.iter().map(|reason| format!("{}", serde_json::json!(reason)).replace('"', "")).collect();
        let said = table.cell(row, "reasons").unwrap_or_default();
        assert_eq!(reasons.join(", "), said, "line {line} of the page");
        let open = ends_ms.filter(|ends_ms| !is_closed(*ends_ms, mark_ms.expect("the factory is older")));
        let closes_ms = open.and_then(|ends_ms| closes_at(&graces(), ends_ms));
        assert_eq!(closes_ms, table.cell(row, "closes at").map(written_ms), "line {line} of the page");
        let lost: i64 = concerned.values().map(|(_, lost)| lost).sum();
        assert_eq!(lost.to_string(), table.text(row, "lost events"), "line {line} of the page");
    }
}
