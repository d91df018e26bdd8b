//! Which causes are listed, in which figures they show, and that every answer about a window says whether it is final.

use serde_json::{Value, json};

use super::{CHANGE, DECIDE, INGEST, RESTATEMENTS, day, event, plant_at, send, text};
use crate::harness::{TestServer, millis, with};

const FINALITIES: &str = "query($window: WindowInput!, $id: ID!) {
    factory: factoryMetrics(factoryId: \"plant\", window: $window) { ...metrics }
    worker: workerMetrics(factoryId: \"plant\", window: $window, workerIds: [$id]) { finality { ...of } }
    timeline(factoryId: \"plant\", window: $window, entityType: WORKER, entityId: $id) { finality { ...of } }
    timelines(factoryId: \"plant\", window: $window, entityType: WORKER, entityIds: [$id], resolutionSeconds: 300) {
      finality { ...of } }
    sources(factoryId: \"plant\", window: $window, resolution: HOUR) { finality { ...of } } }
    fragment metrics on FactoryMetrics { finality { ...of } }
    fragment of on Finality { state reasons closesAt lostEvents }";

/// A state report of W1.
fn report(event_type: &str, time: &str, hold: i64) -> Value {
    let fields = json!({ "durationMinutes": null, "holdMinutes": hold });
    with(event("W1", event_type, time, 0.0, "cam-1"), &fields)
}

fn range(from: &str, to: &str) -> Value {
    json!({ "range": { "from": format!("2026-01-05T{from}:00Z"), "to": format!("2026-01-05T{to}:00Z") } })
}

/// What moved a window since it was closed, for everything or for some.
async fn moved(server: &TestServer, window: Value, rest: &Value) -> Value {
    let variables = with(json!({ "window": window, "since": "2026-01-07T00:00:00Z" }), rest);
    server.ask(RESTATEMENTS, variables).await["restatements"].take()
}

fn count(report: &Value) -> usize {
    report["restatements"].as_array().expect("a list").len()
}

#[tokio::test]
async fn a_cause_whose_differences_cancel_each_other_is_listed() {
    let server = plant_at("2026-01-05T10:00:00Z").await;
    let punctual = [
        report("WORKING", "08:00", 5),
        report("ABSENT", "08:20", 1),
        report("WORKING", "08:40", 60),
        report("ABSENT", "08:50", 1),
    ];
    send(&server, None, &punctual).await;
    server.clock.set(millis("2026-01-08T09:00:00Z"));
    send(&server, None, &[report("IDLE", "08:05", 1), report("IDLE", "08:45", 1)]).await;
    for of in [json!({}), json!({ "type": "WORKER" }), json!({ "type": "WORKER", "ids": ["W1"] })] {
        let report = moved(&server, day(), &of).await;
        assert_eq!(count(&report), 1, "{of}: {report}");
        let cause = &report["restatements"][0];
        assert_eq!(
            (&cause["cause"], &cause["sourceId"]),
            (&json!("LATE_EVENTS"), &json!("cam-1")),
            "{report}"
        );
        let delta = cause["delta"].as_object().expect("a difference").values();
        assert!(delta.clone().all(|figure| figure.as_f64() == Some(0.0)), "{report}");
        assert_eq!(report["before"], report["now"], "{of}");
        assert_eq!(report["now"]["workingMinutes"], 10.0);
    }
    let half = moved(&server, range("08:00", "08:30"), &json!({})).await;
    assert_eq!(half["restatements"][0]["delta"]["workingMinutes"], 5.0, "{half}");
}

#[tokio::test]
async fn what_is_in_none_of_the_figures_that_are_asked_about_is_not_listed() {
    let server = plant_at("2026-01-05T10:00:00Z").await;
    send(&server, None, &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    server.clock.set(millis("2026-01-08T09:00:00Z"));
    let at_the_station = with(
        event("S1", "WORKING", "08:00", 10.0, "cam-2"),
        &json!({ "entityType": "WORKSTATION", "unitsProduced": 3 }),
    );
    send(&server, None, &[at_the_station]).await;
    assert_eq!(count(&moved(&server, day(), &json!({})).await), 0, "the workers' units count");
    assert_eq!(count(&moved(&server, day(), &json!({ "type": "WORKER" })).await), 0);
    assert_eq!(count(&moved(&server, day(), &json!({ "type": "WORKSTATION" })).await), 1);
    server.ask(CHANGE, json!({ "input": { "unitsBasis": "WORKSTATIONS" } })).await;
    let report = moved(&server, day(), &json!({})).await;
    assert_eq!(report["restatements"][0]["delta"]["unitsProduced"], 3, "{report}");
    assert_eq!(report["restatements"][0]["delta"]["workingMinutes"], 0.0, "{report}");
}

#[tokio::test]
async fn what_is_corrected_of_whom_nothing_is_left_to_list_is_in_the_restated_figures() {
    let server = plant_at("2026-01-05T10:00:00Z").await;
    send(&server, None, &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    server.clock.set(millis("2026-01-08T09:00:00Z"));
    let nobody_knows = json!({ "correction": { "entityType": "WORKER", "entityIds": ["W1"], "state": "NOT_OBSERVED",
        "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T08:10:00Z" } });
    server.ask(DECIDE, json!({ "request": "r1", "decision": nobody_knows })).await;
    for of in [json!({}), json!({ "type": "WORKER" })] {
        let report = moved(&server, day(), &of).await;
        assert_eq!(report["now"]["correctedMinutes"], 10.0, "{of}: {report}");
        assert_eq!(report["restatements"][0]["delta"]["correctedMinutes"], 10.0, "{of}: {report}");
    }
}

#[tokio::test]
async fn every_answer_about_a_window_says_whether_it_is_final() {
    let server = plant_at("2026-01-05T10:00:00Z").await;
    send(&server, Some(("edge-1", 1)), &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    send(&server, Some(("edge-2", 1)), &[event("W2", "WORKING", "08:00", 10.0, "cam-2")]).await;
    server.clock.set(millis("2026-01-07T00:00:00Z"));
    // Only the second device is still heard, and has lost something.
    let heard = json!({ "deviceId": "edge-2", "epoch": "a", "firstSequence": 3, "sentAt": text(server.clock.now_ms()),
        "queuedEvents": 0, "lostEvents": 1, "deadLetteredEvents": 0,
        "closed": [{ "firstSequence": 2, "lastSequence": 2, "reason": "LOST" }] });
    server.ask(INGEST, json!({ "events": [], "sender": heard })).await;
    let silent = json!(["DEVICE_SILENT"]);
    for (id, reasons, lost) in [("W1", silent.clone(), 0), ("W2", json!([]), 1)] {
        let answer = server.ask(FINALITIES, json!({ "window": day(), "id": id })).await;
        for field in ["worker", "timeline", "timelines"] {
            let finality = &answer[field]["finality"];
            assert_eq!(finality["reasons"], reasons, "{field} of {id}: {answer}");
            assert_eq!(finality["lostEvents"], lost, "{field} of {id}: {answer}");
        }
        for field in ["factory", "sources"] {
            assert_eq!(answer[field]["finality"]["reasons"], silent, "{field}: {answer}");
            assert_eq!(answer[field]["finality"]["lostEvents"], 1, "{field}: {answer}");
        }
    }
}
