//! What is answered about stored events: figures, series, timelines and lists, each from one state of the database.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::harness::{TestServer, code, with};

const WORKERS: &str = "query($factory: ID!, $window: WindowInput, $ids: [ID!], $area: String) \
    { workerMetrics(factoryId: $factory, window: $window, workerIds: $ids, area: $area) { factoryId window { from to } \
    revision snapshot removedWorkerIds workers { workerId name area workingMinutes idleMinutes absentMinutes overlapMinutes \
    utilization unitsProduced unitsPerHour meanConfidence lastSeenAt \
    current { eventType since until confidence } } } }";

const FACTORY: &str = "query($factory: ID!, $window: WindowInput, $area: String) \
    { factoryMetrics(factoryId: $factory, window: $window, area: $area) { factoryId window { from to } revision \
    productiveMinutes idleMinutes absentMinutes unitsBasis unitsProduced workerUnitsProduced workstationUnitsProduced \
    averageUtilization utilization averageProductionRate activeWorkers activeWorkstations } }";

const SERIES: &str = "query($window: WindowInput!, $resolution: Resolution!) \
    { metricSeries(factoryId: \"plant\", window: $window, resolution: $resolution) { window { from to } \
    points { from to workingMinutes idleMinutes unitsProduced utilization } } }";

const CONTESTED: &str = "query($window: WindowInput, $steps: WindowInput!) {
    workerMetrics(factoryId: \"plant\", window: $window) { workers { ...worker } }
    workstationMetrics(factoryId: \"plant\", window: $window) { workstations { ...workstation } }
    factoryMetrics(factoryId: \"plant\", window: $window) { observedMinutes contestedMinutes correctedMinutes }
    metricSeries(factoryId: \"plant\", window: $steps, resolution: FIFTEEN_MINUTES) { points { ...point } }
    entitySeries(factoryId: \"plant\", window: $steps, resolution: FIFTEEN_MINUTES, entityType: WORKER, entityIds: [\"W1\"])
      { series { points { ...point } } } }
    fragment worker on WorkerMetrics { workerId observedMinutes overlapMinutes contestedMinutes correctedMinutes }
    fragment workstation on WorkstationMetrics { workstationId observedMinutes overlapMinutes contestedMinutes correctedMinutes }
    fragment point on MetricPoint { from observedMinutes contestedMinutes correctedMinutes }";

const TIMELINE: &str = "query($id: ID!, $window: WindowInput!) \
    { timeline(factoryId: \"plant\", entityType: WORKER, entityId: $id, window: $window) { window { from to } truncated \
    segments { from to eventType confidence sourceId } } }";

const EVENTS: &str = "query($filter: EventFilter, $first: Int! = 50, $after: String) \
    { events(factoryId: \"plant\", filter: $filter, first: $first, after: $after) \
    { edges { cursor node { timestamp entityId eventType durationMinutes unitsProduced confidence eventId receivedAt } } \
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// An hour after all the events below.
async fn plant() -> TestServer {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    server
}

/// An event on 2026-01-05, the time as `08:00`.
pub(crate) fn event(entity: &str, event_type: &str, time: &str, minutes: f64, units: u32) -> Value {
    let entity_type = if entity.starts_with('W') { "WORKER" } else { "WORKSTATION" };
    json!({
        "entityType": entity_type, "entityId": entity, "eventType": event_type,
        "timestamp": format!("2026-01-05T{time}:00Z"), "durationMinutes": minutes, "unitsProduced": units,
    })
}

fn range(from: &str, to: &str) -> Value {
    json!({ "range": { "from": format!("2026-01-05T{from}:00Z"), "to": format!("2026-01-05T{to}:00Z") } })
}

async fn worked_example(server: &TestServer) {
    let first = with(event("W1", "WORKING", "08:00", 60.0, 10), &json!({ "confidence": 0.9 }));
    let events = json!([
        first,
        with(event("W1", "IDLE", "08:50", 20.0, 0), &json!({ "confidence": 0.95 })),
        with(event("W1", "WORKING", "09:10", 20.0, 4), &json!({ "confidence": 0.8 })),
        first,
    ]);
    let payload = server.ingest("plant", events).await;
    assert_eq!((&payload["accepted"], &payload["duplicates"]), (&json!(3), &json!(1)));
}

async fn worker(server: &TestServer, window: Value) -> Value {
    let data = server.ask(WORKERS, json!({ "factory": "plant", "window": window })).await;
    data["workerMetrics"]["workers"][0].clone()
}

#[track_caller]
fn check(row: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(row[field], *value, "{field} of {row}");
    }
}

#[tokio::test]
async fn the_worked_example_has_the_numbers_of_its_definition() {
    let server = plant().await;
    worked_example(&server).await;
    let all_time = worker(&server, Value::Null).await;
    check(
        &all_time,
        &json!({ "workerId": "W1", "workingMinutes": 70.0, "idleMinutes": 20.0, "absentMinutes": 0.0, "overlapMinutes": 10.0,
                "utilization": 7000.0 / 90.0, "unitsProduced": 14, "unitsPerHour": 12.0,
                "lastSeenAt": "2026-01-05T09:30:00.000Z",
                "current": { "eventType": "WORKING", "since": "2026-01-05T09:10:00.000Z",
                             "until": "2026-01-05T09:30:00.000Z", "confidence": 0.8 } }),
    );
    let mean_confidence = (50.0 * 0.9 + 20.0 * 0.95 + 20.0 * 0.8) / 90.0;
    assert!((all_time["meanConfidence"].as_f64().expect("a number") - mean_confidence).abs() < 1e-12);

    let early = worker(&server, range("08:00", "08:45")).await;
    check(&early, &json!({ "workingMinutes": 45.0, "idleMinutes": 0.0, "unitsProduced": 7 }));
    let late = worker(&server, range("08:45", "09:10")).await;
    check(
        &late,
        &json!({ "workingMinutes": 5.0, "idleMinutes": 20.0, "overlapMinutes": 10.0, "unitsProduced": 3 }),
    );
    let snapped = worker(&server, range("08:47", "08:57")).await;
    check(
        &snapped,
        &json!({ "workingMinutes": 5.0, "idleMinutes": 5.0, "overlapMinutes": 5.0, "unitsProduced": 2 }),
    );
}

#[tokio::test]
async fn an_answer_says_which_window_it_used() {
    let server = plant().await;
    let window = json!({ "range": { "from": "2026-01-05T09:47:59.9+01:00", "to": "2026-01-05T08:57:00Z" } });
    let data = server.ask(FACTORY, json!({ "factory": "plant", "window": window })).await;
    let used = json!({ "from": "2026-01-05T08:45:00.000Z", "to": "2026-01-05T08:55:00.000Z" });
    assert_eq!(data["factoryMetrics"]["window"], used);
    let data = server.ask(FACTORY, json!({ "factory": "plant", "window": { "lastMinutes": 11 } })).await;
    let used = json!({ "from": "2026-01-05T11:50:00.000Z", "to": "2026-01-05T12:05:00.000Z" });
    assert_eq!(data["factoryMetrics"]["window"], used);
    let data = server.ask(FACTORY, json!({ "factory": "plant", "window": { "day": "2026-01-04" } })).await;
    let used = json!({ "from": "2026-01-04T00:00:00.000Z", "to": "2026-01-05T00:00:00.000Z" });
    assert_eq!(data["factoryMetrics"]["window"], used);
    let data = server.ask(FACTORY, json!({ "factory": "plant" })).await;
    assert_eq!(data["factoryMetrics"]["window"], Value::Null);
}

#[tokio::test]
async fn a_factorys_figures_are_its_workers_and_only_one_side_counts_the_units() {
    let server = plant().await;
    let events = json!([
        event("W1", "WORKING", "08:00", 30.0, 3),
        event("W1", "IDLE", "08:30", 30.0, 0),
        event("W2", "WORKING", "08:00", 60.0, 9),
        event("W3", "ABSENT", "08:00", 60.0, 0),
        event("S1", "WORKING", "08:00", 60.0, 15),
        event("S2", "IDLE", "08:00", 60.0, 0),
    ]);
    server.ingest("plant", events).await;
    let figures = server.ask(FACTORY, json!({ "factory": "plant" })).await["factoryMetrics"].take();
    check(
        &figures,
        &json!({ "factoryId": "plant", "productiveMinutes": 90.0, "idleMinutes": 30.0, "absentMinutes": 60.0,
                "unitsBasis": "WORKERS", "unitsProduced": 12, "workerUnitsProduced": 12, "workstationUnitsProduced": 15,
                "averageUtilization": 75.0, "utilization": 75.0, "averageProductionRate": 8.0,
                "activeWorkers": 2, "activeWorkstations": 2 }),
    );
    let update =
        "mutation { updateFactory(factoryId: \"plant\", input: { unitsBasis: WORKSTATIONS }) { revision } }";
    let revision = server.ask(update, json!({})).await["updateFactory"]["revision"].take();
    let figures = server.ask(FACTORY, json!({ "factory": "plant" })).await["factoryMetrics"].take();
    check(&figures, &json!({ "unitsProduced": 15, "averageProductionRate": 10.0, "revision": revision }));
}

#[tokio::test]
async fn what_has_no_basis_is_null_and_never_zero() {
    let server = plant().await;
    let figures = server.ask(FACTORY, json!({ "factory": "plant" })).await["factoryMetrics"].take();
    check(
        &figures,
        &json!({ "averageUtilization": null, "utilization": null, "averageProductionRate": null, "unitsProduced": 0 }),
    );
    server.ingest("plant", json!([event("W1", "ABSENT", "08:00", 60.0, 0)])).await;
    let row = worker(&server, Value::Null).await;
    check(
        &row,
        &json!({ "utilization": null, "unitsPerHour": null, "meanConfidence": null, "absentMinutes": 60.0 }),
    );
}

#[tokio::test]
async fn lists_come_in_the_order_of_people_and_leave_out_who_is_unknown_or_elsewhere() {
    let server = plant().await;
    let workers = ["W10", "W2", "W1"].map(|worker| event(worker, "WORKING", "08:00", 5.0, 1));
    server.ingest("plant", json!(workers)).await;
    let listed = async |variables: Value| -> Vec<String> {
        let data = server.ask(WORKERS, variables).await;
        let rows = data["workerMetrics"]["workers"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["workerId"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(listed(json!({ "factory": "plant" })).await, ["W1", "W2", "W10"]);
    let ids = json!(["W10", "W99", "W1", "W10"]);
    assert_eq!(listed(json!({ "factory": "plant", "ids": ids })).await, ["W1", "W10"]);
    assert_eq!(listed(json!({ "factory": "plant", "ids": [] })).await, [""; 0]);
    assert_eq!(listed(json!({ "factory": "plant", "window": range("09:00", "10:00") })).await, [""; 0]);

    let update = "mutation { updateWorker(factoryId: \"plant\", workerId: \"W2\", input: { area: \"Line 1\" }) { area } }";
    server.ask(update, json!({})).await;
    assert_eq!(listed(json!({ "factory": "plant", "area": "Line 1" })).await, ["W2"]);
    let figures =
        server.ask(FACTORY, json!({ "factory": "plant", "area": "Line 1" })).await["factoryMetrics"].take();
    check(&figures, &json!({ "activeWorkers": 1, "productiveMinutes": 5.0, "unitsProduced": 1 }));
}

#[tokio::test]
async fn windows_that_cannot_be_are_refused() {
    let server = plant().await;
    let refused = [
        json!({}),
        json!({ "lastMinutes": 5, "day": "2026-01-05" }),
        json!({ "lastMinutes": 0 }),
        json!({ "lastMinutes": 44_641 }),
        json!({ "day": "2026-02-30" }),
        json!({ "day": "2026-1-5" }),
        json!({ "period": "NEXT_YEAR" }),
        range("09:00", "08:00"),
        range("08:01", "08:04"),
        json!({ "range": { "from": "2026-01-05T08:00:00", "to": "2026-01-05T09:00:00Z" } }),
        json!({ "range": { "from": "2026-01-05T08:00:60Z", "to": "2026-01-05T09:00:00Z" } }),
    ];
    for window in refused {
        let answer = server.answer(FACTORY, json!({ "factory": "plant", "window": window })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{window}");
    }
}

#[tokio::test]
async fn an_unknown_factory_is_named_in_the_refusal() {
    let server = plant().await;
    for query in [WORKERS, FACTORY] {
        let answer = server.answer(query, json!({ "factory": "nowhere" })).await;
        assert_eq!(code(&answer), "NOT_FOUND");
        assert!(
            answer["errors"][0]["message"].as_str().expect("a message").contains("\"nowhere\""),
            "{answer}"
        );
    }
    assert_eq!(server.ask("{ factory(id: \"nowhere\") { id } }", json!({})).await["factory"], Value::Null);
}

#[tokio::test]
async fn more_than_a_thousand_ids_are_refused() {
    let server = plant().await;
    let ids: Vec<String> = (0..=1_000).map(|number| format!("W{number}")).collect();
    assert_eq!(server.refused(WORKERS, json!({ "factory": "plant", "ids": ids })).await, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_series_adds_up_to_its_window_and_leaves_gaps() {
    let server = plant().await;
    worked_example(&server).await;
    let variables = json!({ "window": range("07:50", "11:10"), "resolution": "HOUR" });
    let series = server.ask(SERIES, variables).await["metricSeries"].take();
    let points = series["points"].as_array().expect("points");
    let steps: Vec<_> = points.iter().map(|point| (point["from"].as_str(), point["to"].as_str())).collect();
    assert_eq!(
        steps,
        [
            (Some("2026-01-05T08:00:00.000Z"), Some("2026-01-05T09:00:00.000Z")),
            (Some("2026-01-05T09:00:00.000Z"), Some("2026-01-05T10:00:00.000Z")),
        ]
    );
    let sum = |field: &str| points.iter().filter_map(|point| point[field].as_f64()).sum::<f64>();
    assert_eq!((sum("workingMinutes"), sum("idleMinutes"), sum("unitsProduced")), (70.0, 20.0, 14.0));
}

#[tokio::test]
async fn a_day_of_a_series_is_a_calendar_day_also_when_the_clock_changes() {
    let server = TestServer::at("2026-04-01T00:00:00Z").await;
    server.create_factory_in("plant", "Europe/Berlin").await;
    let hours = (0..48).map(|hour| {
        let start = chrono::DateTime::from_timestamp(1_774_652_400 + hour * 3_600, 0).expect("an instant");
        json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "timestamp": start.to_rfc3339(),
                "durationMinutes": 60 })
    });
    server.ingest("plant", hours.collect()).await;
    let window = json!({ "range": { "from": "2026-03-27T23:00:00Z", "to": "2026-03-30T22:00:00Z" } });
    let series =
        server.ask(SERIES, json!({ "window": window, "resolution": "DAY" })).await["metricSeries"].take();
    let minutes: Vec<_> = series["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| point["workingMinutes"].clone())
        .collect();
    assert_eq!(minutes, [json!(1440.0), json!(1380.0), json!(60.0)]);
}

#[tokio::test]
async fn series_of_many_are_refused_by_their_number_of_points() {
    let server = plant().await;
    let query = "query($window: WindowInput!, $ids: [ID!]) { entitySeries(factoryId: \"plant\", window: $window, \
                 resolution: FIVE_MINUTES, entityType: WORKER, entityIds: $ids) \
                 { series { entityType entityId points { from workingMinutes } } } }";
    let events = ["W10", "W2", "S1"].map(|entity| event(entity, "WORKING", "08:00", 10.0, 1));
    server.ingest("plant", json!(events)).await;
    let data = server.ask(query, json!({ "window": range("07:00", "09:00") })).await;
    let points = json!([{ "from": "2026-01-05T08:00:00.000Z", "workingMinutes": 5.0 },
                        { "from": "2026-01-05T08:05:00.000Z", "workingMinutes": 5.0 }]);
    let of = |id: &str| json!({ "entityType": "WORKER", "entityId": id, "points": points });
    assert_eq!(data["entitySeries"]["series"], json!([of("W2"), of("W10")]));

    let window = json!({ "range": { "from": "2025-10-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" } });
    let answer = server.answer(query, json!({ "window": window })).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("26496 steps of 2 entities are 52992 points"), "{message}");
    server.ask(query, json!({ "window": window, "ids": ["W2"] })).await;

    let half_a_century = json!({ "range": { "from": "1976-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" } });
    assert_eq!(server.refused(query, json!({ "window": half_a_century })).await, "LIMIT_EXCEEDED");
    let variables = json!({ "window": half_a_century, "resolution": "FIVE_MINUTES" });
    assert_eq!(server.refused(SERIES, variables).await, "LIMIT_EXCEEDED");
}

/// What all figures say of time in which somebody was observed, and reports disagree.
fn minutes(observed: f64, contested: f64) -> Value {
    json!({ "observedMinutes": observed, "contestedMinutes": contested, "correctedMinutes": 0.0 })
}

#[tokio::test]
async fn all_figures_say_how_long_somebody_was_observed_and_how_long_reports_disagree() {
    let server = plant().await;
    let sure = |event: Value, confidence: f64| with(event, &json!({ "confidence": confidence }));
    let events = json!([
        sure(event("W1", "WORKING", "08:00", 60.0, 0), 0.8),
        sure(event("W1", "IDLE", "08:20", 20.0, 0), 0.9),
        event("W1", "ABSENT", "08:50", 20.0, 0),
        event("W2", "IDLE", "08:00", 30.0, 0),
        event("W2", "IDLE", "08:10", 30.0, 0),
        event("S1", "WORKING", "08:00", 30.0, 0),
        event("S1", "IDLE", "08:05", 10.0, 0),
    ]);
    server.ingest("plant", events).await;
    let ask = async |window: Value| {
        server.ask(CONTESTED, json!({ "window": window, "steps": range("08:00", "09:15") })).await
    };
    let row = |field: &str, id: &str, overlap: f64, rest: Value| {
        with(json!({ (field): id, "overlapMinutes": overlap }), &rest)
    };
    let answer = ask(Value::Null).await;
    let workers = json!([
        row("workerId", "W1", 30.0, minutes(70.0, 30.0)),
        row("workerId", "W2", 20.0, minutes(40.0, 0.0))
    ]);
    assert_eq!(answer["workerMetrics"]["workers"], workers);
    let workstations = json!([row("workstationId", "S1", 10.0, minutes(30.0, 10.0))]);
    assert_eq!(answer["workstationMetrics"]["workstations"], workstations);
    assert_eq!(answer["factoryMetrics"], minutes(110.0, 30.0), "the workers'");
    let point = |from: &str, observed: f64, contested: f64| {
        with(json!({ "from": format!("2026-01-05T{from}:00.000Z") }), &minutes(observed, contested))
    };
    let points = json!([
        point("08:00", 15.0, 0.0),
        point("08:15", 15.0, 10.0),
        point("08:30", 15.0, 10.0),
        point("08:45", 15.0, 10.0),
        point("09:00", 10.0, 0.0),
    ]);
    assert_eq!(answer["entitySeries"]["series"], json!([{ "points": points }]));
    let of_both = json!([
        point("08:00", 30.0, 0.0),
        point("08:15", 30.0, 10.0),
        point("08:30", 25.0, 10.0),
        point("08:45", 15.0, 10.0),
        point("09:00", 10.0, 0.0),
    ]);
    assert_eq!(answer["metricSeries"]["points"], of_both);

    let answer = ask(range("08:20", "08:35")).await;
    assert_eq!(answer["workerMetrics"]["workers"][0], row("workerId", "W1", 15.0, minutes(15.0, 15.0)));
}

#[tokio::test]
async fn a_state_report_and_an_interval_that_disagree_are_contested_until_the_state_ends() {
    let server = plant().await;
    let state = |event_type: &str, time: &str| {
        with(event("W1", event_type, time, 0.0, 0), &json!({ "durationMinutes": null, "holdMinutes": 60 }))
    };
    let events = json!([state("WORKING", "08:00"), event("W1", "IDLE", "08:10", 30.0, 0)]);
    server.ingest("plant", events).await;
    let ask = async || {
        let variables = json!({ "steps": range("08:00", "09:00") });
        server.ask(CONTESTED, variables).await["workerMetrics"]["workers"][0].take()
    };
    let row = |overlap: f64, rest: Value| with(json!({ "workerId": "W1", "overlapMinutes": overlap }), &rest);
    assert_eq!(ask().await, row(0.0, minutes(30.0, 0.0)), "a state covers nothing yet");
    server.ingest("plant", json!([state("ABSENT", "08:25")])).await;
    assert_eq!(ask().await, row(15.0, minutes(40.0, 15.0)));
}

#[tokio::test]
async fn a_timeline_shows_who_won_each_instant() {
    let server = plant().await;
    worked_example(&server).await;
    let data = server.ask(TIMELINE, json!({ "id": "W1", "window": range("08:00", "09:20") })).await;
    let segment = |from: &str, to: &str, event_type: &str, confidence: f64| {
        let instant = |time: &str| format!("2026-01-05T{time}:00.000Z");
        json!({ "from": instant(from), "to": instant(to), "eventType": event_type, "confidence": confidence,
                "sourceId": null })
    };
    let segments = json!([
        segment("08:00", "08:50", "WORKING", 0.9),
        segment("08:50", "09:10", "IDLE", 0.95),
        segment("09:10", "09:20", "WORKING", 0.8),
    ]);
    assert_eq!((&data["timeline"]["segments"], &data["timeline"]["truncated"]), (&segments, &json!(false)));
    let variables = json!({ "id": "W2", "window": range("08:00", "09:20") });
    assert_eq!(server.refused(TIMELINE, variables).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_timeline_of_more_than_five_thousand_segments_is_cut_and_says_so() {
    let server = plant().await;
    let spells = (0..5_001).map(|minute| {
        let start = chrono::DateTime::from_timestamp(1_767_225_600 + minute * 60, 0).expect("an instant");
        let event_type = if minute % 2 == 0 { "WORKING" } else { "IDLE" };
        json!({ "entityType": "WORKER", "entityId": "W1", "eventType": event_type, "timestamp": start.to_rfc3339(),
                "durationMinutes": 1 })
    });
    server.ingest("plant", spells.collect()).await;
    let timeline = async |to: &str| {
        let window = json!({ "range": { "from": "2026-01-01T00:00:00Z", "to": to } });
        let data = server.ask(TIMELINE, json!({ "id": "W1", "window": window })).await;
        let segments = data["timeline"]["segments"].as_array().map(Vec::len);
        (segments, data["timeline"]["truncated"].clone())
    };
    assert_eq!(timeline("2026-01-04T11:20:00Z").await, (Some(5_000), json!(false)));
    assert_eq!(timeline("2026-01-05T00:00:00Z").await, (Some(5_000), json!(true)));
}

#[tokio::test]
async fn pages_of_events_go_on_where_they_ended_while_events_arrive() {
    let server = plant().await;
    let events: Vec<Value> =
        (0..5).map(|hour| event("W1", "WORKING", &format!("0{hour}:00"), 5.0, hour)).collect();
    server.ingest("plant", json!(events)).await;
    let first = server.ask(EVENTS, json!({ "first": 2 })).await["events"].take();
    let units = |page: &Value| -> Vec<i64> {
        let edges = page["edges"].as_array().expect("edges");
        edges.iter().filter_map(|edge| edge["node"]["unitsProduced"].as_i64()).collect()
    };
    assert_eq!(units(&first), [4, 3]);
    check(&first["pageInfo"], &json!({ "hasNextPage": true, "hasPreviousPage": false }));
    assert_eq!(first["pageInfo"]["endCursor"], first["edges"][1]["cursor"]);

    server.ingest("plant", json!([event("W1", "IDLE", "10:00", 5.0, 0)])).await;
    let variables = json!({ "first": 3, "after": first["pageInfo"]["endCursor"] });
    let second = server.ask(EVENTS, variables).await["events"].take();
    assert_eq!(units(&second), [2, 1, 0]);
    check(&second["pageInfo"], &json!({ "hasNextPage": false, "hasPreviousPage": true }));

    let filter =
        json!({ "eventType": "WORKING", "from": "2026-01-05T01:00:00Z", "to": "2026-01-05T03:00:00Z" });
    assert_eq!(units(&server.ask(EVENTS, json!({ "filter": filter })).await["events"]), [2, 1]);
}

#[tokio::test]
async fn the_pages_of_events_of_one_request_are_counted_together() {
    let server = plant().await;
    let events: Vec<Value> = (0..500)
        .map(|second| {
            let time = format!("08:{:02}:{:02}", second / 60, second % 60);
            let mut event = event("W1", "WORKING", "08:00", 0.0, 1);
            event["timestamp"] = json!(format!("2026-01-05T{time}Z"));
            event
        })
        .collect();
    server.ingest("plant", json!(events)).await;
    let pages = |count: usize| {
        let pages: Vec<String> = (0..count)
            .map(|page| format!("p{page}: events(factoryId: \"plant\", first: 500) {{ ...page }}"))
            .collect();
        let fields = "timestamp ".repeat(80);
        format!(
            "{{ {} }} fragment page on EventConnection {{ edges {{ node {{ {fields} }} }} }}",
            pages.join(" ")
        )
    };
    server.ask(&pages(10), json!({})).await;
    let answer = server.answer(&pages(20), json!({})).await;
    let errors = answer["errors"].as_array().expect("errors");
    let refused = errors.iter().filter(|error| {
        error["extensions"]["code"] == "LIMIT_EXCEEDED"
            && error["message"].as_str().is_some_and(|message| message.contains("more than 600000 values"))
    });
    assert_eq!(refused.count(), errors.len(), "{errors:?}");
    assert!((1..20).contains(&errors.len()), "{errors:?}");
}

#[tokio::test]
async fn pages_of_events_that_cannot_be_are_refused() {
    let server = plant().await;
    for first in [0, -1, 501] {
        assert_eq!(server.refused(EVENTS, json!({ "first": first })).await, "LIMIT_EXCEEDED");
    }
    assert_eq!(server.refused(EVENTS, json!({ "after": "not a cursor" })).await, "BAD_USER_INPUT");
    let filters = [
        json!({ "maxConfidence": 1.5 }),
        json!({ "from": "yesterday" }),
        json!({ "from": "2026-01-05T09:00:00Z", "to": "2026-01-05T08:00:00Z" }),
    ];
    for filter in filters {
        assert_eq!(server.refused(EVENTS, json!({ "filter": filter })).await, "BAD_USER_INPUT");
    }
}

const BATCHES: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_one_answer_is_the_state_of_one_set_of_events() {
    let server = plant().await;
    let query = "{ factory(id: \"plant\") { revision } factories { revision workers { workerId } } \
                 factoryMetrics(factoryId: \"plant\") { revision workerUnitsProduced workstationUnitsProduced productiveMinutes } \
                 workerMetrics(factoryId: \"plant\") { revision workers { workerId unitsProduced workingMinutes } } \
                 workstationMetrics(factoryId: \"plant\") { revision workstations { unitsProduced } } }";
    // Batch after batch of a known sequence: after n of them there are n (n + 1) / 2 units on each side.
    let write = async {
        let mut units_at = HashMap::from([(
            server.ask(query, json!({})).await["factory"]["revision"].as_i64().expect("a revision"),
            0,
        )]);
        let mut units = 0;
        for batch in 1..=BATCHES {
            let time = format!("{:02}:{:02}", batch / 12, batch % 12 * 5);
            let (worker, station) = (format!("W{}", batch % 7), format!("S{}", batch % 5));
            let events = json!([
                event(&worker, "WORKING", &time, 5.0, batch),
                event(&station, "WORKING", &time, 5.0, batch)
            ]);
            let payload = server.ingest("plant", events).await;
            assert_eq!(payload["accepted"], 2);
            units += i64::from(batch);
            units_at.insert(payload["revision"].as_i64().expect("a revision"), units);
        }
        units_at
    };
    let read = async || {
        let mut answers = Vec::new();
        loop {
            let answer = server.ask(query, json!({})).await;
            let is_last = answer["factoryMetrics"]["productiveMinutes"] == json!(f64::from(BATCHES) * 5.0);
            answers.push(answer);
            if is_last {
                return answers;
            }
        }
    };
    let (units_at, one, other) = tokio::join!(write, read(), read());
    for answer in one.iter().chain(&other) {
        check_one_state(answer, &units_at);
    }
    assert!(one.len() + other.len() > 2, "the readers must have read while batches were written");
}

#[track_caller]
fn check_one_state(answer: &Value, units_at: &HashMap<i64, i64>) {
    let revision = &answer["factory"]["revision"];
    for field in ["factoryMetrics", "workerMetrics", "workstationMetrics"] {
        assert_eq!(answer[field]["revision"], *revision, "{answer}");
    }
    assert_eq!(answer["factories"][0]["revision"], *revision);
    let sum = |rows: &Value, field: &str| -> Value {
        rows.as_array().expect("rows").iter().filter_map(|row| row[field].as_f64()).sum::<f64>().into()
    };
    let workers = &answer["workerMetrics"]["workers"];
    let units = units_at[&revision.as_i64().expect("a revision")];
    assert_eq!(sum(workers, "unitsProduced"), json!(units as f64), "{answer}");
    assert_eq!(
        sum(&answer["workstationMetrics"]["workstations"], "unitsProduced"),
        json!(units as f64),
        "{answer}"
    );
    assert_eq!(answer["factoryMetrics"]["workerUnitsProduced"], units);
    assert_eq!(answer["factoryMetrics"]["workstationUnitsProduced"], units);
    assert_eq!(answer["factoryMetrics"]["productiveMinutes"], sum(workers, "workingMinutes"));
    assert_eq!(answer["factories"][0]["workers"].as_array().map(Vec::len), workers.as_array().map(Vec::len));
}
