//! Requests: all fields of one have one budget.

use serde_json::{Value, json};

use crate::harness::TestServer;

#[tokio::test]
async fn the_values_of_all_fields_count_together() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let events: Vec<Value> = (0..3_000)
        .map(|number| {
            json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": format!("W{number}"),
                    "eventType": "WORKING", "durationMinutes": 5 })
        })
        .collect();
    server.ingest("plant", json!(events)).await;
    // Twenty cheap fields of each worker.
    let names = (0..20).map(|number| format!("n{number}: __typename ")).collect::<Vec<_>>().concat();
    let workers = |count: usize| {
        let field = |number: usize| {
            format!("a{number}: workerMetrics(factoryId: \"plant\") {{ workers {{ workerId {names} }} }} ")
        };
        format!("{{ {} }}", (0..count).map(field).collect::<String>())
    };
    let answer = server.ask(&workers(1), json!({})).await;
    assert_eq!(answer["a0"]["workers"].as_array().expect("a list").len(), 3_000);
    let answer = server.answer(&workers(10), json!({})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{error}");
    assert!(error["message"].as_str().expect("words").contains("600000 values"), "{error}");
}
