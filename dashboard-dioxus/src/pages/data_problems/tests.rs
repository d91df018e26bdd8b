//! What the page of data problems says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn opened(report: &Value, conflicts: &Value) -> TestPage {
    opened_at("/data-problems?factory=plant", report, conflicts)
}

fn opened_at(address: &'static str, report: &Value, conflicts: &Value) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    assert_eq!(page.asked("Rejections"), [&json!({ "factoryId": "plant" })]);
    page.answer("Rejections", &json!({ "rejections": report }));
    page.answer("Conflicts", &json!({ "conflicts": { "edges": conflicts } }));
    page
}

fn count(code: &str, source: Option<&str>, device: Option<&str>, events: i64) -> Value {
    json!({ "code": code, "sourceId": source, "deviceId": device, "events": events, "firstAt": "2026-01-05T08:00:00.000Z",
            "lastAt": "1970-01-01T00:00:00.000Z", "example": "\"W1\" at yesterday: timestamp must be an instant" })
}

#[test]
fn problems_are_listed_with_source_device_count_and_example() {
    let counts = [
        count("TIMESTAMP_INVALID", Some("cam-7"), Some("edge-2"), 12_345),
        count("NEWER_THAN_THE_PAGE", None, None, 1),
    ];
    let page = opened(&json!({ "rejections": counts, "otherEvents": 2 }), &json!([]));
    page.shows(&[
        "12\u{202f}348 events not stored so far",
        "Timestamp not readable",
        "cam-7",
        "edge-2",
        "12\u{202f}345",
        "Mon 5 Jan 2026, 08:00",
        "timestamp must be an instant",
        "NEWER_THAN_THE_PAGE",
        "2 events more",
    ]);
    assert!(!page.html().contains("Latest contradictions"));
    assert!(page.waits_ms().contains(&5_000.0), "{:?}", page.waits_ms());
}

#[test]
fn a_contradiction_shows_what_counts_and_what_does_not() {
    let report = |units: i64| {
        json!({ "timestamp": "2026-01-05T08:00:00.000Z", "entityType": "WORKSTATION", "entityId": "S1", "eventType": "WORKING",
                "durationMinutes": 30.0, "holdMinutes": null, "unitsProduced": units, "confidence": 0.9, "modelVersion": null, "eventId": null,
                "sourceId": "cam-7", "receivedAt": "2026-01-05T09:00:00.000Z" })
    };
    let conflict = json!({ "node": { "said": report(6), "stored": report(5) } });
    let counts = [count("CONFLICT", Some("cam-7"), None, 1)];
    let page = opened(&json!({ "rejections": counts, "otherEvents": 0 }), &json!([conflict]));
    page.shows(&[
        "1 event not stored so far",
        "Contradicts a stored event",
        "S1",
        "In use 30.0\u{a0}min, 5 units, confidence 90\u{a0}%<",
        "6 units",
    ]);
}

#[test]
fn without_a_problem_the_page_says_so() {
    opened(&json!({ "rejections": [], "otherEvents": 0 }), &json!([]))
        .shows(&["Every event that came was stored."]);
}

#[test]
fn of_one_device_only_what_it_sent_is_listed() {
    let counts = [
        count("TIMESTAMP_INVALID", Some("cam-7"), Some("edge 1"), 3),
        count("UNITS_OUT_OF_RANGE", Some("cam-8"), Some("edge 2"), 4),
        count("EVENT_ID_INVALID", Some("cam-9"), None, 5),
    ];
    let report = json!({ "rejections": counts, "otherEvents": 0 });
    let page = opened_at("/data-problems?factory=plant&id=edge 1", &report, &json!([]));
    page.shows(&["Only what device edge 1 sent.", "Show all", "cam-7"]);
    assert!(!page.html().contains("cam-8") && !page.html().contains("cam-9"), "{}", page.html());
}
