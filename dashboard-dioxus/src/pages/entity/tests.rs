//! What the page of an entity says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn factories() -> Value {
    json!({ "factories": [{ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" }] })
}

fn workers(window: &Value, rows: &Value) -> Value {
    json!({ "workerMetrics": {
        "window": window, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "snapshot": true, "removedWorkerIds": [], "workers": rows,
    } })
}

fn day() -> Value {
    json!({ "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z" })
}

fn worker() -> Value {
    json!({
        "workerId": "W1", "name": "Anna", "area": "Line 1", "workingMinutes": 0, "idleMinutes": 70.25,
        "absentMinutes": 0.0, "overlapMinutes": 12.0, "contestedMinutes": 0.0, "correctedMinutes": 0.0, "utilization": null, "unitsProduced": 1400,
        "unitsPerHour": null, "meanConfidence": 0.88, "lastSeenAt": "2026-01-05T08:00:00.000Z",
        "current": {
            "eventType": "IDLE", "since": "2026-01-05T07:00:00.000Z", "until": "2026-01-05T08:00:00.000Z",
            "confidence": 0.9,
        },
    })
}

fn opened(address: &'static str) -> TestPage {
    let mut page = TestPage::at(address);
    page.answer("Factories", &factories());
    page
}

const DAY: &str = "/worker?factory=plant&window=2026-01-05&id=W1";

#[test]
fn the_figures_come_first_and_then_what_follows_from_the_window_is_asked() {
    let mut page = opened(DAY);
    assert_eq!(page.asked("WorkerMetrics").len(), 1);
    assert!(page.asked("Timeline").is_empty());
    page.answer("WorkerMetrics", &workers(&day(), &json!([worker()])));
    page.shows(&[
        "<h1>Anna</h1>",
        "Area Line 1",
        "since Mon 5 Jan 2026, 07:00",
        "12.0\u{a0}min covered by two cameras",
        "Mean confidence 88\u{a0}%",
    ]);
    let expected =
        json!({ "factoryId": "plant", "kind": "WORKER", "id": "W1", "window": { "day": "2026-01-05" } });
    assert_eq!(page.asked("Timeline"), [&expected]);
    let resolutions: Vec<_> =
        page.asked("EntitySeries").into_iter().map(|asked| asked["resolution"].clone()).collect();
    assert_eq!(resolutions, ["HOUR", "DAY"]);
    assert_eq!(page.asked("Events")[0]["filter"], json!({ "entityType": "WORKER", "entityId": "W1" }));
    assert!(page.asked("FactoryEntities").is_empty());
}

#[test]
fn a_week_is_asked_day_by_day() {
    let mut page = opened("/worker?factory=plant&window=all-time&id=W1");
    page.answer("WorkerMetrics", &workers(&Value::Null, &json!([worker()])));
    let days: Vec<_> = page.asked("Timeline").iter().map(|asked| asked["window"]["day"].clone()).collect();
    assert_eq!(days.len(), 7);
    assert_eq!((&days[0], &days[6]), (&json!("2026-01-05"), &json!("2025-12-30")));
}

#[test]
fn what_a_model_was_unsure_of_is_told_with_its_time() {
    let mut page = opened(DAY);
    page.answer("WorkerMetrics", &workers(&day(), &json!([worker()])));
    let segment = |from: &str, to: &str, confidence: f64| {
        json!({
            "from": from, "to": to, "eventType": "IDLE", "confidence": confidence, "modelVersion": "m1",
            "sourceId": null,
        })
    };
    page.answer(
        "Timeline",
        &json!({ "timeline": {
            "window": day(), "revision": 3, "truncated": true,
            "segments": [
                segment("2026-01-05T07:00:00.000Z", "2026-01-05T07:10:00.000Z", 0.4),
                segment("2026-01-05T07:10:00.000Z", "2026-01-05T08:00:00.000Z", 0.9),
            ],
            "contested": [{ "from": "2026-01-05T07:00:00.000Z", "to": "2026-01-05T07:05:00.000Z" }],
            "corrected": [
                { "from": "2026-01-05T07:30:00.000Z", "to": "2026-01-05T07:40:00.000Z", "decision": 3 },
                { "from": "2026-01-05T07:40:00.000Z", "to": "2026-01-05T07:45:00.000Z", "decision": 5 },
            ],
        } }),
    );
    page.shows(&["timeline-line-corrected", "timeline-line-contested", "corrected by decisions 3, 5"]);
    page.shows(&["Mon 5 Jan 2026, 07:40 to 07:45", "number=5", "of=worker"]);
    page.shows(&["Confidence below 60\u{a0}%", "Mon 5 Jan 2026, 07:00 to 07:10", "Choose a shorter window"]);
}

#[test]
fn who_was_seen_at_another_time_is_told_from_who_was_never_seen() {
    let mut page = opened(DAY);
    page.answer("WorkerMetrics", &workers(&day(), &json!([])));
    let names =
        |workers: &Value| json!({ "factory": { "revision": 3, "workers": workers, "workstations": [] } });
    page.answer("FactoryEntities", &names(&json!([{ "workerId": "W1", "name": "Anna", "area": null }])));
    page.shows(&["<h1>Anna</h1>", "Worker W1 was not seen in this window.", "No area"]);
    assert_eq!(page.asked("Events").len(), 1);

    page.answer("FactoryEntities", &names(&json!([{ "workerId": "W2", "name": null, "area": null }])));
    page.shows(&["Worker W1 has never been seen in this factory.", "To the floor"]);
}

#[test]
fn a_part_that_cannot_be_had_says_why_beside_the_others() {
    let mut page = opened(DAY);
    page.answer("WorkerMetrics", &workers(&day(), &json!([worker()])));
    page.refuse("Timeline", "The database is away.");
    page.shows(&["The database is away.", "Try again", "1\u{202f}400"]);
}
