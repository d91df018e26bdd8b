//! GraphQL over server-sent events: the protocol graphql-sse in its distinct connections mode.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    http::{ConnectionLimits, Options, Origins, SocketLimits},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

use crate::harness::{TestServer, code, patient, soon, until};

const METRICS: &str = "subscription { factoryMetrics(factoryId: \"plant\") { unitsProduced } }";
const EVENTS: &str = "text/event-stream";

async fn server() -> TestServer {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    server
}

/// What a server sends for one operation, read event by event.
struct EventStream {
    response: Response,
    read: Vec<u8>,
}

impl EventStream {
    async fn open(request: RequestBuilder) -> Self {
        let response = soon("a response", request.header("accept", EVENTS).send()).await.expect("a response");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, read: Vec::new() }
    }

    async fn post(server: &TestServer, query: &str) -> Self {
        Self::open(server.request(json!({ "query": query }).to_string())).await
    }

    /// The next event or comment, as its lines; none at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let block = String::from_utf8(self.read[..end].to_vec()).expect("text");
                self.read.drain(..end + 2);
                return Some(block);
            }
            match soon("more of the stream", self.response.chunk()).await.expect("a stream") {
                Some(chunk) => self.read.extend(chunk),
                None => return None,
            }
        }
    }

    /// The next event and its data, comments left out; none at the end.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let block = self.block().await?;
            if block == ":" {
                continue;
            }
            let (event, data) = block.split_once('\n').expect("two lines");
            let data = data.strip_prefix("data:").expect("data").trim();
            let data = if data.is_empty() { Value::Null } else { serde_json::from_str(data).expect("JSON") };
            return Some((event.strip_prefix("event: ").expect("a name").to_owned(), data));
        }
    }

    /// The next answer.
    async fn next(&mut self) -> Value {
        let (event, data) = self.event().await.expect("an event");
        assert_eq!(event, "next", "{data}");
        data
    }

    async fn assert_complete(mut self) {
        assert_eq!(self.event().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.event().await, None, "nothing follows");
    }
}

fn get(server: &TestServer, parameters: &[(&str, &str)]) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params(&server.url("/graphql"), parameters).expect("a URL");
    server.client.get(url)
}

fn units(answer: &Value) -> Option<i64> {
    answer["data"]["factoryMetrics"]["unitsProduced"].as_i64()
}

async fn ingest(server: &TestServer, units: i64) {
    let event = json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1",
                        "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": units });
    server.ingest("plant", json!([event])).await;
}

#[tokio::test]
async fn a_subscription_delivers_as_events_by_post_and_by_get() {
    let server = server().await;
    let mut posted = EventStream::post(&server, METRICS).await;
    let mut got = EventStream::open(get(&server, &[("query", METRICS)])).await;
    for stream in [&mut posted, &mut got] {
        assert_eq!(units(&stream.next().await), Some(0));
    }
    ingest(&server, 7).await;
    for stream in [&mut posted, &mut got] {
        while units(&stream.next().await) != Some(7) {}
    }
}

#[tokio::test]
async fn a_query_is_one_event_and_the_stream_is_complete() {
    let server = server().await;
    let mut stream = EventStream::post(&server, "{ factories { name } }").await;
    assert_eq!(stream.next().await, json!({ "data": { "factories": [{ "name": "plant" }] } }));
    stream.assert_complete().await;
    let variables = [
        ("query", "query A($id: ID!) { factory(id: $id) { name } } query B { __typename }"),
        ("operationName", "A"),
        ("variables", r#"{"id": "plant"}"#),
        ("extensions", "{}"),
    ];
    let mut stream = EventStream::open(get(&server, &variables)).await;
    assert_eq!(stream.next().await, json!({ "data": { "factory": { "name": "plant" } } }));
    stream.assert_complete().await;
}

#[tokio::test]
async fn what_is_refused_is_an_event_too() {
    let server = server().await;
    for (query, expected) in [
        ("{", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("subscription { nothing }", "BAD_USER_INPUT"),
        ("subscription { factoryMetrics(factoryId: \"nowhere\") { revision } }", "NOT_FOUND"),
    ] {
        let mut stream = EventStream::post(&server, query).await;
        assert_eq!(code(&stream.next().await), expected, "{query}");
        stream.assert_complete().await;
    }
    let create = r#"mutation { createFactory(input: {id: "second", name: "Second"}) { name } }"#;
    let mut stream = EventStream::open(get(&server, &[("query", create)])).await;
    assert_eq!(code(&stream.next().await), "BAD_USER_INPUT", "a GET changes nothing");
    stream.assert_complete().await;
    let mut stream = EventStream::post(&server, create).await;
    assert_eq!(stream.next().await, json!({ "data": { "createFactory": { "name": "Second" } } }));
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_there_are_events() {
    let server = server().await;
    let refused = async |request: RequestBuilder| {
        let response = request.header("accept", EVENTS).send().await.expect("a response");
        let status = response.status();
        (status.as_u16(), code(&response.json().await.expect("JSON")))
    };
    let bad = "BAD_USER_INPUT".to_owned();
    assert_eq!(refused(server.request("nonsense")).await, (400, bad.clone()));
    assert_eq!(refused(server.request(r#"[{"query":"{ __typename }"}]"#)).await, (400, bad.clone()));
    let compressed = server.request("{}").header("content-encoding", "gzip");
    assert_eq!(refused(compressed).await, (415, bad.clone()));
    let plain = server.client.post(server.url("/graphql")).header("content-type", "text/plain").body("{}");
    assert_eq!(refused(plain).await, (415, bad.clone()));
    assert_eq!(refused(get(&server, &[])).await, (400, bad));
    let long = json!({ "query": format!("{{ __typename }} # {}", "x".repeat(64 * 1024)) });
    assert_eq!(refused(server.request(long.to_string())).await, (413, "LIMIT_EXCEEDED".to_owned()));
}

#[tokio::test]
async fn events_are_kept_by_nobody_and_compressed_by_nobody_and_the_stream_is_kept_alive() {
    let ping_interval = Duration::from_millis(50);
    let sockets = SocketLimits { ping_interval, ..patient().sockets };
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    server.create_factory("plant").await;
    let body = json!({ "query": METRICS }).to_string();
    let mut stream = EventStream::open(server.request(body).header("accept-encoding", "gzip, br")).await;
    let headers = stream.response.headers();
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(headers.get("content-encoding").is_none(), "{headers:?}");
    assert_eq!(stream.block().await.as_deref(), Some(":"), "it begins at once");
    stream.next().await;
    for _ in 0..3 {
        assert_eq!(stream.block().await.as_deref(), Some(":"));
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_gets_no_events_unless_it_may() {
    let origins = Origins::parse(["https://board.example"]).expect("an origin");
    let server = TestServer::with(Clock::System, Options { origins, ..patient() }).await;
    for (origin, status) in [("https://evil.example", 403), ("https://board.example", 200)] {
        let request = get(&server, &[("query", "{ __typename }")]).header("origin", origin);
        let response = request.header("accept", EVENTS).send().await.expect("a response");
        assert_eq!(response.status().as_u16(), status, "{origin}");
    }
}

#[tokio::test]
async fn event_streams_count_as_websockets_do_and_leave_room_when_they_end() {
    let sockets =
        SocketLimits { max_sockets: 1, ping_interval: Duration::from_millis(50), ..patient().sockets };
    let server = TestServer::with(Clock::System, Options { sockets, ..patient() }).await;
    server.create_factory("plant").await;
    let mut stream = EventStream::post(&server, METRICS).await;
    stream.next().await;
    let body = json!({ "query": "{ __typename }" }).to_string();
    let ask = || server.request(body.clone()).header("accept", EVENTS).send();
    let refused = ask().await.expect("a response");
    assert_eq!(refused.status().as_u16(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    drop(stream);
    until("a free place", async || ask().await.expect("a response").status() == StatusCode::OK).await;
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams_without_calling_them_complete() {
    let server = server().await;
    let mut stream = EventStream::post(&server, METRICS).await;
    stream.next().await;
    server.stop().await;
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped() {
    let options = Options {
        sockets: SocketLimits { max_sockets: 1, ..patient().sockets },
        connections: ConnectionLimits { stall_timeout: Duration::from_secs(3), ..patient().connections },
        ..patient()
    };
    let server = TestServer::with(Clock::System, options).await;
    server.create_factory("plant").await;
    let events = (0..3_000).map(|n| {
        json!({ "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": format!("W{n}"),
                "eventType": "WORKING", "durationMinutes": 1, "unitsProduced": 1 })
    });
    server.ingest("plant", events.collect()).await;
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let mut stalled = tcp.connect(server.address).await.expect("a connection");
    let aliases: String = (0..30).map(|n| format!("a{n}: lastSeenAt ")).collect::<Vec<_>>().concat();
    let query = format!(
        "subscription {{ workerMetrics(factoryId: \"plant\") {{ workers {{ workerId {aliases} }} }} }}"
    );
    let body = json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\naccept: {EVENTS}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stalled.write_all(request.as_bytes()).await.expect("a request");
    assert_eq!(soon("the response", stalled.read_u8()).await.expect("a byte"), b'H');
    let ask = || {
        let body = json!({ "query": "{ __typename }" }).to_string();
        server.request(body).header("accept", EVENTS).send()
    };
    assert_eq!(ask().await.expect("a response").status().as_u16(), 503, "it holds the only place");
    until("a free place", async || ask().await.expect("a response").status() == StatusCode::OK).await;
}
