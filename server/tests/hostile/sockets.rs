//! Websockets: what one of them sends, holds and starts is bounded.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{Options, SocketLimits},
};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    harness::{Socket, TestServer, code, patient, soon, until},
    process::{Victim, assert_bounded},
};

const METRICS: &str =
    "subscription($ids: [ID!]) { workerMetrics(factoryId: \"plant\", workerIds: $ids) { revision } }";

#[tokio::test]
async fn who_sends_more_messages_than_one_may_is_closed() {
    let server = TestServer::start().await;
    for message in [Message::text(r#"{"type":"ping"}"#), Message::Ping(bytes::Bytes::new())] {
        let mut socket = server.socket().await;
        // The server may have closed it before the last was sent.
        for _ in 0..5_000 {
            if soon("a write or the end", socket.stream.send(message.clone())).await.is_err() {
                break;
            }
        }
        assert_eq!(socket.closed().await.code, 4429);
    }
}

#[tokio::test]
async fn who_pings_and_reads_nothing_holds_no_memory() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    let mut socket = Socket::acknowledged(victim.program.address()).await;
    let mut ping = vec![0x89, 0x80 | 0x7d, 0, 0, 0, 0];
    ping.resize(6 + 125, b'a');
    let pings = ping.repeat(500);
    let mut sends = 0;
    while soon("a write or the end", socket.stream.get_mut().write_all(&pings)).await.is_ok() {
        sends += 1;
        assert!(sends < 10_000, "640 MB were taken in");
    }
    assert_bounded(before, victim.peak(), "pings");
}

#[tokio::test]
async fn a_message_is_as_long_as_it_may_be_and_no_longer() {
    let server = TestServer::start().await;
    let message = |bytes: usize| {
        let message = json!({ "type": "ping", "payload": { "a": "" } }).to_string();
        message.replace(r#""a":"""#, &format!(r#""a":"{}""#, "a".repeat(bytes - message.len())))
    };
    let mut socket = server.socket().await;
    socket.send_text(message(64 * 1024)).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }), "so long a payload is not sent back");
    socket.send_text(message(64 * 1024 + 1)).await;
    assert_eq!(socket.closed().await.code, 1009);
}

#[tokio::test]
async fn a_message_that_never_becomes_whole_ends_its_socket() {
    let sockets = SocketLimits { message_timeout: Duration::from_secs(1), ..patient().sockets };
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    let mut socket = server.socket().await;
    // The first frame of a text that has another one.
    socket.stream.get_mut().write_all(&[0x01, 0x81, 0, 0, 0, 0, b'{']).await.expect("a fragment");
    // Whole frames in the middle of it do not make it younger.
    let mut pongs = tokio::time::interval(Duration::from_millis(100));
    let closed = soon("the end", async {
        loop {
            tokio::select! {
                _ = pongs.tick() => {
                    // It may be closed at this moment.
                    socket.stream.get_mut().write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.ok();
                }
                message = socket.stream.next() => match message {
                    Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                    Some(Ok(_)) => {}
                    other => panic!("the socket ended without a code: {other:?}"),
                },
            }
        }
    });
    assert_eq!(closed.await, 4408);
}

#[tokio::test]
async fn a_few_sockets_cannot_take_all_subscriptions() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let mut sockets = Vec::new();
    let mut refused = 0;
    for number in 0..40 {
        let mut socket = server.socket().await;
        for operation in 0..50 {
            let ids = json!({ "ids": [format!("W{number}-{operation}")] });
            socket.subscribe(&operation.to_string(), METRICS, ids).await;
        }
        for _ in 0..50 {
            let message = socket.receive().await;
            if message["type"] == "error" {
                assert_eq!(code(&json!({ "errors": message["payload"] })), "OVERLOADED");
                refused += 1;
            }
        }
        sockets.push(socket);
    }
    assert!(refused > 0, "two thousand are more than a few sockets may have");
    let mut viewer = server.socket().await;
    for operation in 0..10 {
        viewer.subscribe("1", METRICS, json!({ "ids": [format!("V{operation}")] })).await;
        viewer.delivery("1").await;
        viewer.complete("1").await;
    }
    let joined = json!({ "ids": ["W0-0"] });
    viewer.subscribe("2", METRICS, joined).await;
    viewer.delivery("2").await;
}

#[tokio::test]
async fn spellings_that_mean_the_same_are_rendered_once() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let mut socket = server.socket().await;
    let spellings = [
        "subscription($id: ID!) { workerMetrics(factoryId: $id, area: \"A\") { revision workers { workerId } } }",
        "subscription  Named($plant:ID!){workerMetrics(area:\"A\",factoryId:$plant){revision,workers{workerId}}}# a comment",
    ];
    socket.subscribe("0", spellings[0], json!({ "id": "plant" })).await;
    socket.subscribe("1", spellings[1], json!({ "plant": "plant", "undeclared": [1] })).await;
    // They come in any order.
    let answers = [socket.receive().await, socket.receive().await];
    assert_ne!(answers[0]["id"], answers[1]["id"], "{answers:?}");
    assert_eq!(answers[0]["payload"]["data"]["workerMetrics"]["workers"], json!([]), "{answers:?}");
    assert_eq!(answers[0]["payload"], answers[1]["payload"]);
    assert_eq!(server.app.live.broadcast_count(), 1);
    // Who joins one that runs is judged all the same.
    let wrong = "subscription($id: ID!, $unused: Int) { workerMetrics(factoryId: $id, area: \"A\") \
                 { revision workers { workerId } } }";
    socket.subscribe("2", wrong, json!({ "id": "plant" })).await;
    assert_eq!(socket.receive().await["type"], "error");
    for id in ["0", "1"] {
        socket.complete(id).await;
    }
    until("no broadcast", async || server.app.live.broadcast_count() == 0).await;
}

#[tokio::test]
async fn subscriptions_hold_neither_their_text_nor_what_they_do_not_declare() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    let junk: Value = serde_json::from_str(&format!("[{}[]]", "[],".repeat(20_000))).expect("JSON");
    let mut sockets = Vec::new();
    for number in 0..6 {
        let mut socket = Socket::acknowledged(victim.program.address()).await;
        for operation in 0..50 {
            let variables = json!({ "ids": [format!("W{number}-{operation}")], "junk": junk });
            socket.subscribe(&operation.to_string(), METRICS, variables).await;
            socket.delivery(&operation.to_string()).await;
        }
        sockets.push(socket);
    }
    assert_bounded(before, victim.peak(), "three hundred subscriptions");
}
