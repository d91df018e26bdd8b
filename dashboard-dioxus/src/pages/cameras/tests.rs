//! What the page of cameras says, drawn as text. It is drawn at the beginning of 1970: what was seen later than that was seen just
//! now.

use crate::testing::TestPage;
use serde_json::{Value, json};

/// A source that has nothing wrong, with changes.
pub(super) fn source(id: &str, changes: &Value) -> Value {
    let mut source = json!({
        "sourceId": id, "lastSeenAt": "1970-01-20T23:59:00.000Z", "lastReceivedAt": "1970-01-20T23:59:01.000Z",
        "events": 120, "meanConfidence": 0.87, "lowConfidenceShare": 0.0, "unstatedShare": 0.0, "lateShare": 0.0,
        "sharedMinutes": 0.0, "agreement": null, "others": [], "modelVersions": [], "points": [],
    });
    for (field, value) in changes.as_object().unwrap() {
        source[field] = value.clone();
    }
    source
}

fn report(sources: &[Value]) -> Value {
    let window = json!({ "from": "1969-12-31T00:00:00.000Z", "to": "1970-01-01T00:00:00.000Z" });
    json!({ "window": window, "examined": window, "sources": sources, "unnamedEvents": 0 })
}

fn opened_at(address: &'static str, report: &Value) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    page.answer("Sources", &json!({ "sources": report }));
    page
}

fn opened(sources: &[Value]) -> TestPage {
    opened_at("/cameras?factory=plant&window=today", &report(sources))
}

#[test]
fn a_row_has_every_figure_of_its_source_and_leads_to_its_events() {
    let point = |hour: u8, confidence: f64, events: i64| {
        json!({ "from": format!("1969-12-31T{hour:02}:00:00.000Z"), "to": format!("1969-12-31T{:02}:00:00.000Z", hour + 1),
                "meanConfidence": confidence, "events": events })
    };
    let version = json!({ "modelVersion": "activity-2.2", "events": 1_234, "firstSeenAt": "1969-12-31T06:00:00.000Z",
                          "lastSeenAt": "1970-01-01T08:00:00.000Z" });
    let unstated = json!({ "modelVersion": null, "events": 1, "firstSeenAt": "1970-01-01T06:00:00.000Z",
                           "lastSeenAt": "1970-01-01T06:01:00.000Z" });
    let changes = json!({
        "events": 2_400, "lowConfidenceShare": 0.125, "unstatedShare": 0.05, "lateShare": 0.031, "sharedMinutes": 312.0,
        "agreement": 0.961, "others": [{ "sourceId": "cam-2", "sharedMinutes": 192.0, "agreement": 0.97 },
                                       { "sourceId": "cam-3", "sharedMinutes": 120.0, "agreement": 0.95 }],
        "modelVersions": [version, unstated], "points": [point(1, 0.9, 110), point(2, 0.83, 97)],
    });
    let page = opened(&[source("cam-1", &changes)]);
    page.shows(&[
        "All sources report, are sure, and agree.",
        "/events?factory=plant&#38;window=today&#38;source=cam-1\"",
        "just now",
        "2\u{202f}400",
        "100.0 per hour",
        "87\u{a0}%",
        "Confidence: trend over the window, last 83\u{a0}%",
        "Events: trend over the window, last 97",
        "source=cam-1&#38;confidence-below=60\"",
        "12.5\u{a0}%",
        "5.0\u{a0}% state none",
        "3.1\u{a0}%",
        "5:12\u{a0}h",
        "96.1\u{a0}%",
        "97.0\u{a0}% with cam-2 (3:12\u{a0}h)",
        "95.0\u{a0}% with cam-3 (2:00\u{a0}h)",
        "source=cam-1&#38;model=activity-2.2\"",
        "1\u{202f}234 events, Wed 31 Dec 1969, 06:00 to 08:00",
        "not stated",
    ]);
    assert!(!page.html().contains("camera-warning"));
    assert!(page.waits_ms().contains(&5_240.0), "{:?}", page.waits_ms());
}

#[test]
fn nothing_is_drawn_of_what_is_yet_to_come() {
    let point = json!({ "from": "1969-12-31T23:00:00.000Z", "to": "1970-01-01T01:00:00.000Z", "meanConfidence": 0.9,
                        "events": 20 });
    let mut report = report(&[source("cam-1", &json!({ "points": [point] }))]);
    for span in ["window", "examined"] {
        report[span] = json!({ "from": "1969-12-31T21:00:00.000Z", "to": "1970-01-01T21:00:00.000Z" });
    }
    // The step that runs ends at the right edge: three quarters before its middle, a quarter after.
    opened_at("/cameras?factory=plant&window=today", &report)
        // Of the window three hours have passed.
        .shows(&["class=\"sparkline-last\" style=\"left:75%;", "40.0 per hour"]);
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let other = json!({ "sourceId": "cam-1", "sharedMinutes": 60.0, "agreement": 0.6 });
    let changes = json!({
        "lastSeenAt": "1969-12-31T20:00:00.000Z", "lastReceivedAt": "1969-12-31T20:30:00.000Z",
        "lowConfidenceShare": 0.25, "lateShare": 0.4, "others": [other],
    });
    opened(&[source("cam-1", &json!({})), source("cam-2", &changes)]).shows(&[
        "1 of 2 needs attention, the worst first.",
        "Silent since Wed 31 Dec 1969, 20:00",
        "Low confidence: 25.0\u{a0}% below 60\u{a0}%",
        "Disagrees with cam-1",
        ">with cam-1<",
        "40.0\u{a0}% of events late",
        "4 h 0 min ago",
        "received 3 h 30 min ago",
    ]);
}

#[test]
fn the_worst_source_is_the_first_row_and_one_not_seen_for_a_week_is_listed_apart() {
    let gone = source("cam-old", &json!({ "events": 0, "lastSeenAt": "1969-12-20T00:00:00.000Z" }));
    let silent = source("cam-9", &json!({ "lastSeenAt": "1969-12-31T20:00:00.000Z" }));
    let page = opened(&[source("cam-1", &json!({})), silent, gone]);
    let html = page.html();
    let place = |text: &str| html.find(text).unwrap();
    assert!(place("camera-cam-9") < place("camera-cam-1"), "{html}");
    page.shows(&["Not seen for a week: 1", "cam-old"]);
    assert!(!html.contains("camera-cam-old"), "{html}");
}

#[test]
fn the_window_of_the_page_is_asked_for_and_the_last_thirty_days_stand_for_all_time() {
    let page = opened(&[]);
    let asked = json!({ "factoryId": "plant", "window": { "period": "TODAY" }, "resolution": "HOUR" });
    assert_eq!(page.asked("Sources"), [&asked]);
    let page = opened_at("/cameras?factory=plant&window=all-time", &report(&[source("cam-1", &json!({}))]));
    let asked = json!({ "factoryId": "plant", "window": { "period": "LAST_30_DAYS" }, "resolution": "DAY" });
    assert_eq!(page.asked("Sources"), [&asked]);
    page.shows(&["Of all time the last 30 days are shown."]);
}

#[test]
fn what_is_in_no_row_is_said() {
    let mut report = report(&[source("cam-1", &json!({}))]);
    report["examined"]["from"] = json!("1969-12-31T21:00:00.000Z");
    report["unnamedEvents"] = json!(1_500);
    opened_at("/cameras?factory=plant&window=today", &report).shows(&[
        "only those from Wed 31 Dec 1969, 21:00 on are shown",
        "1\u{202f}500 events that name no source",
        // Of the examined hours alone.
        "40.0 per hour",
    ]);
}

#[test]
fn without_a_source_the_page_says_how_to_name_one() {
    opened(&[]).shows(&["Send the camera&#39;s name as sourceId."]);
}
