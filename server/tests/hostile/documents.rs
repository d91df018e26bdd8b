//! Documents: a token takes a hundred times its length once it is parsed.

use serde_json::{Value, json};

use crate::{
    harness::{TestServer, code},
    process::{Victim, assert_bounded, gzip},
};

#[tokio::test]
async fn a_long_document_is_refused_before_it_is_parsed_on_both_transports() {
    let server = TestServer::start().await;
    let padded = |bytes: usize| format!("{{__typename}}{}", " ".repeat(bytes - 12));
    let longest = 32 * 1024;
    assert_eq!(server.ask(&padded(longest), json!({})).await, json!({ "__typename": "Query" }));
    for bytes in [longest + 1, 100 * longest] {
        assert_eq!(server.refused(&padded(bytes), json!({})).await, "LIMIT_EXCEEDED", "{bytes}");
    }
    let mut socket = server.socket().await;
    socket.subscribe("1", &padded(longest + 1), json!({})).await;
    let message = socket.receive().await;
    assert_eq!(code(&json!({ "errors": message["payload"] })), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_document_of_many_tokens_is_refused_before_it_is_parsed() {
    let server = TestServer::start().await;
    let answer = server.answer(&format!("{{{}}}", "a ".repeat(8_000)), json!({})).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    let message = answer["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("at most 8000 names"), "{message}");
}

#[tokio::test]
async fn documents_in_a_few_kilobytes_of_gzip_take_no_memory() {
    let victim = Victim::start().await;
    let documents = [
        format!("{{{}}}", "a ".repeat(4_000_000)),
        format!("{{{}}}", "a{b}".repeat(1_000_000)),
        format!("{{a(b:[{}])}}", "{a:1}".repeat(1_000_000)),
        format!("{{{}}} fragment a on Query{{b}}", "...a ".repeat(1_000_000)),
    ];
    let before = victim.forget_peak();
    for document in documents {
        let body = gzip(&json!({ "query": document }).to_string());
        assert!(body.len() < 32 * 1024, "{} bytes", body.len());
        let responses: Vec<Value> = futures_util::future::join_all(
            (0..4).map(async |_| victim.post(body.clone(), true).await.json().await.expect("JSON")),
        )
        .await;
        for response in responses {
            assert!(matches!(code(&response).as_str(), "LIMIT_EXCEEDED" | "OVERLOADED"), "{response}");
        }
    }
    assert_bounded(before, victim.peak(), "documents");
}
