//! The HTTP input against clients that stall, send too much, or are pages in a browser.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use edge::health::Health;
use edge::input::Intake;
use edge::input::http::{self, MAX_BODY_BYTES, Options, UploadLimits};
use edge::spool::{Spool, SpoolOptions};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_listener::ConnectionLimits;
use test_harness::{LIMIT, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5}"#;

/// An input that listens until it is dropped.
struct Input {
    address: SocketAddr,
    spool: Spool,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
    _stop: DropGuard,
}

/// Options of an input that gives up no client before the test does.
fn patient() -> Options {
    Options {
        connections: ConnectionLimits {
            first_request_timeout: LIMIT,
            idle_timeout: LIMIT,
            stall_timeout: LIMIT,
            ..ConnectionLimits::default()
        },
        uploads: UploadLimits { timeout: LIMIT, pause_timeout: LIMIT },
        ..Options::default()
    }
}

impl Input {
    async fn start(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let spool = Spool::open(&folder.path().join("spool.db"), SpoolOptions::default()).expect("a spool");
        let intake = Intake::new(spool.clone(), Arc::new(Health::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        tokio::spawn(http::serve(listener, options, intake, stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { address, spool, client, _folder: folder, _stop: stop.drop_guard() }
    }

    /// The status of the answer to a POST with these headers.
    async fn post(&self, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> u16 {
        let mut request = self.client.post(format!("http://{}/events", self.address)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        soon("an answer", request.send()).await.expect("an answer").status().as_u16()
    }

    /// The same, as JSON.
    async fn post_json(&self, body: impl Into<reqwest::Body>) -> u16 {
        self.post(body, &[("content-type", "application/json")]).await
    }

    /// The status of the answer to a POST with these headers, to a client that reads nothing before it has sent all.
    async fn post_whole(&self, headers: &str, body_bytes: usize) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let head = format!("POST /events HTTP/1.1\r\n{headers}content-length: {body_bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("headers");
        soon("the end of a body", stream.write_all(&vec![b' '; body_bytes])).await.expect("a whole body");
        status(stream).await
    }

    /// A connection that has sent the headers of a request and as many bytes of its body, of which one more is to come.
    async fn unfinished(&self, body_bytes: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let head = format!(
            "POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body_bytes + 1
        );
        stream.write_all(head.as_bytes()).await.expect("headers");
        stream.write_all(&vec![b' '; body_bytes]).await.expect("most of a body");
        stream
    }
}

/// The status of the answer that comes on a connection.
async fn status(mut stream: TcpStream) -> String {
    let mut line = [0; 12];
    soon("an answer", stream.read_exact(&mut line)).await.expect("an answer");
    String::from_utf8_lossy(&line[9..]).into_owned()
}

#[tokio::test]
async fn stalled_bodies_keep_no_camera_out() {
    let input = Input::start(patient()).await;
    let mut stalled = Vec::new();
    for _ in 0..100 {
        stalled.push(input.unfinished(1).await);
    }
    assert_eq!(input.post_json(EVENT).await, 200);
    assert_eq!(input.spool.counts().await.expect("counts").accepted, 1);
}

#[tokio::test]
async fn a_body_that_pauses_or_takes_too_long_is_given_up() {
    let short = Duration::from_millis(200);
    for uploads in [
        UploadLimits { timeout: LIMIT, pause_timeout: short },
        UploadLimits { timeout: short, pause_timeout: LIMIT },
    ] {
        let input = Input::start(Options { uploads, ..patient() }).await;
        assert_eq!(status(input.unfinished(10).await).await, "408", "{uploads:?}");
    }
}

#[tokio::test]
async fn who_sends_much_that_is_refused_is_told_why() {
    let input = Input::start(patient()).await;
    // Above what the system keeps of it when nobody reads.
    let long = MAX_BODY_BYTES + MAX_BODY_BYTES / 2;
    for (headers, told) in [
        ("host: localhost\r\ncontent-type: text/plain\r\n", "415"),
        ("host: evil.example\r\ncontent-type: application/json\r\n", "421"),
        ("host: localhost\r\ncontent-type: application/json\r\n", "413"),
    ] {
        assert_eq!(input.post_whole(headers, long).await, told, "{headers}");
    }
}

fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes()).expect("bytes");
    encoder.finish().expect("gzip")
}

#[tokio::test]
async fn a_body_in_gzip_is_inflated_up_to_the_limit_of_bodies() {
    let input = Input::start(patient()).await;
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let second = EVENT.replace("W1", "W2");
    assert_eq!(input.post(gzip(&format!("{EVENT}\n{second}\n")), &headers).await, 200);
    assert_eq!(input.spool.counts().await.expect("counts").accepted, 2);
    // A few kilobytes that inflate to more than a body may have.
    let bomb = gzip(&" ".repeat(MAX_BODY_BYTES + 1));
    assert!(bomb.len() < MAX_BODY_BYTES / 100);
    assert_eq!(input.post(bomb, &headers).await, 413);
    assert_eq!(input.post(gzip(EVENT).repeat(17), &headers).await, 400, "more members than a body may have");
    assert_eq!(input.post(gzip(EVENT)[..40].to_vec(), &headers).await, 400, "half of a body");
    assert_eq!(input.post(EVENT, &headers).await, 400, "no gzip");
    assert_eq!(input.post(EVENT, &[headers[0], ("content-encoding", "br")]).await, 415);
    assert_eq!(input.spool.counts().await.expect("counts").accepted, 2);
}

#[tokio::test]
async fn connections_that_ask_nothing_make_room() {
    let connections = ConnectionLimits {
        max_connections: 1,
        // Long enough that a busy machine sends a whole request in it.
        first_request_timeout: Duration::from_secs(2),
        ..patient().connections
    };
    let input = Input::start(Options { connections, ..patient() }).await;
    let mut silent = TcpStream::connect(input.address).await.expect("a connection");
    assert_eq!(input.post_json(EVENT).await, 200);
    assert_eq!(soon("the end", silent.read(&mut [0])).await.expect("an orderly end"), 0);
}

#[tokio::test]
async fn what_a_page_of_another_site_can_send_is_refused_and_not_kept() {
    let input = Input::start(patient()).await;
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        assert_eq!(input.post(EVENT, &[("content-type", content_type)]).await, 415, "{content_type}");
    }
    assert_eq!(input.post(EVENT, &[]).await, 415);
    let json = ("content-type", "application/json");
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(input.post(EVENT, &[json, ("origin", origin)]).await, 403, "{origin}");
    }
    for host in ["evil.example", "evil.example:8471"] {
        let own = format!("http://{host}");
        assert_eq!(input.post(EVENT, &[json, ("host", host)]).await, 421, "{host}");
        assert_eq!(input.post(EVENT, &[json, ("host", host), ("origin", &own)]).await, 421, "{host}");
    }
    assert_eq!(input.spool.counts().await.expect("counts").accepted, 0);
    for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/x-ndjson"] {
        assert_eq!(input.post(EVENT, &[("content-type", content_type)]).await, 200, "{content_type}");
    }
    let own = format!("http://{}", input.address);
    assert_eq!(input.post(EVENT, &[json, ("origin", &own)]).await, 200);
    assert_eq!(input.spool.counts().await.expect("counts").accepted, 4);
}
