//! A batch is read past the library's own values when it is a variable: whoever sends it must not be able to tell.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{TestServer, minute_of_work, soon};

const NOW: &str = "2026-01-05T12:00:00Z";
const PAYLOAD: &str = "{ accepted duplicates conflicts rejected issues { index code message } revision }";

async fn plant() -> TestServer {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    server
}

fn ingest_events(events: &str) -> String {
    format!("ingestEvents(factoryId: \"plant\", events: {events}) {{ accepted duplicates rejected }}")
}

fn counts(accepted: u32, duplicates: u32, rejected: u32) -> Value {
    json!({ "accepted": accepted, "duplicates": duplicates, "rejected": rejected })
}

#[tokio::test]
async fn two_fields_may_ask_for_the_same_batch() {
    let server = plant().await;
    let field = ingest_events("$events");
    let batch = json!([minute_of_work("W1", 0), minute_of_work("W1", 1), { "timestamp": "", "entityType": "WORKER", "entityId": "W1",
                       "eventType": "IDLE", "durationMinutes": 1 }]);
    let query = format!("mutation($events: [EventInput!]!) {{ a: {field} b: {field} }}");
    let data = server.ask(&query, json!({ "events": batch })).await;
    assert_eq!(data, json!({ "a": counts(2, 0, 1), "b": counts(0, 2, 1) }));
    let query = format!(
        "mutation($events: [EventInput!]!) {{ ...twice }} fragment twice on Mutation {{ a: {field} b: {field} }}"
    );
    let data = server.ask(&query, json!({ "events": batch })).await;
    assert_eq!(data, json!({ "a": counts(0, 2, 1), "b": counts(0, 2, 1) }));
}

#[tokio::test]
async fn two_batches_do_not_take_each_others_place() {
    let server = plant().await;
    let query = format!(
        "mutation($one: [EventInput!]!, $two: [EventInput!]!) {{ a: {} b: {} c: {} }}",
        ingest_events("$two"),
        ingest_events("[]"),
        ingest_events("$one"),
    );
    let two = json!([minute_of_work("W1", 0), minute_of_work("W1", 1)]);
    let data = server.ask(&query, json!({ "one": [minute_of_work("W1", 1)], "two": two })).await;
    assert_eq!(data, json!({ "a": counts(2, 0, 0), "b": counts(0, 0, 0), "c": counts(0, 1, 0) }));
}

#[tokio::test]
async fn a_batch_may_be_optional_or_have_a_default_or_be_chosen_by_the_operations_name() {
    let server = plant().await;
    let default = r#"{timestamp: "2026-01-05T08:30:00Z", entityType: WORKER, entityId: "W9", eventType: IDLE, durationMinutes: 1}"#;
    let field = ingest_events("$events");
    let one = counts(1, 0, 0);
    let cases = [
        (
            format!("mutation($events: [EventInput!]! = []) {{ ingestEvents: {field} }}"),
            json!({ "events": [minute_of_work("A", 0)] }),
            one.clone(),
        ),
        (
            format!("mutation($events: [EventInput!] = []) {{ ingestEvents: {field} }}"),
            json!({ "events": [minute_of_work("B", 0)] }),
            one.clone(),
        ),
        (
            format!("mutation($events: [EventInput!]! = [{default}]) {{ ingestEvents: {field} }}"),
            json!({}),
            one.clone(),
        ),
        (
            format!("mutation($events: [EventInput!]! = [{default}]) {{ ingestEvents: {field} }}"),
            json!({ "events": [] }),
            counts(0, 0, 0),
        ),
    ];
    for (query, variables, expected) in cases {
        let data = server.ask(&query, variables.clone()).await;
        assert_eq!(data, json!({ "ingestEvents": expected }), "{query} {variables}");
    }
    let query = format!(
        "mutation Lists($events: [EventInput!]!) {{ {field} }} query Ids($events: [ID!]) \
         {{ workerMetrics(factoryId: \"plant\", workerIds: $events) {{ workers {{ workerId }} }} }}"
    );
    let batch = json!([minute_of_work("C", 0)]);
    for (name, variables, expected) in [
        ("Lists", json!({ "events": batch }), json!({ "ingestEvents": one })),
        ("Ids", json!({ "events": ["C"] }), json!({ "workerMetrics": { "workers": [{ "workerId": "C" }] } })),
        ("Ids", json!({ "events": [] }), json!({ "workerMetrics": { "workers": [] } })),
    ] {
        let body = json!({ "variables": variables, "operationName": name, "query": query });
        let answer: Value =
            server.request(body.to_string()).send().await.expect("a response").json().await.expect("JSON");
        assert_eq!(answer, json!({ "data": expected }), "{body}");
    }
}

#[tokio::test]
async fn a_batch_that_is_declared_or_used_as_something_else_is_what_it_is_to_the_library() {
    let (at_once, ordinary) = (plant().await, plant().await);
    let field = ingest_events("$events");
    let workers = "workerMetrics(factoryId: \"plant\", workerIds: $events) { workers { workerId } }";
    let mut refused = 0;
    for query in [
        format!("mutation($events: [EventInput]!) {{ {field} }}"),
        format!("mutation($events: [EventInput!]) {{ {field} }}"),
        format!("mutation($events: [EventInput]) {{ {field} }}"),
        format!("mutation($events: [[EventInput!]!]!) {{ {field} }}"),
        format!("mutation($events: EventInput!) {{ {field} }}"),
        format!("mutation($events: [Nothing!]!) {{ {field} }}"),
        format!("mutation($events: [ID!]!) {{ {field} }}"),
        format!("mutation($events: [EventInput!]!, $events: [EventInput!]!) {{ {field} }}"),
        format!("mutation($events: [EventInput!]!, $events: [ID!]!) {{ {field} }}"),
        format!("mutation($events: [EventInput!]!) {{ {} }}", ingest_events("[$events]")),
        format!("mutation($events: [EventInput!]!) {{ {} }}", ingest_events("{timestamp: $events}")),
        format!("mutation($events: [EventInput!]!) {{ {} b: {workers} }}", ingest_events("$events")),
        "mutation($events: [EventInput!]!) { __typename }".to_owned(),
        "mutation($events: [EventInput!]!) { ingestEvents(factoryId: $events, events: $events) { accepted } }".to_owned(),
        format!("query($events: [ID!]) {{ {workers} }}"),
        format!("query($events: [EventInput!]!) {{ {workers} }}"),
        format!("query($events: [EventInput!]) {{ {workers} }}"),
        "query($events: [EventInput!]!) { factories @include(if: $events) { id } }".to_owned(),
    ] {
        let batch = json!([minute_of_work("W1", 0), minute_of_work("W1", 1)]);
        let answer = at_once.answer(&query, json!({ "events": batch })).await;
        let expected = ordinary.answer(&query, json!({ "events": batch, "ids": ["W1"] })).await;
        assert_eq!(answer, expected, "{query}");
        refused += u32::from(answer.get("data").is_none());
    }
    assert_eq!(refused, 11);
    // GraphQL lets values be sent that no variable is declared for.
    let extra = at_once.ask("{ __typename }", json!({ "events": [minute_of_work("W1", 0)] })).await;
    assert_eq!(extra, json!({ "__typename": "Query" }));
}

/// The text of a request for a batch, with variables as they are written.
fn request_with(variables: &str) -> String {
    let query = "mutation($events: [EventInput!]!, $at: BigInt!) { ingestEvents(factoryId: \"plant\", events: $events, \
                 sender: { deviceId: \"d\", epoch: \"e\", firstSequence: $at, sentAt: \"2026-01-05T12:00:00Z\", queuedEvents: 0, \
                 lostEvents: 0, deadLetteredEvents: 0 }) { accepted } }";
    format!("{{\"query\": {}, \"variables\": {{{variables}}}}}", json!(query))
}

async fn post(server: &TestServer, body: String) -> Value {
    soon("an answer", server.request(body).send()).await.expect("a response").json().await.expect("JSON")
}

/// An event as it is written, with one of its values replaced.
fn written(minute: usize, field: &str, value: &str) -> String {
    let event = minute_of_work("W1", minute);
    let text = event.to_string();
    if event.get(field).is_none() {
        return text.replacen('{', &format!("{{\"{field}\":{value},"), 1);
    }
    let usual = format!("\"{field}\":{}", event[field]);
    assert!(text.contains(&usual), "{text}");
    text.replace(&usual, &format!("\"{field}\":{value}"))
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction_in_variables_and_not_in_a_document() {
    let server = plant().await;
    let batch = |units: &str, minute: usize| format!("[{}]", written(minute, "unitsProduced", units));
    // The second batch is read in the ordinary way, because an id is a number.
    let ordinary = batch("10.0", 1).replace("\"W1\"", "17.0");
    for (batch, sequence) in [(batch("10.0", 0), "1.0"), (ordinary, "2e0"), (batch("1e1", 2), "3")] {
        let answer = post(&server, request_with(&format!("\"events\": {batch}, \"at\": {sequence}"))).await;
        assert_eq!(answer, json!({ "data": { "ingestEvents": { "accepted": 1 } } }), "{batch}");
    }
    let stored = server.ask("query($first: Int!) { events(factoryId: \"plant\", first: $first) { edges { node { unitsProduced entityId } } } }", json!({ "first": 50.0 })).await;
    let node = |id: &str| json!({ "node": { "unitsProduced": 10, "entityId": id } });
    assert_eq!(stored["events"]["edges"], json!([node("W1"), node("17"), node("W1")]));
    let literal = "mutation { ingestEvents(factoryId: \"plant\", events: [{ timestamp: \"2026-01-05T08:00:00Z\", entityType: WORKER, \
                   entityId: \"W1\", eventType: IDLE, durationMinutes: 1, unitsProduced: 10.0 }]) { accepted } }";
    assert_eq!(server.refused(literal, json!({})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_request_is_refused_for_an_event_with_its_index_its_field_its_value_and_what_is_allowed() {
    let server = plant().await;
    for (field, value, allowed) in [
        ("unitsProduced", "10.5", "a whole number from 0 to 1000000, or left out"),
        ("eventType", "\"BREAK\"", "one of WORKING, IDLE, ABSENT"),
        ("durationMinutes", "\"long\"", "a number from 0 to 1440, null or left out"),
        ("durationMinutes", "NaN", "a number from 0 to 1440, null or left out"),
        ("durationMinutes", "1e999", "a number from 0 to 1440, null or left out"),
        ("holdMinutes", "1.5", "a whole number from 1 to 1440, null or left out"),
        ("entityId", "null", "text of 1 to 64 characters, or a whole number"),
    ] {
        let mut events: Vec<String> =
            (0..10).map(|minute| minute_of_work("W1", minute).to_string()).collect();
        events[3] = written(3, field, value);
        let answer =
            post(&server, request_with(&format!("\"events\": [{}], \"at\": 1", events.join(", ")))).await;
        let error = &answer["errors"][0];
        let expected = json!({ "code": "BAD_USER_INPUT", "index": 3, "field": field, "value": value, "allowed": allowed });
        assert_eq!(error["extensions"], expected, "{answer}");
        let said = format!(
            "event 3 of variables.events: {field} must be {allowed}, but is {value}; nothing of the request is stored"
        );
        assert_eq!(error["message"], said, "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
    }
    let unknown = minute_of_work("W1", 0).to_string().replace('{', "{\"colour\": 1, ");
    let answer = post(&server, request_with(&format!("\"events\": [{unknown}], \"at\": 1"))).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["index"], &extensions["field"]), (&json!(0), &json!("colour")), "{answer}");
    assert!(
        extensions["allowed"].as_str().expect("words").starts_with("one of timestamp, entityType"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_in_utf_16_is_refused_with_the_way_out() {
    let server = plant().await;
    let body: Vec<u8> = "{\"query\": \"{ __typename }\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let response = soon("an answer", server.request(body).send()).await.expect("a response");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let said = response.text().await.expect("text");
    assert!(said.contains("UTF-16") && said.contains("PowerShell"), "{said}");
}

/// What a field may hold, as JSON text: mostly what it should, at times what is nearly that, at times anything.
fn value(usual: &'static [&'static str]) -> impl Strategy<Value = String> {
    const ANYTHING: &[&str] = &[
        "null",
        "true",
        "\"\"",
        "\"x\"",
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e2",
        "1E-2",
        "1e400",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "0.1e-400",
        "[]",
        "[1]",
        "{}",
        r#""W\u004fRKER""#,
        r#"{"WORKER": null}"#,
        r#"["WORKER"]"#,
        r#""\ud83d""#,
        r#""\ud83d\ude00""#,
        r#"" W1""#,
        r#""\u0000""#,
        "\"tab\there\"",
        "01",
        "nul",
    ];
    prop_oneof![20 => select(usual), 1 => select(ANYTHING)].prop_map(str::to_owned)
}

/// The fields of an event, each with its name.
fn fields() -> impl Strategy<Value = Vec<String>> {
    let required = (
        value(&[
            r#""2026-01-05T08:00:00Z""#,
            r#""2026-01-05T09:00:00.5+01:00""#,
            r#""2026-01-05T08:01:00.000Z""#,
            r#""soon""#,
        ]),
        value(&[r#""WORKER""#, r#""WORKSTATION""#]),
        value(&[r#""W1""#, r#""W2""#, "7", r#""\u0057""#]),
        value(&[r#""WORKING""#, r#""IDLE""#, r#""ABSENT""#]),
    );
    let optional = (
        value(&["1", "0.5", "1e1", "1441", "null"]),
        value(&["60", "1.0", "1441", "null"]),
        value(&["0", "3", "1000001"]),
        value(&["0.93", "1", "null", "2"]),
        value(&[r#""m1""#, "null"]),
        value(&[r#""e1""#, r#""e2""#, "null"]),
        value(&[r#""cam-1""#, "null", "12"]),
        value(&[r#""S1""#, "null"]),
    );
    (required, optional).prop_map(|((a, b, c, d), (e, f, g, h, i, j, k, l))| {
        let names = [
            "timestamp",
            "entityType",
            "entityId",
            "eventType",
            "durationMinutes",
            "holdMinutes",
            "unitsProduced",
            "confidence",
            "modelVersion",
            "eventId",
            "sourceId",
            "workstationId",
        ];
        let values = [a, b, c, d, e, f, g, h, i, j, k, l];
        names.iter().zip(values).map(|(name, value)| format!("\"{name}\": {value}")).collect()
    })
}

/// An event as JSON text, often without some of what may be left out, rarely with what must not be there.
fn item() -> impl Strategy<Value = String> {
    let optional = subsequence((4..12).collect::<Vec<usize>>(), 0..=8);
    let odd = prop_oneof![
        40 => Just(None),
        1 => (0_usize..4).prop_map(Some),
    ];
    let more = prop_oneof![
        30 => Just(None),
        1 => select(vec![r#""unknown": 1"#, r#""entityId": "W1""#, r#""event_id": "1""#]).prop_map(Some),
    ];
    let event = (fields(), optional, odd, more).prop_flat_map(|(fields, optional, left_out, more)| {
        let required = (0..4).filter(|index| Some(*index) != left_out);
        let mut kept: Vec<String> = required.chain(optional).map(|index| fields[index].clone()).collect();
        kept.extend(more.map(str::to_owned));
        Just(kept).prop_shuffle().prop_map(|fields| format!("{{{}}}", fields.join(", ")))
    });
    let other = select(vec![
        "null",
        "1",
        "[]",
        "{}",
        "\"x\"",
        r#"["2026-01-05T08:00:00Z", "WORKER", "W1", "IDLE", 1]"#,
    ]);
    prop_oneof![60 => event, 1 => other.prop_map(str::to_owned)]
}

/// The value of a variable that should hold a batch.
fn batch() -> impl Strategy<Value = String> {
    let list = vec(item(), 0..5).prop_map(|items| format!("[{}]", items.join(", ")));
    prop_oneof![12 => list, 1 => item()]
}

/// Status and text of the answer to a batch. A list that is no batch among the variables makes the server read all of them
/// in the ordinary way.
async fn answer(server: &TestServer, factory: &str, batch: &str, more: &str) -> (StatusCode, String) {
    let query = format!(
        "mutation($factory: ID!, $events: [EventInput!]!) {{ ingestEvents(factoryId: $factory, events: $events) {PAYLOAD} }}"
    );
    let body = format!(
        r#"{{"query": "{query}", "variables": {{"factory": "{factory}", "events": {batch}{more}}}}}"#
    );
    let response = soon("an answer", server.request(body).send()).await.expect("a response");
    (response.status(), response.text().await.expect("a text"))
}

/// All that is known of a factory's events.
async fn stored(server: &TestServer, factory: &str) -> Value {
    let query = "query($factory: ID!) { events(factoryId: $factory, first: 500) { edges { node { timestamp entityType entityId \
                 eventType form durationMinutes holdMinutes unitsProduced confidence modelVersion eventId sourceId \
                 workstationId receivedAt } } } }";
    server.ask(query, json!({ "factory": factory })).await
}

#[test]
fn a_batch_has_the_same_answer_and_the_same_effect_in_whichever_way_it_is_read() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::at(NOW));
    runtime.block_on(server.create_factory("a"));
    runtime.block_on(server.create_factory("b"));
    let both = TestRunner::new(Config::default()).run(&batch(), |batch| {
        let (at_once, ordinary) = runtime.block_on(async {
            (answer(&server, "a", &batch, "").await, answer(&server, "b", &batch, r#", "ids": ["W1"]"#).await)
        });
        prop_assert_eq!(at_once, ordinary);
        Ok(())
    });
    both.expect("no difference");
    let events = runtime.block_on(stored(&server, "a"));
    assert_eq!(events, runtime.block_on(stored(&server, "b")));
    assert!(events["events"]["edges"].as_array().expect("edges").len() > 20, "{events}");
}
