//! A subscriber that stops reading costs a bounded amount of memory, delays nobody, and begins again with the whole.

use std::time::Duration;

use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{ConnectionLimits, Options, SocketLimits},
};
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;

use crate::{
    harness::{Closed, Socket, TestServer, millis, patient, soon, until},
    queries::event,
    subscriptions::{Subscriber, WORKERS, work},
};

/// Enough that a delivery is longer than what the system holds for a peer that does not read.
const WORKERS_AT_WORK: u32 = 300;
/// What the two ends of a connection hold for a peer that does not read, in bytes, and some more: the kernel takes twice
/// what it is asked to.
const MAX_HELD_BYTES: usize = 128 * 1024;
/// The batches after the one that stalled is gone.
const BATCHES_AFTERWARDS: u32 = 5;
/// How long the server waits for a peer that takes nothing. Longer than a busy machine keeps those waiting who do read.
const STALL_TIMEOUT: Duration = Duration::from_secs(3);
/// How often the server asks for a sign of life. Long enough that a busy machine stores a batch between two pings.
const PING_INTERVAL: Duration = Duration::from_secs(2);

async fn server(options: Options) -> TestServer {
    let server = TestServer::with(Clock::manual(millis("2026-01-05T12:00:00Z")), options).await;
    server.create_factory("plant").await;
    server
}

/// A subscriber that has read its first delivery, and whose system takes little that it does not read.
async fn small(server: &TestServer, query: &str) -> Socket {
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let stream = tcp.connect(server.address).await.expect("a connection");
    let (stream, _) = client_async(Socket::request(server.address), stream).await.expect("an upgrade");
    let mut socket = Socket { stream };
    socket.send(json!({ "type": "connection_init" })).await;
    socket.receive().await;
    socket.subscribe("1", query, json!({})).await;
    assert_eq!(socket.delivery("1").await["workerMetrics"]["snapshot"], true);
    socket
}

/// Stores something of every worker that was not stored before.
async fn all_work(server: &TestServer, number: u32) -> Value {
    let time = format!("{:02}:{:02}", number / 60, number % 60);
    let batch: Value =
        (0..WORKERS_AT_WORK).map(|worker| event(&format!("W{worker}"), "WORKING", &time, 1.0, 1)).collect();
    let outcome = server.ingest("plant", batch).await;
    assert_eq!(outcome["accepted"], WORKERS_AT_WORK, "{outcome}");
    outcome["revision"].clone()
}

/// Checks that who connects again gets the whole as it is now.
async fn assert_begins_again_with_the_whole(server: &TestServer) {
    let mut again = Subscriber::new(server, WORKERS, json!({})).await;
    let query = WORKERS.replacen("subscription", "query", 1);
    let now = server.ask(&query, json!({})).await["workerMetrics"].take();
    assert_eq!((&now["snapshot"], again.next().await), (&json!(true), now.clone()));
    server.assert_audit_is_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_takes_nothing_of_much_is_dropped_delays_no_other_and_begins_again_with_a_snapshot()
{
    let connections = ConnectionLimits { stall_timeout: STALL_TIMEOUT, ..patient().connections };
    let server = server(Options { connections, ..patient() }).await;
    let mut reader = Subscriber::new(&server, WORKERS, json!({})).await;
    reader.next().await;
    // The same question with another answer: an operation of its own, which ends with its only subscriber.
    let mut stalled = small(&server, &WORKERS.replacen("revision", "again: revision revision", 1)).await;
    assert_eq!((server.app.live.broadcast_count(), server.app.live.cohort_count()), (2, 1));

    let (mut number, mut sent_bytes) = (0, 0);
    let mut one_more = async || {
        let revision = all_work(&server, number).await;
        number += 1;
        // Whoever reads gets each of them in time.
        let delivery = reader.reaches(&revision).await;
        sent_bytes += delivery.to_string().len();
    };
    soon("the end of who takes nothing", async {
        while server.app.live.broadcast_count() > 1 {
            one_more().await;
        }
    })
    .await;
    for _ in 0..BATCHES_AFTERWARDS {
        one_more().await;
    }
    let (lengths, closed) = stalled.rest_unanswered().await;
    let held_bytes = lengths.iter().sum::<usize>();
    println!("{number} deliveries of {sent_bytes} bytes, {} of {held_bytes} bytes held", lengths.len());
    assert!(held_bytes < MAX_HELD_BYTES && MAX_HELD_BYTES < sent_bytes, "{held_bytes} of {sent_bytes} bytes");
    // A close frame in the middle of another one would be none.
    assert_eq!(closed, None);
    assert_begins_again_with_the_whole(&server).await;
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_of_little_is_told_that_it_left_pings_unanswered() {
    let sockets = SocketLimits { ping_interval: PING_INTERVAL, ..patient().sockets };
    let server = server(Options { sockets, ..patient() }).await;
    let mut stalled = small(&server, &WORKERS.replacen("revision", "again: revision revision", 1)).await;
    work(&server, "W1", "08:00", 1).await;
    until("the end of who answers no ping", async || server.app.live.broadcast_count() == 0).await;
    let (lengths, closed) = stalled.rest_unanswered().await;
    assert_eq!(lengths.len(), 1, "what came before is not lost");
    assert_eq!(closed, Some(Closed { code: 1008, reason: "pings were not answered".to_owned() }));
    assert_begins_again_with_the_whole(&server).await;
}
