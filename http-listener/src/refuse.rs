//! How connections of an address that has too many are refused.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::caller::TooMany;

/// When to come back, in seconds: connections that ask nothing have ended by then.
const RETRY_AFTER_SECONDS: u16 = 10;
/// So many refusals are on their way at once, each of them a file; further connections end without one.
const MAX_REFUSALS: usize = 32;
/// How long a refusal may take: who is near reads it, and who does not read it at all must not keep the file.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// What is read of a refused request, in bytes: a system that is sent more than is read takes back what was answered.
const READ_BYTES: usize = 4 * 1024;
/// How often it is logged that connections are refused.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Refuses connections, and says so now and then in the log.
pub(crate) struct Refusals {
    under_way: Arc<Semaphore>,
    logged_at: Mutex<Option<Instant>>,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self { under_way: Arc::new(Semaphore::new(MAX_REFUSALS)), logged_at: Mutex::new(None) }
    }

    /// Logs it, and leaves to answer a connection if there are not too many to answer.
    pub(crate) fn begin(&self, too_many: &TooMany) -> Option<OwnedSemaphorePermit> {
        self.log(too_many);
        self.under_way.clone().try_acquire_owned().ok()
    }

    /// The answer to a request that a proxy forwarded for an address with too many.
    pub(crate) fn respond(&self, too_many: &TooMany) -> Response {
        self.log(too_many);
        let mut response = Response::new(Body::from(sentence(too_many.max)));
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        response
    }

    fn log(&self, TooMany { peer, max }: &TooMany) {
        let now = Instant::now();
        let mut logged_at = self.logged_at.lock().unwrap_or_else(PoisonError::into_inner);
        if logged_at.is_none_or(|logged_at| now.duration_since(logged_at) >= LOG_INTERVAL) {
            *logged_at = Some(now);
            tracing::warn!(
                "{} has {max} connections, as many as one address may have; further ones are refused",
                peer.address
            );
        }
    }
}

/// Answers a connection that is not served.
pub(crate) async fn answer(mut stream: TcpStream, max: usize, _permit: OwnedSemaphorePermit) {
    let said = sentence(max);
    let response = format!(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         retry-after: {RETRY_AFTER_SECONDS}\r\nconnection: close\r\n\r\n{said}",
        said.len()
    );
    let answering = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await?;
        stream.take(READ_BYTES as u64).read_to_end(&mut Vec::new()).await
    };
    if let Ok(Err(error)) = tokio::time::timeout(REFUSAL_TIMEOUT, answering).await {
        tracing::debug!(%error, "a refused connection broke");
    }
}

fn sentence(max: usize) -> String {
    format!(
        "this address has {max} connections already, as many as one may have; close some, or try again later\n"
    )
}
