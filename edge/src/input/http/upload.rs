//! Reads the bodies of requests: how long one may be, how long it may take, and how much memory all of them have.
//!
//! Memory is taken as bytes arrive, so that nobody holds more than was sent. Small bodies, and the beginnings of large ones,
//! have room of their own, which is why large bodies never keep out what a camera sends now and then.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use http_listener::{Memory, MemoryFull, MemoryLimits, MemoryShare, Peer};
use tokio::time::Instant;

/// The longest body, in bytes: 10 000 events with every field at its usual length, and more.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// How much of a refused body is read, in bytes: who sends more than this is not told why it is refused.
const MAX_DISCARDED_BYTES: usize = 2 * MAX_BODY_BYTES;
/// The memory of all bodies.
const MEMORY: MemoryLimits = MemoryLimits {
    // Hundreds of events.
    small_share_bytes: 64 * 1024,
    // 256 small bodies at a time.
    small_bytes: 16 * 1024 * 1024,
    // Four of the longest bodies, because an agent runs on small computers.
    large_bytes: 4 * MAX_BODY_BYTES,
    // A single one leaves half to others.
    addresses_to_fill: 2,
};

/// What a body may be written in. A browser sends neither for a page without asking first, and is then refused.
const MEDIA_TYPES: [&str; 2] = ["application/json", "application/x-ndjson"];

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// To the end; whoever is slower holds memory that others need.
    pub timeout: Duration,
    /// Until more of it comes: a network that loses packets recovers sooner.
    pub pause_timeout: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), pause_timeout: Duration::from_secs(10) }
    }
}

/// The memory that bodies share, and the limits that all of them have.
#[derive(Clone)]
pub(super) struct Uploads {
    limits: UploadLimits,
    memory: Memory,
}

/// A body in memory.
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
    /// Its share of the memory: to be kept until its events are on the disk.
    pub(super) share: MemoryShare,
}

/// Why a body is not read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("the Content-Type must be application/json or application/x-ndjson")]
    MediaType,
    #[error("a body is sent as it is, without Content-Encoding: the way to the agent is short")]
    Compressed,
    #[error("a body has at most {} MiB; send fewer events at a time", MAX_BODY_BYTES / 1024 / 1024)]
    TooLong,
    #[error("too many bytes are being read at once")]
    Busy,
    #[error("the body ended before it was whole")]
    Cut,
    #[error("the body did not arrive in time: it may take {} s, and pause for {} s", .0.timeout.as_secs(), .0.pause_timeout.as_secs())]
    TooSlow(UploadLimits),
}

impl UploadError {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::MediaType | Self::Compressed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Cut => StatusCode::BAD_REQUEST,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

impl From<MemoryFull> for UploadError {
    fn from(_: MemoryFull) -> Self {
        Self::Busy
    }
}

impl Uploads {
    pub(super) fn new(limits: UploadLimits) -> Self {
        Self { limits, memory: Memory::new(&MEMORY) }
    }

    /// Reads a body to its end, also when it is refused; it is kept in memory only when it is not.
    pub(super) async fn read(
        &self,
        peer: Peer,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Upload, UploadError> {
        let mut incoming = Incoming::new(body, self.limits);
        let read = match check_headers(headers) {
            Ok(()) => self.collect(peer, &mut incoming).await,
            Err(error) => Err(error),
        };
        if read.is_err() {
            incoming.discard().await;
        }
        read
    }

    async fn collect(&self, peer: Peer, incoming: &mut Incoming) -> Result<Upload, UploadError> {
        let mut upload = Upload { bytes: Vec::new(), share: self.memory.share(Some(peer)) };
        while let Some(data) = incoming.next().await? {
            if upload.bytes.len() + data.len() > MAX_BODY_BYTES {
                return Err(UploadError::TooLong);
            }
            upload.share.take(data.len())?;
            upload.bytes.extend_from_slice(&data);
        }
        Ok(upload)
    }
}

/// A body that arrives.
struct Incoming {
    body: Body,
    limits: UploadLimits,
    deadline: Instant,
    has_ended: bool,
}

/// Reads a body without keeping anything: a client that is not listened to sees its connection break instead of why it is
/// refused.
pub(super) async fn discard(body: Body, limits: UploadLimits) {
    Incoming::new(body, limits).discard().await;
}

impl Incoming {
    fn new(body: Body, limits: UploadLimits) -> Self {
        Self { body, limits, deadline: Instant::now() + limits.timeout, has_ended: false }
    }

    /// The next piece; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        let until = self.deadline.min(Instant::now() + self.limits.pause_timeout);
        let next = tokio::time::timeout_at(until, self.body.frame()).await;
        let next = match next {
            Ok(Some(Ok(frame))) => Ok(Some(frame)),
            Ok(Some(Err(_))) => Err(UploadError::Cut),
            Ok(None) => Ok(None),
            Err(_) => Err(UploadError::TooSlow(self.limits)),
        };
        self.has_ended = !matches!(next, Ok(Some(_)));
        // What comes behind a body, its trailers, says nothing here.
        next.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default()))
    }

    /// Reads what is left without keeping anything.
    async fn discard(&mut self) {
        let mut bytes = 0;
        while !self.has_ended && bytes <= MAX_DISCARDED_BYTES {
            // However it ends, it has ended.
            bytes += self.next().await.ok().flatten().map_or(0, |data| data.len());
        }
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), UploadError> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !MEDIA_TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Err(UploadError::MediaType);
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(UploadError::Compressed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "127.0.0.1";

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), is_exempt: address == LOCAL }
    }

    /// Reads a body of so many bytes.
    async fn read(uploads: &Uploads, address: &str, bytes: usize) -> Result<Upload, UploadError> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        uploads.read(peer(address), &headers, Body::from(vec![b' '; bytes])).await
    }

    #[tokio::test]
    async fn long_bodies_share_a_bounded_memory_and_short_ones_have_their_own() {
        let uploads = Uploads::new(UploadLimits::default());
        let mut held = Vec::new();
        for _ in 0..MEMORY.large_bytes / MAX_BODY_BYTES {
            held.push(read(&uploads, LOCAL, MAX_BODY_BYTES).await.unwrap());
        }
        assert!(matches!(read(&uploads, LOCAL, MAX_BODY_BYTES).await, Err(UploadError::Busy)));
        held.push(read(&uploads, LOCAL, MEMORY.small_share_bytes).await.unwrap());
        drop(held);
        assert!(read(&uploads, LOCAL, MAX_BODY_BYTES).await.is_ok());
        assert!(matches!(read(&uploads, LOCAL, MAX_BODY_BYTES + 1).await, Err(UploadError::TooLong)));
    }

    #[tokio::test]
    async fn one_address_leaves_half_of_the_memory_to_others() {
        let uploads = Uploads::new(UploadLimits::default());
        let mut held = Vec::new();
        for _ in 0..MEMORY.large_bytes / MAX_BODY_BYTES / MEMORY.addresses_to_fill {
            held.push(read(&uploads, "192.0.2.1", MAX_BODY_BYTES).await.unwrap());
        }
        assert!(matches!(read(&uploads, "192.0.2.1", MAX_BODY_BYTES).await, Err(UploadError::Busy)));
        held.push(read(&uploads, "192.0.2.2", MAX_BODY_BYTES).await.unwrap());
        for _ in 0..MEMORY.small_bytes / MEMORY.small_share_bytes / MEMORY.addresses_to_fill {
            held.push(read(&uploads, "192.0.2.1", MEMORY.small_share_bytes).await.unwrap());
        }
        let one_more = read(&uploads, "192.0.2.1", MEMORY.small_share_bytes).await;
        assert!(matches!(one_more, Err(UploadError::Busy)));
        assert!(read(&uploads, "192.0.2.2", MEMORY.small_share_bytes).await.is_ok());
    }
}
