//! Connections: how many one address may have, who that is behind a proxy, and how long one may ask nothing.

use std::time::Duration;

use server::{
    clock::Clock,
    http::{ConnectionLimits, TrustedProxies},
};

use crate::{
    harness::{Socket, TestServer, patient, until},
    wire::Wire,
};

async fn server(limits: impl FnOnce(&mut ConnectionLimits)) -> TestServer {
    let mut options = patient();
    limits(&mut options.connections);
    TestServer::with(Clock::System, options).await
}

/// A server behind a proxy on this machine, with two connections for each address.
async fn behind_a_proxy() -> TestServer {
    server(|limits| {
        limits.max_connections_per_address = Some(2);
        limits.trusted_proxies = TrustedProxies::parse(["127.0.0.0/8", "10.0.0.0/8"]).expect("networks");
    })
    .await
}

/// The status of the answer to a request that a proxy forwards.
async fn forwarded(wire: &mut Wire, forwarded_for: &str) -> u16 {
    wire.ask(&format!("x-forwarded-for: {forwarded_for}\r\n")).await.expect("an answer").status
}

#[tokio::test]
async fn an_address_with_as_many_connections_as_it_may_have_is_refused_further_ones_in_words() {
    let server = server(|limits| limits.max_connections_per_address = Some(3)).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::open(server.address).await;
        assert_eq!(wire.ask("").await.expect("an answer").status, 200);
        open.push(wire);
    }
    let refused = Wire::open(server.address).await.answer().await.expect("a refusal");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after").as_deref(), Some("10"));
    assert!(refused.body.contains("3 connections"), "{refused:?}");
    for wire in &mut open {
        assert_eq!(wire.ask("").await.expect("an answer").status, 200, "those that are open are served");
    }
    open.pop();
    until("a connection", async || {
        Wire::open(server.address).await.ask("").await.is_some_and(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn this_machine_is_exempt_from_a_limit_that_nobody_set() {
    let server = server(|limits| limits.max_connections = 6).await;
    let mut open = Vec::new();
    for _ in 0..6 {
        let mut wire = Wire::open(server.address).await;
        assert_eq!(wire.ask("").await.expect("an answer").status, 200);
        open.push(wire);
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_connections_count_for_the_client_that_it_names() {
    let server = behind_a_proxy().await;
    let mut wires = Vec::new();
    for _ in 0..4 {
        wires.push(Wire::open(server.address).await);
    }
    assert_eq!(forwarded(&mut wires[0], "198.51.100.7").await, 200);
    assert_eq!(forwarded(&mut wires[1], "198.51.100.7").await, 200);
    let refused = wires[2].ask("x-forwarded-for: 198.51.100.7\r\n").await.expect("a refusal");
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("2 connections"), "{refused:?}");
    assert_eq!(forwarded(&mut wires[2], "198.51.100.8").await, 200, "the proxy's connection serves others");
    assert_eq!(
        forwarded(&mut wires[3], "127.0.0.1, 198.51.100.7, 10.1.2.3").await,
        429,
        "what a client says is not believed"
    );
    assert_eq!(forwarded(&mut wires[0], "198.51.100.9").await, 200);
    assert_eq!(
        forwarded(&mut wires[3], "198.51.100.7").await,
        200,
        "a connection counts for its latest request"
    );
}

#[tokio::test]
async fn websockets_behind_a_trusted_proxy_count_for_the_client_for_as_long_as_they_are_open() {
    let server = behind_a_proxy().await;
    let open = async || {
        let mut request = Socket::request(server.address);
        request.headers_mut().insert("x-forwarded-for", "2001:db8::1".parse().expect("a header"));
        Socket::open_with(server.address, request).await
    };
    let sockets = (open().await, open().await);
    let mut wire = Wire::open(server.address).await;
    assert_eq!(forwarded(&mut wire, "2001:db8::2").await, 429, "the addresses of one site are one");
    assert_eq!(forwarded(&mut wire, "2001:db8:0:1::1").await, 200);
    drop(sockets);
    until("a connection", async || {
        forwarded(&mut Wire::open(server.address).await, "2001:db8::1").await == 200
    })
    .await;
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_chooses_whom_a_connection_counts_for() {
    let server = server(|limits| limits.max_connections_per_address = Some(2)).await;
    let mut wires = (Wire::open(server.address).await, Wire::open(server.address).await);
    assert_eq!(forwarded(&mut wires.0, "198.51.100.1").await, 200);
    assert_eq!(forwarded(&mut wires.1, "198.51.100.2").await, 200);
    assert_eq!(Wire::open(server.address).await.answer().await.expect("a refusal").status, 429);
}

#[test]
fn ten_thousand_subscribers_behind_one_address_find_room_and_leave_some_to_others() {
    let limits = ConnectionLimits::default();
    assert!(limits.per_address() > 10_000 + 1_000);
    assert!(limits.max_connections - limits.per_address() >= 6_000);
}

#[tokio::test]
async fn a_connection_that_asks_nothing_ends_and_one_that_asked_stays() {
    // Long enough that a busy machine sends a whole request in it.
    let server = server(|limits| limits.first_request_timeout = Duration::from_secs(2)).await;
    let mut asked = Wire::open(server.address).await;
    assert_eq!(asked.ask("").await.expect("an answer").status, 200);
    let mut silent = Wire::open(server.address).await;
    let mut slow = Wire::open(server.address).await;
    slow.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n").await;
    assert!(silent.answer().await.is_none());
    assert!(slow.answer().await.is_none());
    assert_eq!(asked.ask("").await.expect("an answer").status, 200, "its own two seconds are over");
}

#[tokio::test]
async fn headers_have_an_end() {
    let server = TestServer::start().await;
    let mut long = Wire::open(server.address).await;
    assert_eq!(
        long.ask(&format!("x-long: {}\r\n", "x".repeat(12 * 1024))).await.expect("an answer").status,
        200
    );
    let endless = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-long: {}", "x".repeat(64 * 1024));
    let mut wire = Wire::open(server.address).await;
    wire.write(&endless).await;
    // Its end may overtake the answer, because more was sent than is read.
    assert!(wire.answer().await.is_none_or(|answer| answer.status == 431));
    let many = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect::<Vec<_>>().concat();
    assert_eq!(Wire::open(server.address).await.ask(&many).await.expect("an answer").status, 431);
}
