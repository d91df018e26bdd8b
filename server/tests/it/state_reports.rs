//! State reports and readings over the API: how long each counts, what late ones change, and whose units count.

use serde_json::{Value, json};

use crate::{
    decisions::{DECIDE, figures, plant},
    harness::{TestServer, with},
    queries::event,
};

/// A report of what is so from a time on.
fn from_now_on(worker: &str, event_type: &str, time: &str, rest: &Value) -> Value {
    let report = with(event(worker, event_type, time, 0.0, 0), &json!({ "durationMinutes": null }));
    with(report, rest)
}

/// A worker's working, idle and absent minutes and units; none when it is not listed.
async fn sums(server: &TestServer, worker: &str) -> Option<[f64; 4]> {
    let [working, idle, absent, _, _, _, units] = figures(server, worker, Value::Null).await?;
    Some([working, idle, absent, units])
}

#[tokio::test]
async fn a_state_report_counts_until_the_next_one_if_that_comes_within_the_hold_that_was_promised() {
    let server = plant().await;
    let hold = |minutes: i32| json!({ "holdMinutes": minutes });
    let later = |time: &str| json!({ "timestamp": format!("2026-01-05T{time}Z") });
    let events = json!([
        from_now_on("W1", "WORKING", "08:00", &hold(15)),
        from_now_on("W1", "IDLE", "08:15", &hold(15)),
        from_now_on("W1", "WORKING", "08:30", &with(hold(15), &later("08:30:00.001"))),
        from_now_on("W2", "WORKING", "08:00", &json!({})),
        from_now_on("W2", "IDLE", "09:00", &json!({})),
        from_now_on("W2", "WORKING", "10:00", &later("10:00:00.001")),
        from_now_on("W3", "ABSENT", "08:00", &hold(1_440)),
        // Counts pieces, and ends nothing.
        event("W3", "WORKING", "08:10", 0.0, 3),
        from_now_on("W3", "IDLE", "11:00", &json!({})),
    ]);
    assert_eq!(server.ingest("plant", events).await["accepted"], 9);
    assert_eq!(
        sums(&server, "W1").await,
        Some([15.0, 0.0, 0.0, 0.0]),
        "a millisecond past the hold is too late"
    );
    assert_eq!(sums(&server, "W2").await, Some([60.0, 0.0, 0.0, 0.0]), "the factory's hold of 60 minutes");
    assert_eq!(sums(&server, "W3").await, Some([0.0, 0.0, 180.0, 3.0]));

    // Another setting is about the reports that come from then on.
    let update = "mutation { updateFactory(factoryId: \"plant\", input: { stateHoldMinutes: 5 }) { id } }";
    server.ask(update, json!({})).await;
    let events = json!([
        from_now_on("W2", "IDLE", "10:06", &json!({})),
        from_now_on("W4", "WORKING", "08:00", &json!({})),
        from_now_on("W4", "IDLE", "08:06", &json!({})),
        from_now_on("W4", "WORKING", "08:11", &json!({})),
    ]);
    server.ingest("plant", events).await;
    assert_eq!(sums(&server, "W2").await.expect("W2")[0], 60.0 + 6.0 - 1.0 / 60_000.0);
    assert_eq!(sums(&server, "W4").await, Some([0.0, 5.0, 0.0, 0.0]));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_late_state_report_ends_the_one_before_it_and_is_ended_by_the_one_after_it() {
    let server = plant().await;
    let send = async |report: Value| {
        let outcome = server.ingest("plant", json!([report])).await;
        assert_eq!(outcome["accepted"], 1, "{outcome}");
    };
    let plain = json!({});
    for worker in ["W1", "W2"] {
        send(from_now_on(worker, "WORKING", "08:00", &plain)).await;
    }
    send(from_now_on("W1", "ABSENT", "09:00", &plain)).await;
    send(from_now_on("W2", "ABSENT", "09:30", &plain)).await;
    assert_eq!(sums(&server, "W1").await, Some([60.0, 0.0, 0.0, 0.0]));
    assert_eq!(sums(&server, "W2").await, None, "longer than the hold");
    // Another series ends nothing.
    send(from_now_on("W1", "IDLE", "08:30", &json!({ "sourceId": "cam-2" }))).await;
    assert_eq!(sums(&server, "W1").await, Some([60.0, 0.0, 0.0, 0.0]));
    send(from_now_on("W1", "IDLE", "08:20", &plain)).await;
    assert_eq!(sums(&server, "W1").await, Some([20.0, 40.0, 0.0, 0.0]));
    send(from_now_on("W2", "IDLE", "08:45", &plain)).await;
    assert_eq!(sums(&server, "W2").await, Some([45.0, 45.0, 0.0, 0.0]), "both are followed in time now");
    // A retracted one still ends the one before it.
    let retraction = json!({ "retraction": { "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "form": "STATE",
                                             "timestamp": "2026-01-05T08:20:00Z" } });
    server.ask(DECIDE, json!({ "request": "r", "decision": retraction })).await;
    assert_eq!(sums(&server, "W1").await, Some([20.0, 0.0, 0.0, 0.0]));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn of_the_readings_of_one_thing_the_units_of_one_count_in_whatever_order_they_come() {
    let server = plant().await;
    let reading = |worker: &str, minutes: Option<f64>, model: &str, confidence: f64, units: u32| {
        let by = json!({ "modelVersion": model, "confidence": confidence, "durationMinutes": minutes });
        with(event(worker, "WORKING", "08:00", 0.0, units), &by)
    };
    for (surer, worker) in [("first", "W1"), ("last", "W2")] {
        for (number, minutes) in [Some(30.0), None].into_iter().enumerate() {
            let worker = format!("{worker}{number}");
            let mut readings =
                [reading(&worker, minutes, "v2", 0.9, 6), reading(&worker, minutes, "v1", 0.8, 4)];
            if surer == "last" {
                readings.reverse();
            }
            for reading in readings {
                assert_eq!(server.ingest("plant", json!([reading])).await["accepted"], 1);
            }
            let sums = sums(&server, &worker).await.expect("a worker");
            assert_eq!((sums[0], sums[3]), (minutes.unwrap_or(0.0), 6.0), "{worker}, the surer one {surer}");
        }
    }
    // Without the surer one the other one counts.
    let shadow = json!({ "standing": { "standing": "SHADOW", "modelVersion": "v2" } });
    server.ask(DECIDE, json!({ "request": "shadow", "decision": shadow })).await;
    for worker in ["W10", "W11", "W20", "W21"] {
        assert_eq!(sums(&server, worker).await.expect("a worker")[3], 4.0, "{worker}");
    }
    server.ask(DECIDE, json!({ "request": "back", "decision": { "withdrawal": 1 } })).await;
    for worker in ["W10", "W11", "W20", "W21"] {
        assert_eq!(sums(&server, worker).await.expect("a worker")[3], 6.0, "{worker}");
    }
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_a_workstation_is_doing_began_where_others_stopped_to_be_shown_there() {
    let server = plant().await;
    let seen = |camera: &str, confidence: f64| json!({ "workstationId": "S1", "confidence": confidence, "sourceId": camera });
    let w1 = |kind: &str, time: &str, confidence| from_now_on("W1", kind, time, &seen("cam-1", confidence));
    let w2 = |kind: &str, time: &str, confidence| from_now_on("W2", kind, time, &seen("cam-2", confidence));
    let w3 = |kind: &str, time: &str, confidence| from_now_on("W3", kind, time, &seen("cam-1", confidence));
    let events = json!([
        w1("IDLE", "07:30", 0.5),
        w1("WORKING", "08:00", 0.9),
        w1("ABSENT", "09:00", 0.9),
        w2("WORKING", "08:00", 0.99),
        w2("ABSENT", "08:20", 0.9),
    ]);
    server.ingest("plant", events).await;
    let since = async || {
        let query =
            "{ workstationMetrics(factoryId: \"plant\") { workstations { current { since until } } } }";
        server.ask(query, json!({})).await["workstationMetrics"]["workstations"][0]["current"].take()
    };
    let current = json!({ "since": "2026-01-05T08:20:00.000Z", "until": "2026-01-05T09:00:00.000Z" });
    assert_eq!(since().await, current);
    // It says the same as the first worker's report, which is longer, and reaches back to when the second one is shown.
    server.ingest("plant", json!([w3("WORKING", "08:40", 0.9), w3("ABSENT", "08:45", 0.9)])).await;
    assert_eq!(since().await, current);
}
