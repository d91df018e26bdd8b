//! Requests: all fields of one have one budget.

use serde_json::{Value, json};

use crate::{
    harness::TestServer,
    process::{Victim, assert_bounded},
};

/// What an answer says of a worker, enough for three lists to be more than a request may have.
const FIELDS: &str = "workerId workingMinutes idleMinutes absentMinutes overlapMinutes utilization unitsProduced \
                      unitsPerHour meanConfidence lastSeenAt";

#[tokio::test]
async fn what_all_fields_ask_for_counts_together() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let event = json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1",
                        "eventType": "WORKING", "durationMinutes": 5 });
    server.ingest("plant", json!([event])).await;
    // Ten years have some three and a half thousand days, each with a statement of its own.
    let timelines = |count: usize| {
        let field = |number: usize| {
            format!(
                "a{number}: timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W1\", \
                 window: {{ range: {{ from: \"2016-02-01T00:00:00Z\", to: \"2026-02-01T00:00:00Z\" }} }}) \
                 {{ segments {{ eventType }} }} "
            )
        };
        format!("{{ {} }}", (0..count).map(field).collect::<Vec<_>>().concat())
    };
    let answer = server.ask(&timelines(1), json!({})).await;
    assert_eq!(answer["a0"]["segments"], json!([{ "eventType": "WORKING" }]));
    let answer = server.answer(&timelines(2), json!({})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{error}");
    assert!(error["message"].as_str().expect("words").contains("600000 values"), "{error}");
    let answer = server.answer(&timelines(30), json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer}");
}

#[tokio::test]
async fn all_workers_asked_for_thirty_times_in_one_request_take_bounded_memory() {
    /// As many as a factory may have.
    const WORKERS: usize = 20_000;
    let victim = Victim::start().await;
    for first in (0..WORKERS).step_by(5_000) {
        let event = |worker: usize| {
            json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": format!("W{worker}"),
                    "eventType": "WORKING", "durationMinutes": 5 })
        };
        let events: Vec<Value> = (first..first + 5_000).map(event).collect();
        let ingest = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
        let answer = victim.program.ask(ingest, json!({ "events": events })).await;
        assert_eq!(answer["ingestEvents"]["accepted"], 5_000);
    }
    let all = |number: usize| {
        format!("a{number}: workerMetrics(factoryId: \"plant\") {{ workers {{ {FIELDS} }} }} ")
    };
    let query = format!("{{ {} }}", (0..30).map(all).collect::<String>());
    let before = victim.forget_peak();
    let body = json!({ "query": query }).to_string().into_bytes();
    let answer: Value = victim.post(body, false).await.json().await.expect("JSON");
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    // On a starved machine the time of a question, or of the request, may end before its values are counted.
    let refusals = ["more than 600000 values", "took too long", "took more than 30 s"];
    assert!(refusals.iter().any(|refusal| message.contains(refusal)), "{message}");
    assert_bounded(before, victim.peak(), "thirty lists of all workers");
}
