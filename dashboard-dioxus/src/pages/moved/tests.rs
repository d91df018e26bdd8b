//! What is said of figures that moved, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

const WORKER: &str = "/worker?factory=plant&window=2026-01-05&id=W1";

fn figures(working: f64, idle: f64) -> Value {
    let utilization = 100.0 * working / (working + idle);
    json!({
        "workingMinutes": working, "idleMinutes": idle, "absentMinutes": 0.0, "unitsProduced": 12, "utilization": utilization,
        "averageUtilization": utilization, "unitsPerHour": null,
    })
}

fn cause(name: &str, source: Option<&str>, decision: Option<i32>, after: &Value) -> Value {
    json!({
        "cause": name, "at": "2026-01-12T09:12:00.000Z", "deviceId": source.map(|_| "edge-2"), "sourceId": source,
        "decision": decision, "after": after,
    })
}

fn told_of(before: &Value, causes: &Value, now: &Value) -> Value {
    json!({ "restatements": {
        "window": { "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z" },
        "since": "2026-01-07T00:00:00.000Z", "before": before, "earlier": null, "restatements": causes, "now": now,
    } })
}

/// The example of docs/METRICS.md.
fn report() -> Value {
    let [before, late, now] = [figures(253.5, 59.5), figures(291.5, 59.5), figures(295.5, 55.5)];
    let causes = [cause("LATE_EVENTS", Some("cam-7"), None, &late), cause("DECISION", None, Some(12), &now)];
    told_of(&before, &json!(causes), &now)
}

fn opened(closes_at: Option<&str>) -> TestPage {
    let mut page = TestPage::at(WORKER);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    let worker = json!({
        "workerId": "W1", "name": null, "area": null, "workingMinutes": 295.5, "idleMinutes": 55.5, "absentMinutes": 0.0,
        "overlapMinutes": 0.0, "contestedMinutes": 0.0, "correctedMinutes": 4.0, "utilization": 84.2, "unitsProduced": 12,
        "unitsPerHour": 2.4, "meanConfidence": null, "lastSeenAt": null, "current": null,
    });
    page.answer("WorkerMetrics", &json!({ "workerMetrics": {
        "window": { "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z" }, "revision": 9, "snapshot": true,
        "finality": { "state": "PROVISIONAL", "reasons": [], "closesAt": closes_at, "lostEvents": 0 },
        "workers": [worker], "removedWorkerIds": [],
    } }));
    page
}

/// The server has told what moved since the window was closed.
fn told(report: &Value) -> TestPage {
    let mut page = opened(None);
    assert_eq!(page.asked("Restatements")[0]["since"], Value::Null);
    page.answer("Restatements", report);
    page
}

#[test]
fn what_moved_since_the_window_was_closed_is_told_with_its_causes() {
    let page = told(&report());
    let asked = page.asked("Restatements")[0];
    assert_eq!((&asked["entityType"], &asked["entityIds"]), (&json!("WORKER"), &json!(["W1"])));
    page.shows(&[
        "Utilization moved since this time range was closed (Wed 7 Jan 2026, 00:00): 81.0\u{a0}% \u{2192} 84.2\u{a0}%, because of ",
        "decision 12</a> and late events of source cam-7.",
    ]);
}

#[test]
fn it_is_said_that_nothing_moved() {
    let same = figures(295.5, 55.5);
    // Beyond what is shown.
    let mut now = same.clone();
    now["utilization"] = json!(same["utilization"].as_f64().unwrap() + 0.001);
    let page = told(&told_of(&same, &json!([]), &now));
    page.shows(&[
        "Nothing moved since this time range was closed (Wed 7 Jan 2026, 00:00).",
        "What moved and why",
    ]);
}

#[test]
fn a_window_that_is_still_open_is_not_asked_about() {
    assert!(opened(Some("2026-01-07T00:00:00.000Z")).asked("Restatements").is_empty());
}

#[test]
fn what_the_server_cannot_tell_is_said_in_its_words() {
    let mut page = opened(None);
    page.refuse("Restatements", "20001 causes have moved this window.");
    page.shows(&["It cannot be told what moved these figures: 20001 causes have moved this window."]);
}
