//! A socket that reads one HTTP request a connection and treats it as a script says.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

/// What happens to one request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// An HTTP answer: status, further header lines, body.
    Http(u16, &'static str, String),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection is closed in the middle of the answer.
    BreakOff,
    /// An HTTP answer that waits until so many requests are here.
    Together(Arc<Barrier>, Box<Self>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// How many events it brings.
    pub(crate) fn events(&self) -> usize {
        let body: Value = serde_json::from_str(&self.body).expect("the body is JSON");
        body["variables"]["events"].as_array().expect("the body has events").len()
    }
}

/// The address of a running script and what has reached it.
pub(crate) struct FaultyServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl FaultyServer {
    /// Starts on a free port; `script` says what happens to the request with this number, counted from 0.
    pub(crate) async fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound port"));
        let (requests, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(script));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                tokio::spawn(async move { serve(stream, script.as_ref(), &kept).await });
            }
        });
        Self { url, requests }
    }

    /// Everything that reached it so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panics while it holds the requests").clone()
    }
}

/// The answer of a server that stored every event of the request.
pub(crate) fn all_accepted(request: &Request) -> Reply {
    receipt(request.events(), 0, 0, 0, "")
}

/// The answer of a server that counted like this.
pub(crate) fn receipt(
    accepted: usize,
    duplicates: usize,
    conflicts: usize,
    rejected: usize,
    issues: &str,
) -> Reply {
    let body = format!(
        r#"{{"data":{{"ingestEvents":{{"accepted":{accepted},"duplicates":{duplicates},"conflicts":{conflicts},"rejected":{rejected},"issues":[{issues}]}}}}}}"#
    );
    Reply::Http(200, "", body)
}

/// The answer of a server that refused with this code; `more` continues the error's extensions.
pub(crate) fn refusal(message: &str, code: &str, more: &str) -> Reply {
    let body = format!(
        r#"{{"data":null,"errors":[{{"message":"{message}","extensions":{{"code":"{code}"{more}}}}}]}}"#
    );
    Reply::Http(200, "", body)
}

async fn serve(
    stream: TcpStream,
    script: &(impl Fn(usize, &Request) -> Reply + ?Sized),
    kept: &Mutex<Vec<Request>>,
) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read_request(&mut stream).await else { return };
    let reply = {
        let mut kept = kept.lock().expect("no test panics while it holds the requests");
        kept.push(request.clone());
        script(kept.len() - 1, &request)
    };
    let reply = match reply {
        Reply::Together(barrier, reply) => {
            barrier.wait().await;
            *reply
        }
        at_once => at_once,
    };
    let answer = match reply {
        Reply::Http(status, headers, body) => http(status, headers, body.len(), &body),
        Reply::BreakOff => http(200, "", 1_000, r#"{"data":{"ingest"#),
        Reply::HangUp | Reply::Together(..) => return,
    };
    // The other side may be gone, as in any network.
    stream.write_all(answer.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

fn http(status: u16, headers: &str, length: usize, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Scripted\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { head, body: String::from_utf8(body).ok()? })
}
