//! A request that is a list of operations.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{TestServer, code, soon};

async fn post(server: &TestServer, body: &Value) -> (StatusCode, Value) {
    let response = soon("an answer", server.request(body.to_string()).send()).await.expect("a response");
    (response.status(), response.json().await.expect("JSON"))
}

fn query(text: &str) -> Value {
    json!({ "query": text })
}

#[tokio::test]
async fn operations_run_in_their_order_and_are_answered_in_it() {
    let server = TestServer::start().await;
    let names = query("{ factories { name } }");
    let create = json!({
        "query": "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { name } }",
        "variables": { "input": { "id": "plant", "name": "Plant" } }
    });
    // No two alike, so that no other order gives the same answers.
    let ids = query("{ factories { factoryId } }");
    let (status, answers) = post(&server, &json!([names, create, ids])).await;
    assert_eq!(status, StatusCode::OK);
    let expected = json!([
        { "data": { "factories": [] } },
        { "data": { "createFactory": { "name": "Plant" } } },
        { "data": { "factories": [{ "factoryId": "plant" }] } }
    ]);
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn one_that_is_refused_leaves_the_others_alone() {
    let server = TestServer::start().await;
    let list = json!([
        query("{"),
        query("{ nothing }"),
        query("subscription { eventsIngested(factoryId: \"plant\") { skipped } }"),
        query("{ __typename }")
    ]);
    let (status, answers) = post(&server, &list).await;
    assert_eq!(status, StatusCode::OK);
    for refused in &answers.as_array().expect("a list")[..3] {
        assert_eq!(code(refused), "BAD_USER_INPUT");
        assert!(refused.get("data").is_none(), "{refused}");
    }
    assert_eq!(answers[3], json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn a_list_without_operations_with_eleven_or_with_something_else_is_refused_and_nothing_runs() {
    let server = TestServer::start().await;
    let create = query(r#"mutation { createFactory(input: {id: "plant", name: "Plant"}) { name } }"#);
    for (list, expected) in [
        (json!([]), "BAD_USER_INPUT"),
        (Value::Array(vec![create.clone(); 11]), "LIMIT_EXCEEDED"),
        (json!([create, 7]), "BAD_USER_INPUT"),
        (json!([create, [create]]), "BAD_USER_INPUT"),
        (json!([create, { "variables": {} }]), "BAD_USER_INPUT"),
        (json!([create, { "query": "query($x: Int) { __typename }", "variables": [] }]), "BAD_USER_INPUT"),
    ] {
        let (status, refused) = post(&server, &list).await;
        assert_eq!((status, &*code(&refused)), (StatusCode::BAD_REQUEST, expected), "{list}");
        assert_eq!(
            server.ask("{ factories { name } }", json!({})).await,
            json!({ "factories": [] }),
            "{list}"
        );
    }
    let (_, ten) = post(&server, &Value::Array(vec![query("{ __typename }"); 10])).await;
    assert_eq!(ten.as_array().map(Vec::len), Some(10));
}

/// The codes of the answers to a list, none for those that have data.
async fn codes(server: &TestServer, list: &Value) -> Vec<Option<String>> {
    let (status, answers) = post(server, list).await;
    assert_eq!(status, StatusCode::OK, "{answers:.200}");
    let answers = answers.as_array().expect("a list").clone();
    answers.iter().map(|answer| answer.get("errors").map(|_| code(answer))).collect()
}

#[tokio::test]
async fn all_of_them_together_have_no_more_than_one_may() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let refused = Some("LIMIT_EXCEEDED".to_owned());

    let bytes = |n: usize| query(&format!("{{ __typename }} # {}", "x".repeat(n)));
    assert_eq!(codes(&server, &json!([bytes(20_000), bytes(20_000)])).await, [None, refused.clone()]);
    assert_eq!(codes(&server, &json!([bytes(20_000), bytes(10_000)])).await, [None, None]);

    let tokens = query(&format!("{{ factory(id: [{}]) {{ name }} }}", "0 ".repeat(1_900)));
    let many = codes(&server, &Value::Array(vec![tokens; 5])).await;
    let wrong = Some("BAD_USER_INPUT".to_owned());
    assert_eq!(many, [wrong.clone(), wrong.clone(), wrong.clone(), wrong, refused]);

    let half = json!({
        "query": "query($ids: [ID!]) { workerMetrics(factoryId: \"plant\", workerIds: $ids) { revision } }",
        "variables": { "ids": vec!["W1"; 60_000] }
    });
    let halves = server.request(json!([half, half]).to_string()).send().await.expect("a response");
    let halves: Value = halves.json().await.expect("JSON");
    let messages = [0, 1].map(|n| halves[n]["errors"][0]["message"].as_str().expect("text").to_owned());
    assert!(messages[0].contains("ids"), "within the limit of values, and then too many ids: {messages:?}");
    assert!(messages[1].contains("values"), "{messages:?}");
}

#[tokio::test]
async fn what_their_answers_may_cost_is_counted_over_all() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let event = json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1",
                        "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1 });
    server.ingest("plant", json!([event])).await;
    // Each takes more than a third of what one request may have, which grows with the days of its window.
    let timeline = query(
        "{ timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W1\", window: {range: {from: \"2020-01-01T00:00:00Z\", \
         to: \"2026-01-06T00:00:00Z\"}}) { revision } }",
    );
    let answers = codes(&server, &json!([timeline, timeline, timeline])).await;
    assert_eq!(answers, [None, None, Some("LIMIT_EXCEEDED".to_owned())]);
}
