//! Requests: all fields of one have one budget.

use serde_json::{Value, json};

use crate::{
    harness::{TestServer, until},
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
    until("the refusal of so many values", async || {
        let answer: Value = victim.post(body.clone(), false).await.json().await.expect("JSON");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        let is_refused = message.contains("more than 600000 values");
        // On a starved machine the time of a question, or of the request, may end before. Then one may ask again.
        let is_starved = message.contains("took too long") || message.contains("took more than 30 s");
        assert!(is_refused || is_starved, "{message}");
        is_refused
    })
    .await;
    assert_bounded(before, victim.peak(), "thirty lists of all workers");
}
