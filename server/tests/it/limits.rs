//! What is too much is refused, in words, before it costs anything, on both transports.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use reqwest::{
    StatusCode,
    header::{self, HeaderValue},
};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{ConnectionLimits, MAX_BODY_BYTES, Options},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::harness::{TestServer, code, soon, until};

/// `2^levels` fields in about 33 bytes a level.
fn bomb(levels: usize) -> String {
    let mut document = String::from("{...f0}");
    for level in 0..levels {
        let next = level + 1;
        write!(document, "fragment f{level} on Query{{...f{next} ...f{next}}}").expect("a string takes all");
    }
    write!(document, "fragment f{levels} on Query{{__typename}}").expect("a string takes all");
    document
}

/// What is refused on HTTP is refused with the same code on a websocket, which stays open.
async fn refused(server: &TestServer, query: &str, expected: &str) {
    assert_eq!(server.refused(query, json!({})).await, expected, "{query:.60}");
    let mut socket = server.socket().await;
    socket.subscribe("1", query, json!({})).await;
    let message = socket.receive().await;
    assert_eq!((&message["id"], &message["type"]), (&json!("1"), &json!("error")), "{query:.60}: {message}");
    assert_eq!(code(&json!({ "errors": message["payload"] })), expected);
    socket.subscribe("2", "{ __typename }", json!({})).await;
    assert_eq!(socket.delivery("2").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_bomb_of_fragments_is_refused() {
    let server = TestServer::start().await;
    let bomb = bomb(24);
    assert!(bomb.len() < 1_000, "{} bytes ask for sixteen million fields", bomb.len());
    refused(&server, &bomb, "LIMIT_EXCEEDED").await;
}

#[tokio::test]
async fn a_document_that_asks_for_too_much_is_refused() {
    let server = TestServer::start().await;
    let aliases: Vec<String> = (0..31).map(|n| format!("a{n}: __typename")).collect();
    refused(&server, &format!("{{ {} }}", aliases.join(" ")), "LIMIT_EXCEEDED").await;
    refused(&server, &format!("{{ __typename {} }}", "@a ".repeat(10_000)), "LIMIT_EXCEEDED").await;
    refused(&server, &format!("{{ {} }}", "__typename ".repeat(2_001)), "LIMIT_EXCEEDED").await;
    let types = format!("{}name{}", "ofType { ".repeat(16), "}".repeat(16));
    refused(&server, &format!("{{ __type(name: \"Query\") {{ {types} }} }}"), "LIMIT_EXCEEDED").await;
    let nested = format!("{}__typename{}", "{ ... ".repeat(40), "}".repeat(40));
    refused(&server, &nested, "LIMIT_EXCEEDED").await;
    refused(&server, "{ ...f } fragment f on Query { ...f }", "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn what_recurses_without_end_is_refused_by_the_parser() {
    let server = TestServer::start().await;
    for (depth, expected) in [(100, "BAD_USER_INPUT"), (3_900, "BAD_USER_INPUT"), (10_000, "LIMIT_EXCEEDED")]
    {
        let lists = format!("{{ factory(id: {}{}) {{ id }} }}", "[".repeat(depth), "]".repeat(depth));
        refused(&server, &lists, expected).await;
        let selections = format!("{}a{}", "{ a ".repeat(depth), "}".repeat(depth));
        let answer = server.answer(&selections, json!({})).await;
        assert!(matches!(code(&answer).as_str(), "BAD_USER_INPUT" | "LIMIT_EXCEEDED"), "{answer}");
    }
    let variables = format!(
        r#"{{"query":"query($x: ID) {{ __typename }}","variables":{{"x":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let answer: Value =
        server.request(variables).send().await.expect("a response").json().await.expect("JSON");
    assert_eq!(code(&answer), "BAD_USER_INPUT");
}

#[tokio::test]
async fn the_introspection_of_graphiql_is_allowed() {
    let server = TestServer::start().await;
    let schema = server.ask(INTROSPECTION, json!({})).await;
    assert_eq!(schema["__schema"]["queryType"]["name"], "Query");
}

/// What `getIntrospectionQuery` of the package graphql 16 gives with all that GraphiQL 4 asks for.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } \
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations \
    args(includeDeprecated: true) { ...InputValue } } } } \
    fragment FullType on __Type { kind name description specifiedByURL isOneOf \
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } \
    isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason } \
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

/// Sends almost all of a body of 8 MiB, and another one when that was refused.
async fn send_unfinished_bodies(address: SocketAddr) {
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 8388608\r\n\r\n";
    let body = vec![b' '; MAX_BODY_BYTES - 1];
    loop {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.ok();
        stream.write_all(&body).await.ok();
        stream.read_to_end(&mut Vec::new()).await.ok();
    }
}

#[tokio::test]
async fn bodies_share_a_bounded_memory_and_who_finds_it_full_is_asked_to_come_back() {
    let server = TestServer::start().await;
    // Six of them are all the memory there is for long bodies. Who is refused, because the request below came between or
    // because it paused for too long, sends again.
    let mut slow = JoinSet::new();
    for _ in 0..7 {
        slow.spawn(send_unfinished_bodies(server.address));
    }
    let long = format!("{{\"query\":\"{{ __typename }}\"}}{}", " ".repeat(1024 * 1024));
    let refused = soon("a refusal", async {
        loop {
            // A connection may end before its refusal is read.
            let response = server.request(long.clone()).send().await;
            if let Some(refused) = response.ok().filter(|response| response.status() != StatusCode::OK) {
                break refused;
            }
        }
    })
    .await;
    assert_eq!(
        (refused.status(), &refused.headers()[header::RETRY_AFTER]),
        (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from(1))
    );
    let answer: Value = refused.json().await.expect("JSON");
    assert_eq!(code(&answer), "OVERLOADED");
    assert_eq!(answer["errors"][0]["extensions"]["retryAfterMs"], 1_000);
    slow.shutdown().await;
    until("free memory", async || {
        let response = server.request(long.clone()).send().await;
        response.is_ok_and(|response| response.status() == StatusCode::OK)
    })
    .await;
}

#[tokio::test]
async fn a_database_that_others_lock_is_unavailable_and_later_it_is_not() {
    let server = TestServer::start().await;
    let lock = server.database.lock().await;
    let create = r#"{"query":"mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }"}"#;
    for accept in ["application/json", "application/graphql-response+json"] {
        let response = server.request(create).header("accept", accept).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(code(&response.json().await.expect("JSON")), "UNAVAILABLE");
    }
    lock.close().await;
    assert_eq!(server.request(create).send().await.expect("a response").status(), StatusCode::OK);
}

#[tokio::test]
async fn who_never_ends_its_headers_is_dropped_and_connections_are_counted() {
    let connections = ConnectionLimits {
        max_connections: 1,
        // Long enough that a busy machine sends a whole request in it.
        idle_timeout: Duration::from_secs(2),
        ..ConnectionLimits::default()
    };
    let server = TestServer::with(Clock::System, Options { connections, ..Options::default() }).await;
    let mut slow = TcpStream::connect(server.address).await.expect("a connection");
    slow.write_all(b"POST /graphql HTTP/1.1\r\nx-slow: ").await.expect("half of the headers");
    // It waits in the queue until the slow one was dropped.
    assert_eq!(server.ask("{ __typename }", json!({})).await, json!({ "__typename": "Query" }));
    let mut rest = Vec::new();
    soon("the end", slow.read_to_end(&mut rest)).await.expect("an orderly end");
}

#[tokio::test]
async fn a_batch_of_one_event_too_many_stores_nothing() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let event = |n: usize| {
        json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": format!("W{n}"), "eventType": "WORKING",
                "durationMinutes": 5 })
    };
    let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
    let many: Vec<Value> = (0..10_001).map(event).collect();
    assert_eq!(server.refused(query, json!({ "events": many })).await, "LIMIT_EXCEEDED");
    let stored = server.ask("{ events(factoryId: \"plant\") { edges { cursor } } }", json!({})).await;
    assert_eq!(stored["events"]["edges"], json!([]));
    let empty = server.ingest("plant", json!([])).await;
    assert_eq!((&empty["accepted"], &empty["rejected"]), (&json!(0), &json!(0)));
}
