//! What stands between an agent and a server: it passes requests on, or answers in a way of its own, or keeps the answer.

use std::{
    io::Read as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
use tokio::{net::TcpListener, task::JoinSet};

/// The longest body that it takes: more than any agent sends.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// How long a slow server takes for a request.
const SLOWNESS: Duration = Duration::from_millis(40);

/// A request as the gateway sees it.
pub(crate) struct Request {
    /// How many came before.
    pub(crate) number: usize,
    /// Its body, inflated.
    pub(crate) body: String,
    pub(crate) is_compressed: bool,
}

/// What becomes of a request.
pub(crate) enum Fate {
    /// It is passed on, and so is its answer.
    Pass,
    /// It is passed on to a server that takes its time.
    PassSlowly,
    /// It is passed on, and its answer is lost.
    LoseAnswer,
    /// It is passed on, and the answer's clock is ahead by so many seconds.
    Date(i64),
    /// It is answered by the gateway: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
}

impl Request {
    /// How many events it brings.
    pub(crate) fn events(&self) -> usize {
        self.body.matches("\"timestamp\"").count()
    }

    /// Whether it brings events or a sign of life, and is no question.
    pub(crate) fn is_delivery(&self) -> bool {
        self.body.contains("ingestEvents")
    }
}

/// The answer of a gateway in words alone.
pub(crate) fn says(status: u16, body: &str) -> Fate {
    Fate::Answer(status, Vec::new(), body.to_owned())
}

/// An error of GraphQL.
pub(crate) fn complains(status: u16, message: &str, code: &str) -> Fate {
    let error = serde_json::json!({ "message": message, "extensions": { "code": code } });
    says(status, &serde_json::json!({ "data": null, "errors": [error] }).to_string())
}

type Decide = Box<dyn Fn(&Request) -> Fate + Send + Sync>;

struct Way {
    server: String,
    decide: Decide,
    requests: AtomicUsize,
    requests_under_way: AtomicUsize,
    most_requests_at_once: AtomicUsize,
    client: reqwest::Client,
}

/// A gateway that is there until it is dropped.
pub(crate) struct Gateway {
    pub(crate) url: String,
    way: Arc<Way>,
    _serving: JoinSet<()>,
}

impl Gateway {
    /// A gateway before the server of a URL.
    pub(crate) async fn before(
        server: &str,
        decide: impl Fn(&Request) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let way = Arc::new(Way {
            server: server.to_owned(),
            decide: Box::new(decide),
            requests: AtomicUsize::new(0),
            requests_under_way: AtomicUsize::new(0),
            most_requests_at_once: AtomicUsize::new(0),
            client,
        });
        let router = Router::new()
            .fallback(pass)
            .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&way));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.expect("no end") });
        Self { url, way, _serving: serving }
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.way.requests.load(Ordering::SeqCst)
    }

    /// How many requests were under way at the same time, at most.
    pub(crate) fn most_requests_at_once(&self) -> usize {
        self.way.most_requests_at_once.load(Ordering::SeqCst)
    }
}

async fn pass(State(way): State<Arc<Way>>, headers: HeaderMap, body: Bytes) -> Response {
    let under_way = way.requests_under_way.fetch_add(1, Ordering::SeqCst) + 1;
    way.most_requests_at_once.fetch_max(under_way, Ordering::SeqCst);
    let response = answer(&way, headers, body).await;
    way.requests_under_way.fetch_sub(1, Ordering::SeqCst);
    response
}

async fn answer(way: &Way, headers: HeaderMap, body: Bytes) -> Response {
    let is_compressed = headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
    let mut text = String::new();
    let read = if is_compressed {
        GzDecoder::new(&body[..]).read_to_string(&mut text)
    } else {
        (&body[..]).read_to_string(&mut text)
    };
    read.expect("a text");
    let request = Request { number: way.requests.fetch_add(1, Ordering::SeqCst), body: text, is_compressed };
    let fate = (way.decide)(&request);
    if let Fate::Answer(status, headers, body) = fate {
        let mut response = (StatusCode::from_u16(status).expect("a status"), body).into_response();
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).expect("a value");
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        return response;
    }
    if matches!(fate, Fate::PassSlowly) {
        tokio::time::sleep(SLOWNESS).await;
    }
    let mut onward = way.client.post(format!("{}/graphql", way.server)).body(body);
    for name in ["content-type", "content-encoding", "accept"] {
        if let Some(value) = headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let Ok(answer) = onward.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, body) = (answer.status(), answer.bytes().await.unwrap_or_default());
    match fate {
        Fate::LoseAnswer => Response::new(axum::body::Body::from_stream(broken())),
        Fate::Date(ahead_seconds) => {
            let date = chrono::Utc::now() + chrono::TimeDelta::seconds(ahead_seconds);
            let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            (status, [("date", date)], body).into_response()
        }
        _ => (status, body).into_response(),
    }
}

/// A body that breaks off before its first byte.
fn broken() -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())])
}
