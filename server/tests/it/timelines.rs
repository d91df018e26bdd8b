//! What many workers or workstations were doing, step by step: the states that are counted, in an answer that has a limit.

use serde_json::{Value, json};

use crate::{
    harness::{TestServer, code, with},
    queries::event,
};

const TIMELINES: &str = "query($window: WindowInput!, $resolution: Int!, $kind: EntityType! = WORKER, $ids: [ID!], $area: String) \
    { timelines(factoryId: \"plant\", window: $window, resolutionSeconds: $resolution, entityType: $kind, entityIds: $ids, \
    area: $area) { factoryId window { from to } resolutionSeconds revision timelines { entityType entityId states } } }";

fn range(from: &str, to: &str) -> Value {
    json!({ "range": { "from": from, "to": to } })
}

/// A part of the morning of 2026-01-05.
fn morning(from: &str, to: &str) -> Value {
    range(&format!("2026-01-05T{from}:00Z"), &format!("2026-01-05T{to}:00Z"))
}

/// Two workers of whom one was seen by two cameras, one who was seen on another day, and a workstation.
async fn plant() -> TestServer {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let sure = |event: Value, confidence: f64| with(event, &json!({ "confidence": confidence }));
    let another_day =
        with(event("W3", "WORKING", "08:00", 60.0, 0), &json!({ "timestamp": "2026-01-04T08:00:00Z" }));
    let events = json!([
        sure(event("W10", "WORKING", "08:00", 60.0, 8), 0.5),
        sure(event("W10", "IDLE", "08:20", 4.0, 0), 0.9),
        event("W2", "WORKING", "08:00", 30.0, 0),
        event("W2", "IDLE", "08:30", 12.0, 0),
        event("W2", "ABSENT", "09:00", 3.0, 0),
        event("W4", "WORKING", "08:00", 0.0, 3),
        another_day,
        event("S1", "WORKING", "08:00", 10.0, 5),
    ]);
    server.ingest("plant", events).await;
    server
}

/// How long steps are, and who was doing what.
async fn timelines(server: &TestServer, variables: Value) -> (i64, Vec<(String, String)>) {
    let report = server.ask(TIMELINES, variables).await["timelines"].take();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of = |row: &Value| (text(&row["entityId"]), text(&row["states"]));
    let rows = report["timelines"].as_array().expect("timelines").iter().map(of).collect();
    (report["resolutionSeconds"].as_i64().expect("a number"), rows)
}

fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|&(id, states)| (id.to_owned(), states.to_owned())).collect()
}

#[tokio::test]
async fn a_step_of_a_timeline_has_the_state_that_counts_most_in_it_and_who_was_not_seen_is_not_listed() {
    let server = plant().await;
    let by_five_minutes = json!({ "window": morning("08:00", "09:30"), "resolution": 300 });
    let expected = rows(&[("W2", "WWWWWWIII---A"), ("W10", "WWWWIWWWWWWW")]);
    assert_eq!(timelines(&server, by_five_minutes).await, (300, expected));

    let by_minute = json!({ "window": morning("08:15", "08:45"), "resolution": 60 });
    let (worked, idle) = ("W".repeat(15), "I".repeat(12));
    let expected =
        rows(&[("W2", &format!("{worked}{idle}")), ("W10", &format!("WWWWWIIII{}", "W".repeat(21)))]);
    assert_eq!(timelines(&server, by_minute).await, (60, expected));

    let by_hour = json!({ "window": morning("07:30", "09:30"), "resolution": 3_600 });
    assert_eq!(timelines(&server, by_hour).await, (3_600, rows(&[("W2", "-WA"), ("W10", "-W")])));

    let workstations =
        json!({ "window": morning("08:00", "09:00"), "resolution": 300, "kind": "WORKSTATION" });
    assert_eq!(timelines(&server, workstations).await, (300, rows(&[("S1", "WW")])));
}

#[tokio::test]
async fn timelines_are_of_an_area_or_of_those_that_are_named() {
    let server = plant().await;
    let update = "mutation { updateWorker(factoryId: \"plant\", workerId: \"W10\", input: { area: \"Line 1\" }) { area } }";
    server.ask(update, json!({})).await;
    let listed = async |more: Value| {
        let asked = with(json!({ "window": morning("08:00", "08:10"), "resolution": 300 }), &more);
        timelines(&server, asked).await.1
    };
    assert_eq!(listed(json!({ "area": "Line 1" })).await, rows(&[("W10", "WW")]));
    assert_eq!(listed(json!({ "ids": ["W2", "W99"] })).await, rows(&[("W2", "WW")]));
    assert_eq!(listed(json!({ "area": "Line 2" })).await, rows(&[]));
}

#[tokio::test]
async fn an_answer_says_how_long_its_steps_are_which_is_longer_where_there_would_be_too_many() {
    let server = plant().await;
    let resolution = async |window: Value, asked: i64| {
        timelines(&server, json!({ "window": window, "resolution": asked })).await.0
    };
    assert_eq!(resolution(morning("08:00", "09:00"), 1).await, 2, "two thousand steps at most");
    assert_eq!(resolution(json!({ "day": "2026-01-05" }), 1).await, 44);
    assert_eq!(resolution(json!({ "day": "2026-01-05" }), 301).await, 600, "whole buckets");
    let decades = range("1976-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    assert_eq!(resolution(decades, 1).await % 86_400, 0, "whole days");

    // Six days in steps of less than five minutes are read from the events of a few, and from the sums of many.
    let six_days = range("2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z");
    assert_eq!(resolution(six_days.clone(), 260).await, 260);
    let many: Value =
        (0..60).map(|number| event(&format!("W{}", 100 + number), "IDLE", "10:00", 5.0, 0)).collect();
    server.ingest("plant", many).await;
    assert_eq!(resolution(six_days, 260).await, 300);
}

#[tokio::test]
async fn timelines_that_cannot_be_or_cost_too_much_are_refused_before_they_are_read() {
    let server = plant().await;
    for resolution in [0, -1, 86_401] {
        let asked = json!({ "window": morning("08:00", "09:00"), "resolution": resolution });
        let answer = server.answer(TIMELINES, asked).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("from 1 to 86400"), "{message}");
    }
    let ids: Vec<String> = (0..=1_000).map(|number| format!("W{number}")).collect();
    let too_many = json!({ "window": morning("08:00", "09:00"), "resolution": 300, "ids": ids });
    assert_eq!(server.refused(TIMELINES, too_many).await, "LIMIT_EXCEEDED");
    let ages =
        json!({ "window": range("1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"), "resolution": 86_400 });
    let answer = server.answer(TIMELINES, ages).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("more than 400000 sums"), "{message}");

    // Half a century of four workers by day is some 80 000 sums, of which one request may read 600 000.
    let half = |n: usize| {
        format!(
            "a{n}: timelines(factoryId: \"plant\", entityType: WORKER, resolutionSeconds: 86400, window: {{range: {{\
             from: \"1971-01-01T00:00:00Z\", to: \"2026-01-01T00:00:00Z\"}}}}) {{ revision }}"
        )
    };
    let document = |count| format!("{{ {} }}", (0..count).map(half).collect::<String>());
    server.ask(&document(7), json!({})).await;
    assert_eq!(server.refused(&document(8), json!({})).await, "LIMIT_EXCEEDED");
}
