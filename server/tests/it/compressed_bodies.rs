//! Bodies that were compressed: what they hold counts, whatever its length on the way.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::http::MAX_BODY_BYTES;

use crate::harness::{TestServer, code};

const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

async fn post(server: &TestServer, body: Vec<u8>) -> (StatusCode, Value) {
    let response = server.request(body).header("content-encoding", "gzip").send().await.expect("a response");
    (response.status(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_compressed_batch_is_stored_like_any_other() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let events: Vec<Value> = (0..500)
        .map(|number| {
            json!({
                "timestamp": format!("2026-01-05T{:02}:{:02}:00Z", number / 60, number % 60), "entityType": "WORKER",
                "entityId": "W1", "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1,
            })
        })
        .collect();
    let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
    let body = json!({ "query": query, "variables": { "events": events } }).to_string();
    let compressed = gzip(body.as_bytes());
    assert!(10 * compressed.len() < body.len(), "{} of {} bytes", compressed.len(), body.len());
    let (status, answer) = post(&server, compressed).await;
    assert_eq!(
        (status, answer),
        (StatusCode::OK, json!({ "data": { "ingestEvents": { "accepted": 500 } } }))
    );
}

#[tokio::test]
async fn members_one_after_the_other_are_one_body() {
    let server = TestServer::start().await;
    let (one, other) = TYPENAME.as_bytes().split_at(9);
    let (status, answer) = post(&server, [gzip(one), gzip(other)].concat()).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "data": { "__typename": "Query" } })));
}

#[tokio::test]
async fn the_limit_is_that_of_what_inflates() {
    let server = TestServer::start().await;
    let padded = |bytes: usize| format!("{TYPENAME}{}", " ".repeat(bytes - TYPENAME.len())).into_bytes();
    let (status, answer) = post(&server, gzip(&padded(MAX_BODY_BYTES))).await;
    assert_eq!((status, &answer["data"]["__typename"]), (StatusCode::OK, &json!("Query")));
    let bomb = gzip(&padded(MAX_BODY_BYTES + 1));
    assert!(bomb.len() < 20_000, "{} bytes inflate to 8 MiB", bomb.len());
    // More than the memory of all bodies: each must give back what it took.
    for _ in 0..20 {
        let (status, answer) = post(&server, bomb.clone()).await;
        assert_eq!((status, code(&answer).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
    }
    let (status, _) = post(&server, gzip(&padded(MAX_BODY_BYTES))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_whole_gzip_is_refused() {
    let server = TestServer::start().await;
    let whole = gzip(TYPENAME.as_bytes());
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    let without_end = whole[..whole.len() - 4].to_vec();
    let without_half = whole[..whole.len() / 2].to_vec();
    for body in [TYPENAME.as_bytes().to_vec(), damaged, without_end, without_half] {
        let (status, answer) = post(&server, body.clone()).await;
        assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{body:?}");
    }
    let (status, answer) = post(&server, Vec::new()).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"));
}
