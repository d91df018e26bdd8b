//! The protocol graphql-ws of the package subscriptions-transport-ws, message by message, asked for by name or spoken by
//! libraries that do not see what was chosen.

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{Options, SocketLimits},
};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Closed, Program, Socket, TestDatabase, TestServer, code, patient};

const TYPENAME: &str = "{ __typename }";
const METRICS: &str = "subscription { factoryMetrics(factoryId: \"plant\") { unitsProduced } }";

async fn server() -> TestServer {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    server
}

/// Opens a socket that offers these sub-protocols, and says nothing yet; the one that was chosen, too.
async fn open(server: &TestServer, offered: Option<&str>) -> (Socket, Option<String>) {
    let (socket, head) = Socket::offering(server.address, offered.map(str::as_bytes)).await;
    let chosen = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
    (socket, chosen.map(str::to_owned))
}

/// A socket that was acknowledged and told that the server is there.
async fn acknowledged(server: &TestServer) -> Socket {
    let (mut socket, chosen) = open(server, Some("graphql-ws")).await;
    assert_eq!(chosen.as_deref(), Some("graphql-ws"));
    socket.send(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    assert_eq!(socket.receive().await, json!({ "type": "ka" }));
    socket
}

async fn start(socket: &mut Socket, id: &str, query: &str) {
    socket.send(json!({ "id": id, "type": "start", "payload": { "query": query, "variables": {} } })).await;
}

/// The data of the next message, which must be an answer to this id.
async fn data(socket: &mut Socket, id: &str) -> Value {
    let mut message = socket.receive().await;
    assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("data")), "{message}");
    message["payload"]["data"].take()
}

fn worked(minute: u32) -> Value {
    json!([{ "timestamp": format!("2026-01-05T08:{minute:02}:00Z"), "entityType": "WORKER", "entityId": "W1",
             "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 7 }])
}

#[tokio::test]
async fn a_query_is_answered_with_data_and_then_complete() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    start(&mut socket, "1", TYPENAME).await;
    assert_eq!(data(&mut socket, "1").await, json!({ "__typename": "Query" }));
    assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
}

#[tokio::test]
async fn a_subscription_delivers_until_it_is_stopped_and_then_completes() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    start(&mut socket, "1", METRICS).await;
    assert_eq!(data(&mut socket, "1").await["factoryMetrics"]["unitsProduced"], json!(0));
    server.ingest("plant", worked(0)).await;
    while data(&mut socket, "1").await["factoryMetrics"]["unitsProduced"] != json!(7) {}
    socket.send(json!({ "id": "1", "type": "stop" })).await;
    while socket.receive().await != json!({ "id": "1", "type": "complete" }) {}
    socket.send(json!({ "id": "unknown", "type": "stop" })).await;
    start(&mut socket, "1", TYPENAME).await;
    assert_eq!(data(&mut socket, "1").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn an_operation_takes_the_place_of_one_that_has_its_id() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    start(&mut socket, "1", METRICS).await;
    data(&mut socket, "1").await;
    start(&mut socket, "1", "{ factories { name } }").await;
    assert_eq!(data(&mut socket, "1").await, json!({ "factories": [{ "name": "plant" }] }));
    assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
}

#[tokio::test]
async fn what_is_refused_gets_an_error_that_is_one_object() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    for (payload, expected) in [
        (json!({ "query": "{ nothing anything }" }), "BAD_USER_INPUT"),
        (json!({ "query": METRICS.replace("plant", "nowhere") }), "NOT_FOUND"),
        (json!({ "query": 7 }), "BAD_USER_INPUT"),
        (json!(null), "BAD_USER_INPUT"),
    ] {
        socket.send(json!({ "id": "1", "type": "start", "payload": payload })).await;
        let message = socket.receive().await;
        assert_eq!((&message["id"], &message["type"]), (&json!("1"), &json!("error")), "{message}");
        assert!(message["payload"]["message"].is_string(), "{message}");
        assert_eq!(code(&json!({ "errors": [message["payload"]] })), expected, "{message}");
    }
    start(&mut socket, "1", TYPENAME).await;
    assert_eq!(data(&mut socket, "1").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_told_what_is_wrong_and_the_socket_stays() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    let long = format!(r#"{{"type":"start","id":["{}"]}}"#, "é".repeat(10_000));
    let mistyped = r#"{"type":"nonsense"}"#;
    let nameless = r#"{"type":"stop"}"#;
    for text in ["nonsense", "[]", mistyped, nameless, &long] {
        socket.send_text(text).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "connection_error", "{message}");
        assert!(message["payload"]["message"].as_str().expect("text").chars().count() <= 200, "{message}");
    }
    start(&mut socket, "1", TYPENAME).await;
    assert_eq!(data(&mut socket, "1").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_client_that_terminates_gets_a_close_frame() {
    let server = server().await;
    let mut socket = acknowledged(&server).await;
    socket.send(json!({ "type": "connection_terminate" })).await;
    assert_eq!(socket.closed().await.code, 1000);
}

#[tokio::test]
async fn the_server_says_again_and_again_that_it_is_there() {
    let ping_interval = Duration::from_millis(100);
    let sockets = SocketLimits { ping_interval, ..patient().sockets };
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    let mut socket = acknowledged(&server).await;
    for _ in 0..3 {
        assert_eq!(socket.receive().await, json!({ "type": "ka" }));
    }
}

#[tokio::test]
async fn the_newer_protocol_is_chosen_where_both_are_offered_and_the_older_one_is_understood_all_the_same() {
    let server = server().await;
    for (offered, expected) in
        [(Some("graphql-ws, graphql-transport-ws"), Some("graphql-transport-ws")), (None, None)]
    {
        let (mut socket, chosen) = open(&server, offered).await;
        assert_eq!(chosen.as_deref(), expected);
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }), "{offered:?}");
        start(&mut socket, "1", TYPENAME).await;
        assert_eq!(data(&mut socket, "1").await, json!({ "__typename": "Query" }), "{offered:?}");
        assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }), "{offered:?}");
    }
    let (mut socket, _) = open(&server, None).await;
    socket.send(json!({ "type": "connection_init" })).await;
    socket.receive().await;
    socket.subscribe("1", TYPENAME, json!({})).await;
    assert_eq!(socket.delivery("1").await, json!({ "__typename": "Query" }));
    start(&mut socket, "2", TYPENAME).await;
    socket.receive().await;
    assert_eq!(socket.closed().await.code, 4400, "the first message decided");
}

#[tokio::test]
async fn what_one_socket_may_do_is_limited_in_the_older_protocol_too() {
    let server = server().await;
    let (mut socket, _) = open(&server, Some("graphql-ws")).await;
    start(&mut socket, "1", TYPENAME).await;
    assert_eq!(socket.closed().await.code, 4401);
    let mut socket = acknowledged(&server).await;
    for id in 0..51 {
        start(&mut socket, &id.to_string(), METRICS).await;
    }
    let error = loop {
        let message = socket.receive().await;
        if message["type"] != "data" {
            break message;
        }
    };
    assert_eq!((&error["id"], &error["type"]), (&json!("50"), &json!("error")), "{error}");
    assert_eq!(error["payload"]["extensions"]["code"], "LIMIT_EXCEEDED");
    let mut socket = acknowledged(&server).await;
    let stop = Message::text(json!({ "type": "stop", "id": "1" }).to_string());
    for _ in 0..300 {
        // The server may have closed it before the last was sent.
        if socket.stream.send(stop.clone()).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.closed().await.code, 4429);
}

#[tokio::test]
async fn an_unknown_sub_protocol_is_closed_with_4406_and_leaves_a_short_line_in_the_log() {
    let database = TestDatabase::new().await;
    let program = Program::serve(database.url(), &[]).await;
    let offered = format!("wamp.2.json, \u{202e}{}", "x".repeat(1_000));
    let (mut socket, _) = Socket::offering(program.address(), Some(offered.as_bytes())).await;
    let Closed { code, reason } = socket.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4406, "the sub-protocol must be graphql-transport-ws or graphql-ws")
    );
    let (_, log) = program.terminate().await;
    let line = log.iter().find(|line| line.contains("wamp.2.json")).expect("a line");
    assert!(line.len() < 500 && !line.contains('\u{202e}'), "{line}");
}
