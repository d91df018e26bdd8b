//! Requests: all fields of one have one budget.

use serde_json::json;

use crate::harness::TestServer;

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
