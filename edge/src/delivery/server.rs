//! An Andon server as the place where a delivery goes.
//!
//! A server that is older than `sender`, or that does not inflate request bodies, is spoken to as it understands. That is
//! said once, and tried again after every failure and every [`TRY_AGAIN_AFTER`], since it may have been upgraded.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::Instant;

use super::devices;
use super::outlet::Outlet;
use super::request::{self, Sender};
use super::verdict::{self, Verdict};
use crate::send::{AddressError, Encoding, HttpAnswer, Link};
use crate::spool::KnownEpoch;

/// After this long an older server is asked anew whether it is one.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_mins(10);
/// Shorter bodies fit a packet or two as they are.
const LEAST_COMPRESSED_BYTES: usize = 1024;

/// A factory on a server.
#[derive(Debug)]
pub struct Server {
    link: Link,
    factory_id: String,
    senders: Habit,
    compression: Habit,
    clock_offset_ms: Option<i64>,
}

/// Whether the server understands something, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    Unknown,
    Understood,
    NotSince(Instant),
}

impl Habit {
    /// Whether to do it.
    fn is_worth_trying(self) -> bool {
        match self {
            Self::Unknown | Self::Understood => true,
            Self::NotSince(since) => since.elapsed() >= TRY_AGAIN_AFTER,
        }
    }

    /// Notes that it was not understood; whether that is news.
    fn give_up(&mut self) -> bool {
        !matches!(std::mem::replace(self, Self::NotSince(Instant::now())), Self::NotSince(_))
    }
}

impl Server {
    /// The factory `factory_id` at the server with this URL. No connection is made yet.
    pub fn new(url: &str, factory_id: &str) -> Result<Self, AddressError> {
        Ok(Self {
            link: Link::new(url)?,
            factory_id: factory_id.to_owned(),
            senders: Habit::Unknown,
            compression: Habit::Unknown,
            clock_offset_ms: None,
        })
    }

    /// Sends a request, compressed if the server understands that.
    async fn post(
        &mut self,
        body: String,
        is_answered: impl Fn(&HttpAnswer) -> bool,
    ) -> Result<HttpAnswer, Verdict> {
        let is_long = body.len() >= LEAST_COMPRESSED_BYTES;
        if is_long && self.compression.is_worth_trying() {
            let answer = self.exchange(gzip(&body), Encoding::Gzip).await?;
            if is_answered(&answer) {
                self.compression = Habit::Understood;
            }
            let is_in_doubt = self.compression != Habit::Understood && matches!(answer.status, 400 | 415);
            if !is_in_doubt {
                return Ok(answer);
            }
            let plain = self.exchange(body.into_bytes(), Encoding::Identity).await?;
            if is_answered(&plain) && self.compression.give_up() {
                tracing::warn!("the server does not inflate what it is sent; sending without compression");
            }
            return Ok(plain);
        }
        self.exchange(body.into_bytes(), Encoding::Identity).await
    }

    async fn exchange(&mut self, body: Vec<u8>, encoding: Encoding) -> Result<HttpAnswer, Verdict> {
        let asked_at = SystemTime::now();
        match self.link.post(body, encoding).await {
            Ok(answer) => {
                self.clock_offset_ms = offset_ms(&answer, asked_at).or(self.clock_offset_ms);
                Ok(answer)
            }
            Err(reason) => {
                self.forget_habits();
                Err(Verdict::Later { reason, retry_after: None })
            }
        }
    }

    /// A server that failed may come back as another version.
    fn forget_habits(&mut self) {
        if let Habit::Understood = self.senders {
            self.senders = Habit::Unknown;
        }
        if let Habit::Understood = self.compression {
            self.compression = Habit::Unknown;
        }
    }

    async fn ingest(&mut self, events: &[String], sender: Option<&Sender>) -> Result<HttpAnswer, Verdict> {
        let body = request::ingest(&self.factory_id, sender, events.iter().map(String::as_str));
        let body = body.map_err(|error| Verdict::Refused { reason: error.to_string() })?;
        let count = events.len();
        self.post(body, |answer| matches!(read(answer, count), Verdict::Answered(_))).await
    }

    async fn attempt(&mut self, events: &[String], sender: &Sender) -> Result<Verdict, Verdict> {
        if self.senders.is_worth_trying() {
            let answer = self.ingest(events, Some(sender)).await?;
            if !verdict::is_of_older_server(&answer.body) {
                let verdict = read(&answer, events.len());
                if matches!(verdict, Verdict::Answered(_)) {
                    self.senders = Habit::Understood;
                }
                return Ok(verdict);
            }
            if self.senders.give_up() {
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

impl Outlet for Server {
    async fn send(&mut self, events: &[String], sender: &Sender) -> Verdict {
        let verdict = self.attempt(events, sender).await.unwrap_or_else(|verdict| verdict);
        if matches!(verdict, Verdict::Later { .. }) {
            self.forget_habits();
        }
        verdict
    }

    async fn known(&mut self, device_id: &str) -> Result<Vec<KnownEpoch>, Verdict> {
        if !self.senders.is_worth_trying() {
            return Ok(Vec::new());
        }
        let body = devices::question(&self.factory_id, device_id);
        let answer = self.post(body, |answer| answer.status == 200).await?;
        devices::read(&answer.body, device_id).ok_or_else(|| match read(&answer, 0) {
            Verdict::Refused { reason } | Verdict::TooLarge { reason } => {
                Verdict::Later { reason, retry_after: answer.retry_after }
            }
            Verdict::Answered(_) => Verdict::Later {
                reason: "the server answered another question".to_owned(),
                retry_after: None,
            },
            verdict => verdict,
        })
    }

    fn reads_sender(&self) -> bool {
        self.senders.is_worth_trying()
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        self.clock_offset_ms
    }
}

fn read(answer: &HttpAnswer, events: usize) -> Verdict {
    verdict::read(answer.status, answer.retry_after, &answer.body, events)
}

/// By how much the server's clock is ahead, with the answer's second taken at its middle and the way back as long as the
/// way there.
fn offset_ms(answer: &HttpAnswer, asked_at: SystemTime) -> Option<i64> {
    const HALF_A_SECOND_MS: i64 = 500;
    let way = SystemTime::now().duration_since(asked_at).ok()?;
    let ours = unix_ms(asked_at.checked_add(way / 2)?)?;
    Some(unix_ms(answer.date?)? + HALF_A_SECOND_MS - ours)
}

fn unix_ms(instant: SystemTime) -> Option<i64> {
    i64::try_from(instant.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
}

fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let written = encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
