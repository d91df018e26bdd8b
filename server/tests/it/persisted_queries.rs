//! Automatic persisted queries: the hash alone, then hash and text, then the hash alone for good.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{TestServer, code, soon};

const QUERY: &str = "query Names { factories { name } }";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The extensions that name a text.
fn of(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } })
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = soon("an answer", request.send()).await.expect("a response");
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status(), response.json().await.expect("JSON"))
}

async fn post(server: &TestServer, body: &Value) -> (StatusCode, Value) {
    answer(server.request(body.to_string())).await
}

async fn get(server: &TestServer, parameters: &[(&str, &str)]) -> (StatusCode, Value) {
    let url = reqwest::Url::parse_with_params(&server.url("/graphql"), parameters).expect("a URL");
    answer(server.client.get(url).header("accept", "application/json")).await
}

/// An unknown hash is told in the words that clients look for, with the status that they read the body of.
fn assert_not_found((status, answer): (StatusCode, Value)) {
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    assert!(answer.get("data").is_none(), "nothing ran: {answer}");
}

#[tokio::test]
async fn a_text_that_came_once_with_its_hash_is_run_by_its_hash() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let named = json!({ "operationName": "Names", "variables": {}, "extensions": of(QUERY) });
    assert_not_found(post(&server, &named).await);
    let expected = json!({ "data": { "factories": [{ "name": "plant" }] } });
    let both = json!({ "query": QUERY, "extensions": of(QUERY) });
    assert_eq!(post(&server, &both).await, (StatusCode::OK, expected.clone()));
    for _ in 0..2 {
        assert_eq!(post(&server, &named).await, (StatusCode::OK, expected.clone()));
    }
}

#[tokio::test]
async fn the_hash_is_enough_in_a_get_and_changes_nothing_there() {
    let server = TestServer::start().await;
    let extensions = of(QUERY).to_string();
    assert_not_found(get(&server, &[("extensions", &extensions)]).await);
    let expected = json!({ "data": { "factories": [] } });
    let both = [("query", QUERY), ("extensions", &*extensions)];
    assert_eq!(get(&server, &both).await, (StatusCode::OK, expected.clone()));
    assert_eq!(get(&server, &[("extensions", &extensions)]).await, (StatusCode::OK, expected.clone()));
    let create = r#"mutation { createFactory(input: {id: "plant", name: "Plant"}) { name } }"#;
    let refused = json!({ "query": "mutation { nothing }", "extensions": of(create) });
    assert_eq!(post(&server, &refused).await.0, StatusCode::BAD_REQUEST);
    server.ask(create, json!({})).await;
    post(&server, &json!({ "query": create, "extensions": of(create) })).await;
    let (status, _) = get(&server, &[("extensions", &of(create).to_string())]).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn variables_are_those_of_the_request_that_names_the_text() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let query = "query($id: ID!) { factory(id: $id) { name } }";
    let with = |id: &str| json!({ "query": query, "extensions": of(query), "variables": { "id": id } });
    let (_, found) = post(&server, &with("plant")).await;
    assert_eq!(found["data"], json!({ "factory": { "name": "plant" } }));
    let named = json!({ "extensions": of(query), "variables": { "id": "nowhere" } });
    assert_eq!(post(&server, &named).await.1["data"], json!({ "factory": null }));
}

#[tokio::test]
async fn a_hash_of_another_text_is_refused_and_nothing_is_kept() {
    let server = TestServer::start().await;
    let lie = json!({ "query": "{ __typename }", "extensions": of(QUERY) });
    for accept in ["application/json", GRAPHQL_RESPONSE] {
        let request = server.request(lie.to_string()).header("accept", accept);
        let (status, refused) = answer(request).await;
        assert_eq!((status, &*code(&refused)), (StatusCode::BAD_REQUEST, "PERSISTED_QUERY_HASH_MISMATCH"));
        let message = refused["errors"][0]["message"].as_str().expect("text");
        assert!(message.starts_with("provided sha does not match query"), "{message}");
        let request = server.request(json!({ "extensions": of(QUERY) }).to_string()).header("accept", accept);
        assert_not_found(answer(request).await);
    }
}

#[tokio::test]
async fn what_is_no_document_is_not_kept() {
    let server = TestServer::start().await;
    for text in ["{", &"{ a ".repeat(40), &format!("{{ __typename }} # {}", "x".repeat(40_000))] {
        post(&server, &json!({ "query": text, "extensions": of(text) })).await;
        assert_not_found(post(&server, &json!({ "extensions": of(text) })).await);
    }
}

#[tokio::test]
async fn another_version_or_no_hash_is_refused_with_a_sentence() {
    let server = TestServer::start().await;
    for persisted in [
        json!({ "version": 2, "sha256Hash": hash(QUERY) }),
        json!({ "version": 1, "sha256Hash": "abc" }),
        json!({ "version": 1 }),
    ] {
        let (status, refused) =
            post(&server, &json!({ "extensions": { "persistedQuery": persisted } })).await;
        assert_eq!((status, &*code(&refused)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{refused}");
    }
    let (status, refused) = post(&server, &json!({ "extensions": { "other": 1 } })).await;
    assert_eq!((status, &*code(&refused)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{refused}");
}

#[tokio::test]
async fn a_websocket_knows_the_hashes_too() {
    let server = TestServer::start().await;
    let mut socket = server.socket().await;
    let subscribe = |payload: Value| json!({ "id": "1", "type": "subscribe", "payload": payload });
    socket.send(subscribe(json!({ "extensions": of(QUERY) }))).await;
    let error = socket.receive().await;
    assert_eq!(error["type"], "error", "{error}");
    assert_eq!(code(&json!({ "errors": error["payload"] })), "PERSISTED_QUERY_NOT_FOUND");
    for payload in [json!({ "query": QUERY, "extensions": of(QUERY) }), json!({ "extensions": of(QUERY) })] {
        socket.send(subscribe(payload)).await;
        assert_eq!(socket.delivery("1").await, json!({ "factories": [] }));
        assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    }
}
