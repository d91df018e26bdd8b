//! What the page of devices says, drawn as text.

use super::*;
use crate::testing::TestPage;
use serde_json::{Value, json};

fn device(id: &str, state: &str) -> Value {
    json!({
        "deviceId": id, "state": state, "lastSeenAt": "1970-01-01T00:00:00.000Z", "epoch": "b", "receivedUpTo": 12345,
        "missingEvents": 0, "holes": [], "refused": [], "closed": [], "clockOffsetMs": 0, "queuedEvents": 0,
        "oldestQueuedAt": null, "lostEvents": 0, "deadLetteredEvents": 0, "warnings": [],
    })
}

fn with(mut device: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        device[field] = value.clone();
    }
    device
}

fn opened(devices: &[Value]) -> TestPage {
    opened_at("/devices?factory=plant", devices)
}

fn opened_at(address: &'static str, devices: &[Value]) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    assert_eq!(page.asked("Devices"), [&json!({ "factoryId": "plant" })]);
    page.answer("Devices", &json!({ "devices": devices }));
    page
}

#[test]
fn the_worst_come_first_with_their_state_in_words() {
    let page = opened(&[
        device("fine", "HEALTHY"),
        device("late", "BEHIND"),
        device("gone", "SILENT"),
        device("bad", "LOSING"),
    ]);
    let html = page.html();
    let place = |id: &str| html.find(&format!("device-{id}\"")).unwrap();
    assert!(["bad", "gone", "late", "fine"].map(place).is_sorted(), "{html}");
    page.shows(&["Losing data", "Offline", "Delayed", "Healthy", "3 of 4 need attention", "12\u{202f}345"]);
    assert!(page.waits_ms().contains(&5_000.0), "{:?}", page.waits_ms());
}

#[test]
fn a_clock_says_which_way_it_is_off() {
    let page = opened(&[
        with(device("a", "HEALTHY"), &json!({ "clockOffsetMs": -121_000, "warnings": ["CLOCK_OFF"] })),
        with(device("b", "HEALTHY"), &json!({ "clockOffsetMs": 119_000 })),
        with(device("c", "HEALTHY"), &json!({ "clockOffsetMs": 999 })),
    ]);
    page.shows(&["off: 2 min 1 s ahead", "1 min 59 s behind", "in sync", "1 of 3 needs attention"]);
}

#[test]
fn what_waits_says_for_how_long() {
    let waiting = json!({ "queuedEvents": 1_500, "oldestQueuedAt": "1969-12-31T23:00:00.000Z" });
    opened(&[with(device("a", "BEHIND"), &waiting)]).shows(&["1\u{202f}500", "oldest 1 h 0 min"]);
}

#[test]
fn the_device_that_the_address_names_shows_what_is_missing_of_it() {
    let range = |epoch: &str, first: i64, last: i64| json!({ "epoch": epoch, "firstSequence": first, "lastSequence": last });
    let lists = json!({ "holes": [range("b", 51, 100), range("a", 7, 7)], "refused": [range("b", 5, 5)],
                        "warnings": ["ID_USED_TWICE"] });
    let devices = [with(device("edge 1", "BEHIND"), &lists), device("edge 2", "HEALTHY")];
    let page = opened_at("/devices?factory=plant&id=edge 1", &devices);
    page.shows(&["51 to 100", "7 of epoch a", "Refused by the server", "Two agents send under this name"]);
    let page = opened_at("/devices?factory=plant&id=edge 2", &devices);
    page.shows(&["Every event up to the last sequence number has arrived."]);
    assert!(!page.html().contains("51 to 100"));
}

#[test]
fn without_a_device_the_page_says_how_to_start_one() {
    let page = opened(&[]);
    page.shows(&["andon-edge run --to", "--factory plant", "--spool edge.spool"]);
}

fn range(changes: &serde_json::Value) -> String {
    let mut range = json!({ "epoch": "a", "firstSequence": 7, "lastSequence": 7, "reason": "LOST",
        "missingEvents": 1, "from": null, "to": null, "detail": null });
    for (field, value) in changes.as_object().unwrap() {
        range[field] = value.clone();
    }
    let device = json!({ "deviceId": "d", "state": "LOSING", "lastSeenAt": "2026-01-05T08:00:00Z", "epoch": "a",
        "receivedUpTo": 9, "missingEvents": 0, "holes": [], "refused": [], "closed": [range], "clockOffsetMs": 0,
        "queuedEvents": 0, "oldestQueuedAt": null, "lostEvents": 0, "deadLetteredEvents": 0, "warnings": [] });
    let device: Device = serde_json::from_value(device).unwrap();
    closed(&device, &device.closed[0], &Zone::fixed("UTC", 0))
}

#[test]
fn a_closed_range_says_which_how_many_when_and_why() {
    assert_eq!(range(&json!({})), "7: 1 lost");
    let more =
        json!({ "lastSequence": 1_200, "missingEvents": 1_194, "epoch": "old", "reason": "DEAD_LETTERED" });
    assert_eq!(
        range(&more),
        "7 to 1\u{202f}200 of epoch old: 1\u{202f}194 kept on the device as dead letters"
    );
    let full = json!({ "from": "2026-01-05T08:00:00Z", "detail": "the disk was full" });
    assert_eq!(range(&full), "7: 1 lost, seen Mon 5 Jan 2026, 08:00 to - (the disk was full)");
}
