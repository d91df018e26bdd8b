//! Lists of operations, texts that are sent to be kept, event streams and unknown sub-protocols: what they hold is bounded.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    harness::{Socket, code, soon},
    process::{Victim, assert_bounded},
};

#[tokio::test]
async fn a_list_of_millions_of_operations_is_refused_and_holds_no_memory() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    for item in ["1", "{}", "[]"] {
        let list = format!("[{}0]", format!("{item},").repeat(7 * 1024 * 1024 / (item.len() + 1)));
        let response = victim.post(list.into_bytes(), false).await;
        assert_eq!(response.status().as_u16(), 400);
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    }
    assert_bounded(before, victim.peak(), "a long list");
}

#[tokio::test]
async fn texts_that_are_sent_to_be_kept_take_no_more_memory_than_they_may() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    for n in 0..1_100 {
        let text = format!("{{ __typename }} # {n} {}", "x".repeat(30_000));
        let hash: String =
            Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let body = json!({ "query": text, "extensions": extensions }).to_string();
        assert_eq!(victim.post(body.into_bytes(), false).await.status().as_u16(), 200);
    }
    // 33 MB were sent, of which 30 MB would be kept, were their number alone limited.
    if let (Some(before), Some(peak)) = (before, victim.peak()) {
        assert!(peak < before + 20, "from {before} to {peak} MB");
    }
}

/// Whether an event stream ends without an event. No more of it is read than tells so: the rest stays with the server.
async fn ends_without_event(stream: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    let says = |read: &[u8], text: &[u8]| read.windows(text.len()).any(|part| part == text);
    while !says(&read, b"event: next") {
        let mut part = [0; 64];
        let count = stream.read(&mut part).await.expect("a part of a stream");
        read.extend_from_slice(&part[..count]);
        if count == 0 || says(&read, b"\r\n0\r\n\r\n") {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn event_streams_that_nobody_reads_hold_no_more_than_answers_may() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    // Few values that are long.
    let fields = "types { description fields { description } }";
    let aliases: String =
        (0..30).map(|n| format!("a{n}: __schema {{ {fields} }} ")).collect::<Vec<_>>().concat();
    let body = json!({ "query": format!("{{ {aliases} }}") }).to_string();
    let address = victim.program.address();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut streams = Vec::new();
    // Together more than 60 MB, of which 48 MiB may be held.
    for _ in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("a request");
        streams.push(stream);
    }
    let mut refused = 0;
    for stream in &mut streams {
        refused += usize::from(soon("an event or the end", ends_without_event(stream)).await);
    }
    assert!((1..streams.len()).contains(&refused), "{refused} of {} were refused", streams.len());
    assert_bounded(before, victim.peak(), "event streams");
}

#[tokio::test]
async fn whoever_offers_unknown_sub_protocols_again_and_again_fills_no_log() {
    let victim = Victim::start().await;
    for _ in 0..200 {
        let (mut socket, _) = Socket::offering(victim.program.address(), Some(b"nonsense")).await;
        assert_eq!(soon("the end", socket.closed()).await.code, 4406);
    }
    let log = victim.end().await;
    let lines = log.iter().filter(|line| line.contains("nonsense")).count();
    assert!((1..100).contains(&lines), "{lines} lines");
}
