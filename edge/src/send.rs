//! Brings one batch to the server, trying again while that makes sense.
//!
//! - A request that has no answer after 60 s, and a connection that is not made after 10 s, count as failed.
//! - An answer is read up to 16 MiB, more than one issue for each of 10 000 events needs.
//! - A batch that has failed for as long as `retry_for` is given up.
//! - Redirects are not followed: they would turn the POST into a GET.

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::{Body, Client, Response, Url, redirect};
use tokio::time::Instant;

use crate::answer::{self, Answer, Receipt};
use crate::backoff;
use crate::batch::Batch;

/// After this long without an answer a request has failed; the server answers or refuses far earlier.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// After this long without a connection a host is taken to be unreachable.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer that are read.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// How long one batch is tried when nothing else is asked for: long enough for a restart or an upgrade of the server.
pub const DEFAULT_RETRY_FOR: Duration = Duration::from_mins(10);

const MEDIA_TYPES: &str = "application/graphql-response+json, application/json;q=0.9";

/// The way to a server: where GraphQL is spoken, and the connections to it.
#[derive(Clone, Debug)]
pub struct Link {
    client: Client,
    endpoint: Url,
}

/// What a server answered, before anybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Its clock, to the second.
    pub date: Option<SystemTime>,
    /// What it said.
    pub body: Vec<u8>,
}

/// How the body of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// Compressed.
    Gzip,
}

/// A factory on a server: where batches go.
#[derive(Clone, Debug)]
pub struct Destination {
    link: Link,
    factory_id: String,
    retry_for: Duration,
}

/// Why an address cannot be sent to.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("{0} is not a URL such as http://127.0.0.1:8000: {1}")]
    NotAUrl(String, String),
    /// Its scheme is neither `http` nor `https`.
    #[error("a server's URL begins with http:// or https://, not {0}:")]
    Scheme(String),
    /// This machine cannot make connections of that kind, for https for want of root certificates.
    #[error("cannot make connections to {0}: {1}")]
    Client(Url, #[source] reqwest::Error),
}

/// Why a batch was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server refused it for good.
    #[error("the server refused it: {0}")]
    Refused(String),
    /// It failed again and again.
    #[error("gave up after {tried_seconds} s and {attempts} attempts; the last one failed because {reason}")]
    GaveUp {
        /// How long it was tried, in seconds.
        tried_seconds: u64,
        /// How often it was sent.
        attempts: u32,
        /// The last failure.
        reason: String,
    },
}

impl Link {
    /// The way to the server with this URL. No connection is made yet.
    pub fn new(url: &str) -> Result<Self, AddressError> {
        let endpoint = endpoint(url)?;
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("andon-edge/", env!("CARGO_PKG_VERSION")));
        // Plain http must also work on a machine without any root certificate, where loading them is an error.
        let builder = if endpoint.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(|error| AddressError::Client(endpoint.clone(), error))?;
        Ok(Self { client, endpoint })
    }

    /// Sends one GraphQL request. The error is why there was no answer, in words.
    pub async fn post(&self, body: impl Into<Body>, encoding: Encoding) -> Result<HttpAnswer, String> {
        self.attempt(body.into(), encoding).await.map_err(|error| in_words(&error.without_url()))
    }

    async fn attempt(&self, body: Body, encoding: Encoding) -> Result<HttpAnswer, reqwest::Error> {
        let request = self
            .client
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, MEDIA_TYPES)
            .body(body);
        let request = match encoding {
            Encoding::Identity => request,
            Encoding::Gzip => request.header(CONTENT_ENCODING, "gzip"),
        };
        let response = request.send().await?;
        let header = |name| response.headers().get(name).and_then(|header| header.to_str().ok());
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            retry_after: header(RETRY_AFTER).and_then(|text| answer::retry_after(text, SystemTime::now())),
            date: header(DATE).and_then(|text| httpdate::parse_http_date(text).ok()),
            body: read_body(response).await?,
        })
    }
}

impl Destination {
    /// The factory `factory_id` at the server with this URL, each batch to be tried for `retry_for`.
    pub fn new(url: &str, factory_id: &str, retry_for: Duration) -> Result<Self, AddressError> {
        Ok(Self { link: Link::new(url)?, factory_id: factory_id.to_owned(), retry_for })
    }
}

/// Sends `batch` until the server has stored it, has refused it, or time is up.
///
/// Before each wait `on_failure` is told what failed and how long the wait is.
pub async fn send(
    destination: &Destination,
    batch: &Batch,
    on_failure: impl Fn(&str, Duration),
) -> Result<Receipt, SendError> {
    let body = batch.body(&destination.factory_id);
    let began = Instant::now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (reason, asked) = match attempt(destination, body.clone(), batch.events()).await {
            Ok(Answer::Stored(receipt)) => return Ok(receipt),
            Ok(Answer::Refused(reason)) => return Err(SendError::Refused(reason)),
            Ok(Answer::Busy { reason, retry_after }) => (reason, retry_after),
            Err(reason) => (reason, None),
        };
        let wait = backoff::wait(attempts, asked, fastrand::f64());
        let tried = began.elapsed();
        if tried.saturating_add(wait) > destination.retry_for {
            return Err(SendError::GaveUp { tried_seconds: tried.as_secs(), attempts, reason });
        }
        on_failure(&reason, wait);
        tokio::time::sleep(wait).await;
    }
}

async fn attempt(destination: &Destination, body: String, events: usize) -> Result<Answer, String> {
    let answered = destination.link.post(body, Encoding::Identity).await?;
    Ok(answer::read(answered.status, answered.retry_after, &answered.body, events))
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = MAX_ANSWER_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(body)
}

/// Where GraphQL is spoken: `/graphql` below the server's URL, unless that is what was given.
fn endpoint(url: &str) -> Result<Url, AddressError> {
    let mut endpoint =
        Url::parse(url).map_err(|error| AddressError::NotAUrl(url.to_owned(), error.to_string()))?;
    if !matches!(endpoint.scheme(), "http" | "https") {
        return Err(AddressError::Scheme(endpoint.scheme().to_owned()));
    }
    let path = endpoint.path().trim_end_matches('/');
    let path = if path.ends_with("/graphql") { path.to_owned() } else { format!("{path}/graphql") };
    endpoint.set_path(&path);
    Ok(endpoint)
}

/// An error with its causes: the outermost alone says only that sending failed.
pub(crate) fn in_words(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() { "it timed out".to_owned() } else { error.to_string() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_added_to_the_url_unless_it_is_there() {
        for (given, meant) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/graphql"),
            ("https://plant.example/andon", "https://plant.example/andon/graphql"),
            ("https://plant.example/graphql", "https://plant.example/graphql"),
            ("https://plant.example/graphql/", "https://plant.example/graphql"),
        ] {
            assert_eq!(endpoint(given).unwrap().as_str(), meant);
        }
    }

    #[test]
    fn an_address_that_is_no_web_address_is_refused_in_words() {
        let refusal = |url| endpoint(url).unwrap_err().to_string();
        assert_eq!(
            refusal("localhost:8000"),
            "a server's URL begins with http:// or https://, not localhost:"
        );
        assert!(refusal("8000").starts_with("8000 is not a URL such as http://127.0.0.1:8000: "));
        assert!(refusal("http://").starts_with("http:// is not a URL"));
    }
}
