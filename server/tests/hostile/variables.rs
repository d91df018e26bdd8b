//! Variables: what nobody declared is not read, and what is read is counted.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    harness::{TestServer, code},
    process::{Victim, assert_bounded, gzip},
};

/// Values of about eight million bytes that each take many times their length.
fn large_values() -> [String; 5] {
    [
        format!("[{}0]", "0,".repeat(3_900_000)),
        format!("[{}[]]", "[],".repeat(2_600_000)),
        format!("[{}{{}}]", "{},".repeat(2_600_000)),
        format!("[{}{{}}]", "{\"\":0},".repeat(1_100_000)),
        format!("[{}\"a\"]", "\"a\",".repeat(1_900_000)),
    ]
}

#[tokio::test]
async fn variables_that_nobody_declared_are_skipped() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    for value in large_values() {
        let body = gzip(&format!(r#"{{"query":"{{ __typename }}","variables":{{"l":{value}}}}}"#));
        let answer: Value = victim.post(body, true).await.json().await.expect("JSON");
        assert_eq!(answer, json!({ "data": { "__typename": "Query" } }), "{value:.20}");
    }
    assert_bounded(before, victim.peak(), "undeclared variables");
}

#[tokio::test]
async fn declared_variables_are_counted_while_they_are_read() {
    let victim = Victim::start().await;
    let declarations = ["$l: [ID!]", "$l: [EventInput!]"];
    let before = victim.forget_peak();
    for value in large_values() {
        for declaration in declarations {
            let query = format!("query({declaration}) {{ __typename }}");
            let body = gzip(&format!(r#"{{"query":"{query}","variables":{{"l":{value}}}}}"#));
            let answers = join_all((0..4).map(async |_| -> Value {
                victim.post(body.clone(), true).await.json().await.expect("JSON")
            }));
            for answer in answers.await {
                assert!(matches!(code(&answer).as_str(), "LIMIT_EXCEEDED" | "OVERLOADED"), "{answer}");
            }
        }
    }
    assert_bounded(before, victim.peak(), "declared variables");
}

#[tokio::test]
async fn as_many_values_as_may_be_are_read_and_one_more_is_refused() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let query = "query($ids: [ID!]) { workerMetrics(factoryId: \"plant\", workerIds: $ids) { revision } }";
    let ids = |count: usize| json!({ "ids": vec!["W1"; count] });
    let refusal = server.answer(query, ids(99_999)).await;
    let message = refusal["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("name at most 1000"), "the question's own limit: {message}");
    let refusal = server.answer(query, ids(100_000)).await;
    let message = refusal["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("at most 100000 values"), "{message}");
}
