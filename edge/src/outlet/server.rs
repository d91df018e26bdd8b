//! An Andon server as the outlet of batches.
//!
//! A server that is older than `sender`, or that does not inflate request bodies, is sent what it supports. That is logged
//! once, and tried again after every failure and every [`TRY_AGAIN_AFTER`], since it may have been upgraded.

use std::fmt;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::Instant;

use super::address::AddressError;
use super::http::{Content, Endpoint, HttpAnswer};
use super::request::{self, Sender};
use super::response::{self, Response};
use super::token::Token;
use super::{Outlet, devices};
use crate::clock::unix_ms;
use crate::spool::KnownEpoch;

/// After this long an older server is asked anew whether it is one.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_mins(10);
/// Shorter bodies fit a packet or two as they are.
const LEAST_COMPRESSED_BYTES: usize = 1024;

/// The names by which a server that is older than `sender` refuses it.
const SENDER_NAMES: [&str; 2] = ["\"sender\"", "\"senderinput\""];

/// A factory on a server.
#[derive(Clone, Debug)]
pub struct Server {
    url: String,
    endpoint: Endpoint,
    factory_id: String,
    senders: Support,
    compression: Support,
    clock_offset_ms: Option<i64>,
}

/// Whether the server supports something, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    Unknown,
    Supported,
    UnsupportedSince(Instant),
    /// It is not to be used.
    Unused,
}

impl Support {
    fn is_worth_trying(self) -> bool {
        match self {
            Self::Unknown | Self::Supported => true,
            Self::UnsupportedSince(since) => since.elapsed() >= TRY_AGAIN_AFTER,
            Self::Unused => false,
        }
    }

    /// Notes that it is not supported; whether that is news.
    fn set_unsupported(&mut self) -> bool {
        !matches!(std::mem::replace(self, Self::UnsupportedSince(Instant::now())), Self::UnsupportedSince(_))
    }

    /// A server that failed may come back as another version.
    fn set_uncertain(&mut self) {
        if *self == Self::Supported {
            *self = Self::Unknown;
        }
    }
}

impl Server {
    /// The factory `factory_id` at the server with this URL. No connection is made yet.
    pub fn new(url: &str, factory_id: &str) -> Result<Self, AddressError> {
        Ok(Self {
            url: url.to_owned(),
            endpoint: Endpoint::graphql(url)?,
            factory_id: factory_id.to_owned(),
            senders: Support::Unknown,
            compression: Support::Unknown,
            clock_offset_ms: None,
        })
    }

    /// The same server, to which a token is sent with every request.
    #[must_use]
    pub fn with_token(self, token: Option<Token>) -> Self {
        Self { endpoint: self.endpoint.with_token(token), ..self }
    }

    /// The same server, to which every request is sent as plain text.
    #[must_use]
    pub fn without_compression(self) -> Self {
        Self { compression: Support::Unused, ..self }
    }

    /// Sends a request, compressed if the server supports that.
    async fn post(
        &mut self,
        body: String,
        is_answered: impl Fn(&HttpAnswer) -> bool,
    ) -> Result<HttpAnswer, Response> {
        let is_long = body.len() >= LEAST_COMPRESSED_BYTES;
        if is_long && self.compression.is_worth_trying() {
            let answer = self.exchange(gzip(&body), Content::GraphqlGzip).await?;
            if is_answered(&answer) {
                self.compression = Support::Supported;
            }
            let is_in_doubt = self.compression != Support::Supported && matches!(answer.status, 400 | 415);
            if !is_in_doubt {
                return Ok(answer);
            }
            let plain = self.exchange(body.into_bytes(), Content::Graphql).await?;
            if is_answered(&plain) && self.compression.set_unsupported() {
                tracing::warn!("the server does not inflate what it is sent; sending without compression");
            }
            return Ok(plain);
        }
        self.exchange(body.into_bytes(), Content::Graphql).await
    }

    async fn exchange(&mut self, body: Vec<u8>, content: Content) -> Result<HttpAnswer, Response> {
        let asked_at = SystemTime::now();
        match self.endpoint.post(body, content).await {
            Ok(answer) => {
                self.clock_offset_ms = offset_ms(&answer, asked_at).or(self.clock_offset_ms);
                Ok(answer)
            }
            Err(reason) => {
                self.set_uncertain();
                Err(Response::Busy { reason, retry_after: None })
            }
        }
    }

    fn set_uncertain(&mut self) {
        self.senders.set_uncertain();
        self.compression.set_uncertain();
    }

    async fn ingest(&mut self, events: &[String], sender: Option<&Sender>) -> Result<HttpAnswer, Response> {
        let body = request::ingest(&self.factory_id, sender, events.iter().map(String::as_str));
        let body = body.map_err(|error| Response::Refused { reason: error.to_string() })?;
        let count = events.len();
        self.post(body, |answer| matches!(read(answer, count), Response::Stored(_))).await
    }

    async fn attempt(&mut self, events: &[String], sender: Option<&Sender>) -> Result<Response, Response> {
        if sender.is_some() && self.senders.is_worth_trying() {
            let answer = self.ingest(events, sender).await?;
            if !response::is_unknown_name(&answer.body, &SENDER_NAMES) {
                let response = read(&answer, events.len());
                if matches!(response, Response::Stored(_)) {
                    self.senders = Support::Supported;
                }
                return Ok(response);
            }
            if self.senders.set_unsupported() {
                tracing::warn!(
                    "the server is older than this agent and cannot keep the proof that nothing is missing; \
                     events are delivered all the same"
                );
            }
        }
        let answer = self.ingest(events, None).await?;
        Ok(read(&answer, events.len()))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

impl Outlet for Server {
    async fn send(&mut self, events: &[String], sender: Option<&Sender>) -> Response {
        let response = self.attempt(events, sender).await.unwrap_or_else(|response| response);
        if matches!(response, Response::Busy { .. } | Response::Unexpected { .. }) {
            self.set_uncertain();
        }
        response
    }

    async fn known_epochs(&mut self, device_id: &str) -> Result<Vec<KnownEpoch>, Response> {
        if !self.senders.is_worth_trying() {
            return Ok(Vec::new());
        }
        let body = devices::query(&self.factory_id, device_id);
        let answer = self.post(body, |answer| answer.status == 200).await?;
        devices::read(&answer.body, device_id).ok_or_else(|| match read(&answer, 0) {
            Response::Refused { reason } | Response::TooLarge { reason } => {
                Response::Unexpected { reason, retry_after: answer.retry_after }
            }
            Response::Stored(_) => Response::Unexpected {
                reason: "the server answered another question".to_owned(),
                retry_after: None,
            },
            response => response,
        })
    }

    fn reads_sender(&self) -> bool {
        self.senders.is_worth_trying()
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        self.clock_offset_ms
    }
}

fn read(answer: &HttpAnswer, events: usize) -> Response {
    response::read(answer.status, answer.retry_after, &answer.body, events)
}

/// By how much the server's clock is ahead, with the answer's second taken at its middle and the way back as long as the
/// way there.
fn offset_ms(answer: &HttpAnswer, asked_at: SystemTime) -> Option<i64> {
    const HALF_A_SECOND_MS: i64 = 500;
    let round_trip = SystemTime::now().duration_since(asked_at).ok()?;
    let ours = asked_at.checked_add(round_trip / 2)?;
    Some(unix_ms(answer.date?) + HALF_A_SECOND_MS - unix_ms(ours))
}

fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let written = encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
