//! The protocol graphql-transport-ws, row by row, and peers that break it, stall or vanish.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{ConnectionLimits, Options, Origins, SocketLimits},
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::harness::{Closed, Socket, TestServer, code, patient, soon, until};

const TYPENAME: &str = "{ __typename }";
const FEED: &str = "subscription { eventsIngested(factoryId: \"plant\") { revision skipped } }";
const METRICS: &str = "subscription { factoryMetrics(factoryId: \"plant\") { revision unitsProduced } }";

async fn server() -> TestServer {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    server
}

/// How long the server waits for a peer that takes nothing, or says nothing. Long enough that a busy machine does what comes
/// before that in the test.
const TIMEOUT: Duration = Duration::from_secs(3);

async fn with(sockets: SocketLimits) -> TestServer {
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    server.create_factory("plant").await;
    server
}

async fn connect(server: &TestServer) -> Result<Socket, Error> {
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    client_async(Socket::request(server.address), stream).await.map(|(stream, _)| Socket { stream })
}

/// Waits until a server with a limit of one socket has dropped the one it had.
async fn let_in(server: &TestServer) {
    until("a free place", async || connect(server).await.is_ok()).await;
}

async fn close_code(socket: &mut Socket) -> u16 {
    let Closed { code, reason } = socket.closed().await;
    assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
    code
}

#[tokio::test]
async fn who_never_says_connection_init_is_closed_with_4408() {
    let server = with(SocketLimits { init_timeout: TIMEOUT, ..patient().sockets }).await;
    let mut socket = Socket::open(server.address).await;
    assert_eq!(close_code(&mut socket).await, 4408);
}

#[tokio::test]
async fn a_second_connection_init_closes_with_4429() {
    let server = server().await;
    let mut socket = server.socket().await;
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(close_code(&mut socket).await, 4429);
}

#[tokio::test]
async fn subscribing_before_the_acknowledgement_closes_with_4401() {
    let server = server().await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("1", TYPENAME, json!({})).await;
    assert_eq!(close_code(&mut socket).await, 4401);
}

#[tokio::test]
async fn garbage_closes_with_4400() {
    let server = server().await;
    let long = format!(r#"{{"type":"{}"}}"#, "é".repeat(1_000));
    let garbage = [
        "",
        "nonsense",
        "[]",
        "null",
        "{}",
        r#"["ping"]"#,
        r#"{"type":"nonsense"}"#,
        r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":7,"payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":["{ __typename }"]}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"query($x: Float) { __typename }","variables":{"x":1e309}}}"#,
        r#"{"type":"complete"}"#,
        r#"{"type":"ping","payload":"text"}"#,
        &long,
    ];
    for text in garbage {
        let mut socket = server.socket().await;
        socket.send_text(text).await;
        assert_eq!(close_code(&mut socket).await, 4400, "{text:.60}");
    }
    let mut socket = server.socket().await;
    socket.stream.send(Message::binary(b"{}".to_vec())).await.expect("an open socket");
    assert_eq!(close_code(&mut socket).await, 4400);
}

#[tokio::test]
async fn bytes_that_are_no_frames_end_their_socket_and_no_other() {
    let server = server().await;
    let mut bystander = server.socket().await;
    for bytes in [&[0xff_u8; 64][..], b"GET / HTTP/1.1\r\n\r\n", &[0x81, 0x02, b'h', b'i'][..]] {
        let mut socket = server.socket().await;
        socket.stream.get_mut().write_all(bytes).await.expect("an open socket");
        let Closed { code, .. } = socket.closed().await;
        assert_eq!(code, 1002);
    }
    bystander.subscribe("1", TYPENAME, json!({})).await;
    assert_eq!(bystander.delivery("1").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409_and_one_that_ended_may_be_used_again() {
    let server = server().await;
    let mut socket = server.socket().await;
    for _ in 0..2 {
        socket.subscribe("1", TYPENAME, json!({})).await;
        assert_eq!(socket.delivery("1").await, json!({ "__typename": "Query" }));
        assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    }
    socket.subscribe("1", FEED, json!({})).await;
    socket.complete("1").await;
    socket.subscribe("1", FEED, json!({})).await;
    socket.subscribe("1", FEED, json!({})).await;
    assert_eq!(close_code(&mut socket).await, 4409);
}

#[tokio::test]
async fn what_is_refused_gets_an_error_and_nothing_after_it() {
    let server = server().await;
    let mut socket = server.socket().await;
    let refused = [
        ("{", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("subscription { nothing }", "BAD_USER_INPUT"),
        ("subscription { eventsIngested(factoryId: \"nowhere\") { skipped } }", "NOT_FOUND"),
        ("subscription { factoryMetrics(factoryId: \"nowhere\") { revision } }", "NOT_FOUND"),
    ];
    for (query, expected) in refused {
        socket.subscribe("1", query, json!({})).await;
        let message = socket.receive().await;
        assert_eq!((&message["id"], &message["type"]), (&json!("1"), &json!("error")), "{query}: {message}");
        assert_eq!(code(&json!({ "errors": message["payload"] })), expected, "{query}");
    }
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }), "no complete came after an error");
}

#[tokio::test]
async fn a_failed_field_is_part_of_the_answer() {
    let server = server().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "{ factoryMetrics(factoryId: \"nowhere\") { revision } }", json!({})).await;
    let message = socket.receive().await;
    assert_eq!(message["type"], "next");
    assert_eq!(message["payload"]["data"], Value::Null);
    assert_eq!(code(&message["payload"]), "NOT_FOUND");
    assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
}

#[tokio::test]
async fn another_sub_protocol_closes_with_4406() {
    let server = server().await;
    let (mut socket, head) = Socket::offering(server.address, Some(b"nonsense")).await;
    assert!(head.starts_with("http/1.1 101") && !head.contains("sec-websocket-protocol"), "{head}");
    assert_eq!(close_code(&mut socket).await, 4406);
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload_before_and_after_the_acknowledgement() {
    let server = server().await;
    let mut socket = Socket::open(server.address).await;
    socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.send(json!({ "type": "connection_init", "payload": { "who": "me" } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    socket.send(json!({ "type": "pong" })).await;
    socket.send(json!({ "type": "complete", "id": "unknown" })).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn who_answers_pings_stays_and_who_does_not_is_closed() {
    let ping_interval = Duration::from_millis(500);
    let server = with(SocketLimits { ping_interval, ..patient().sockets }).await;
    let mut silent = server.socket().await;
    let mut alive = server.socket().await;
    for _ in 0..6 {
        // Reading is what makes the client answer.
        let ping = soon("a ping", alive.stream.next()).await.expect("an open socket").expect("a frame");
        assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
        alive.stream.flush().await.expect("an open socket");
    }
    let (_, closed) = silent.rest_unanswered().await;
    assert_eq!(closed, Some(Closed { code: 1008, reason: "pings were not answered".to_owned() }));
    alive.subscribe("1", TYPENAME, json!({})).await;
    assert_eq!(alive.delivery("1").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn fifty_operations_run_at_once_and_the_next_gets_an_error() {
    let server = server().await;
    let mut socket = server.socket().await;
    for id in 0..51 {
        socket.subscribe(&id.to_string(), METRICS, json!({})).await;
    }
    let mut delivered = 0;
    let error = loop {
        let message = socket.receive().await;
        match message["type"].as_str() {
            Some("next") => delivered += 1,
            _ => break message,
        }
    };
    assert_eq!((&error["id"], &error["type"]), (&json!("50"), &json!("error")), "{error}");
    assert_eq!(code(&json!({ "errors": error["payload"] })), "LIMIT_EXCEEDED");
    while delivered < 50 {
        assert_eq!(socket.receive().await["type"], "next");
        delivered += 1;
    }
    socket.complete("0").await;
    socket.subscribe("50", METRICS, json!({})).await;
    socket.delivery("50").await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = server().await;
    let mut socket = server.socket().await;
    let undeclared = |bytes: usize| json!({ "undeclared": "x".repeat(bytes) });
    socket.subscribe("1", TYPENAME, undeclared(63 * 1024)).await;
    assert_eq!(socket.delivery("1").await, json!({ "__typename": "Query" }));
    socket.receive().await;
    socket.subscribe("2", TYPENAME, undeclared(64 * 1024)).await;
    assert_eq!(close_code(&mut socket).await, 1009);
}

#[tokio::test]
async fn a_page_from_a_foreign_origin_may_not_connect() {
    let origins = Origins::parse(["https://board.example"]).expect("an origin");
    let server = TestServer::with(Clock::System, Options { origins, ..patient() }).await;
    let own = format!("http://{}", server.address);
    for (origin, may) in
        [("https://evil.example", false), ("null", false), ("https://board.example", true), (&own, true)]
    {
        let mut request = Socket::request(server.address);
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        match client_async(request, stream).await {
            Ok(_) => assert!(may, "{origin}"),
            Err(Error::Http(response)) => {
                assert_eq!((may, response.status().as_u16()), (false, 403), "{origin}");
            }
            Err(error) => panic!("{origin}: {error}"),
        }
    }
}

#[tokio::test]
async fn one_socket_too_many_is_asked_to_come_back_and_gets_in_once_another_left() {
    let server = with(SocketLimits { max_sockets: 1, ..patient().sockets }).await;
    let first = connect(&server).await.expect("the first socket");
    let Err(Error::Http(refused)) = connect(&server).await else { panic!("the second socket got in") };
    assert_eq!(refused.status().as_u16(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    // Vanishing, without a close frame.
    drop(first);
    let_in(&server).await;
}

#[tokio::test]
async fn a_socket_that_never_reads_again_is_dropped() {
    let options = Options {
        sockets: SocketLimits { max_sockets: 1, ..patient().sockets },
        connections: ConnectionLimits { stall_timeout: TIMEOUT, ..patient().connections },
        ..patient()
    };
    let server = TestServer::with(Clock::System, options).await;
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let stream = tcp.connect(server.address).await.expect("a connection");
    let (stream, _) = client_async(Socket::request(server.address), stream).await.expect("an upgrade");
    let mut stalled = Socket { stream };
    stalled.send(json!({ "type": "connection_init" })).await;
    for id in 0..50 {
        let query = "{ __schema { types { name description fields { name description args { name description } } } } }";
        stalled.subscribe(&id.to_string(), query, json!({})).await;
    }
    assert!(connect(&server).await.is_err(), "the stalled socket holds the only place");
    let_in(&server).await;
}

#[tokio::test]
async fn a_socket_that_stops_reading_delays_no_other() {
    let server = server().await;
    let mut stalled = server.socket().await;
    for id in 0..50 {
        stalled.subscribe(&id.to_string(), METRICS, json!({})).await;
    }
    let mut reader = server.socket().await;
    reader.subscribe("1", METRICS, json!({})).await;
    reader.delivery("1").await;
    for minute in 0..50 {
        let event = json!({ "timestamp": format!("2026-01-05T08:{minute:02}:00Z"), "entityType": "WORKER", "entityId": "W1",
                            "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1 });
        let revision = server.ingest("plant", json!([event])).await["revision"].as_i64().expect("a number");
        while reader.delivery("1").await["factoryMetrics"]["revision"].as_i64() < Some(revision) {}
    }
}

#[tokio::test]
async fn queries_and_mutations_run_on_a_socket_too() {
    let server = server().await;
    let mut socket = server.socket().await;
    socket
        .subscribe(
            "m",
            "mutation { createFactory(input: {id: \"second\", name: \"Second\"}) { factoryId } }",
            json!({}),
        )
        .await;
    assert_eq!(socket.delivery("m").await, json!({ "createFactory": { "factoryId": "second" } }));
    assert_eq!(socket.receive().await, json!({ "id": "m", "type": "complete" }));
    socket.subscribe("q", "query($id: ID!) { factory(id: $id) { name } }", json!({ "id": "second" })).await;
    assert_eq!(socket.delivery("q").await, json!({ "factory": { "name": "Second" } }));
}

#[tokio::test]
async fn a_mutation_without_a_variable_it_needs_gets_an_error_and_runs_nothing() {
    let server = server().await;
    let mut socket = server.socket().await;
    let query = r#"mutation($n: ID!) { a: createFactory(input: {id: "half", name: "a"}) { id }
                                        b: createFactory(input: {id: $n, name: "b"}) { id } }"#;
    socket.subscribe("1", query, json!({})).await;
    let error = socket.receive().await;
    assert_eq!((&error["id"], &error["type"]), (&json!("1"), &json!("error")), "{error}");
    assert_eq!(code(&json!({ "errors": error["payload"] })), "BAD_USER_INPUT");
    assert_eq!(
        server.ask("{ factories { factoryId } }", json!({})).await,
        json!({ "factories": [{ "factoryId": "plant" }] })
    );
}

#[tokio::test]
async fn a_client_that_closes_its_socket_gets_a_close_frame_back() {
    let server = server().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", METRICS, json!({})).await;
    socket.delivery("1").await;
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    socket.stream.send(Message::Close(Some(goodbye))).await.expect("an open socket");
    assert_eq!(socket.closed().await.code, 1000);
    assert!(soon("the end", socket.stream.next()).await.is_none(), "nothing follows a close frame");
}

#[tokio::test]
async fn a_websocket_of_another_version_is_told_which_is_spoken() {
    let server = server().await;
    let mut request = Socket::request(server.address);
    request.headers_mut().insert("sec-websocket-version", "8".parse().expect("a header"));
    let request = server.client.get(server.url("/graphql")).headers(request.headers().clone());
    let response = request.send().await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["sec-websocket-version"]),
        (400, &"13".parse().expect("a header"))
    );
    assert_eq!(code(&response.json().await.expect("JSON")), "BAD_USER_INPUT");
}
