//! What the page of events says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn event(timestamp: &str, received_at: &str) -> Value {
    json!({
        "timestamp": timestamp, "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE",
        "durationMinutes": 5.0, "holdMinutes": null, "unitsProduced": 0, "confidence": 0.5, "modelVersion": "m1", "eventId": null,
        "sourceId": null, "workstationId": null, "receivedAt": received_at,
    })
}

fn delivery(events: &[Value], skipped: u32) -> Value {
    json!({ "eventsIngested": { "revision": 1, "skipped": skipped, "events": events } })
}

fn page(events: &[Value], next: Option<&str>) -> Value {
    let edges: Vec<Value> = events.iter().map(|event| json!({ "node": event })).collect();
    json!({ "events": {
        "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next }, "edges": edges,
    } })
}

/// The page of a factory's events, once the feed has begun.
fn opened(address: &'static str) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    assert!(page.asked("Events").is_empty(), "asked before the feed has begun");
    page.answer("EventsIngested", &delivery(&[], 0));
    page
}

#[test]
fn the_latest_events_are_listed_with_their_time_in_the_factorys_zone() {
    let mut shown = opened("/events?factory=plant&window=all-time&state=idle");
    let expected = json!({ "factoryId": "plant", "first": 100, "filter": { "eventType": "IDLE" } });
    assert_eq!(shown.asked("Events"), [&expected]);
    shown.answer("Events", &page(&[event("2026-01-05T08:00:00.000Z", "2026-01-05T08:05:01.000Z")], None));
    shown.shows(&["Mon 5 Jan 2026, 08:00:00", "Idle", "event-row-unsure", "m1", "This is the oldest event."]);
    assert!(!shown.html().contains("late by"));
}

#[test]
fn an_event_that_came_late_says_by_how_much() {
    let mut shown = opened("/events?factory=plant&window=all-time");
    shown.answer("Events", &page(&[event("2026-01-05T08:00:00.000Z", "2026-01-05T10:35:00.000Z")], None));
    shown.shows(&["late by 2 h 30 min"]);
}

#[test]
fn what_the_feed_brings_stands_where_its_timestamp_belongs() {
    let mut shown = opened("/events?factory=plant&window=all-time");
    let early = event("2026-01-05T08:00:00.000Z", "2026-01-05T08:05:00.000Z");
    let late = event("2026-01-05T09:00:00.000Z", "2026-01-05T09:05:00.000Z");
    let between = event("2026-01-05T08:30:00.000Z", "2026-01-05T09:06:00.000Z");
    shown.answer("Events", &page(&[late, early], None));
    shown.answer("EventsIngested", &delivery(&[between], 7));
    let html = shown.html();
    let places = ["09:00:00", "08:30:00", "08:00:00"].map(|time| html.find(&format!(", {time}")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    shown.shows(&["7 skipped", r#"class="event-row event-row-new""#]);
}

#[test]
fn an_empty_list_names_the_filters_that_let_nothing_through() {
    let mut shown = opened("/events?factory=plant&window=all-time&kind=workstation&confidence-below=40");
    shown.answer("Events", &page(&[], None));
    shown.shows(&[
        "No events in this window (All time) match these filters: Workstations, Max. confidence 40\u{a0}%.",
        "none-clear",
    ]);
}

#[test]
fn a_feed_that_is_refused_says_why() {
    let mut shown = TestPage::at("/events?factory=plant&window=all-time");
    shown.refuse("EventsIngested", "There is no factory \"plant\".");
    shown.shows(&["There is no factory &#34;plant&#34;.", "Try again"]);
}
