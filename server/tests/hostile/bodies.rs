//! Bodies: who stalls in the middle of one holds no more than was sent.

use std::net::SocketAddr;

use flate2::{Compress, Compression, FlushCompress};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    harness::{TestServer, code, until},
    process::{Victim, assert_bounded, gzip},
};

/// Begins a body of a million bytes and goes no further than this.
async fn stall(address: SocketAddr, headers: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{headers}content-length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("headers");
    // It may be refused before all of it is written.
    stream.write_all(body).await.ok();
    stream
}

/// Stalls just before the end of a body of a million bytes, and in the next one when that was given up or refused.
async fn stall_again_and_again(address: SocketAddr) {
    let body = vec![b' '; 999_999];
    loop {
        stall(address, "", &body).await.read_to_end(&mut Vec::new()).await.ok();
    }
}

/// The beginning of a gzip member that inflates to almost eight MiB of blanks.
fn unfinished_gzip() -> Vec<u8> {
    let blanks = vec![b' '; 8 * 1024 * 1024 - 64];
    let mut deflated = Vec::with_capacity(64 * 1024);
    let mut deflate = Compress::new(Compression::best(), false);
    deflate.compress_vec(&blanks, &mut deflated, FlushCompress::Sync).expect("room");
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    member.extend(deflated);
    member
}

#[tokio::test]
async fn compressed_bodies_that_stall_keep_nobody_out() {
    let victim = Victim::start().await;
    let before = victim.forget_peak();
    let part = unfinished_gzip();
    let mut stalled = Vec::new();
    for _ in 0..40 {
        stalled.push(stall(victim.program.address(), "content-encoding: gzip\r\n", &part).await);
    }
    for size in [65_536, 16_384, 4_096, 1_024, 256, 64, 16] {
        for _ in 0..6 {
            stalled.push(stall(victim.program.address(), "", &vec![b' '; size]).await);
        }
    }
    for _ in 0..20 {
        let answer = victim.program.ask("{ factories { factoryId } }", json!({})).await;
        assert_eq!(answer, json!({ "factories": [{ "factoryId": "plant" }] }));
    }
    let large = json!({ "query": "{ __typename }", "padding": " ".repeat(4_000_000) }).to_string();
    assert_eq!(victim.post(large.into_bytes(), false).await.status(), StatusCode::OK);
    assert_bounded(before, victim.peak(), "stalled bodies");
}

#[tokio::test]
async fn small_bodies_have_room_while_large_ones_hold_theirs() {
    let server = TestServer::start().await;
    let mut large_bodies = JoinSet::new();
    for _ in 0..60 {
        large_bodies.spawn(stall_again_and_again(server.address));
    }
    let large = json!({ "query": "{ __typename }", "padding": " ".repeat(1_000_000) }).to_string();
    until("all room of large bodies is taken", async || {
        // A connection may end before its refusal is read.
        let refused = server.request(large.clone()).send().await;
        refused.is_ok_and(|response| response.status() == StatusCode::SERVICE_UNAVAILABLE)
    })
    .await;
    // What is left of it.
    let mut stalled = Vec::new();
    for size in (7..20).rev().map(|bits| 1 << bits) {
        for _ in 0..4 {
            stalled.push(stall(server.address, "", &vec![b' '; size]).await);
        }
    }
    // More than may still be free there, and less than counts as large.
    let small = format!("{{ __typename }} # {}", " ".repeat(4 * 1024));
    for _ in 0..50 {
        assert_eq!(server.ask(&small, json!({})).await, json!({ "__typename": "Query" }));
    }
}

#[tokio::test]
async fn a_body_of_many_members_is_refused() {
    let victim = Victim::start().await;
    let member = gzip("");
    let whole = gzip(r#"{"query":"{ __typename }"}"#);
    let body = |empty: usize| [member.repeat(empty), whole.clone()].concat();
    assert_eq!(victim.post(body(15), true).await.status(), StatusCode::OK);
    for empty in [16, 1_600, 300_000] {
        let response = victim.post(body(empty), true).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{empty}");
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(code(&answer), "BAD_USER_INPUT");
    }
}
