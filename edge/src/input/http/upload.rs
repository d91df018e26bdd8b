//! Reads the bodies of requests: how long one may be, how long it may take, and how much memory all of them have.
//!
//! Memory is taken as bytes arrive, so that nobody holds more than was sent. Small bodies, and the beginnings of large ones,
//! have room of their own, which is why large bodies never keep out what a camera sends now and then.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use http_listener::{
    InflateError, MAX_GZIP_MEMBERS, Memory, MemoryFull, MemoryLimits, MemoryShare, Peer, inflate,
};
use tokio::time::Instant;

/// The longest body, in bytes once it is inflated: 10 000 events with every field at its usual length, and more.
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

/// What a body may be written in. A browser sends none of them for a page without asking first, and is then refused.
const MEDIA_TYPES: [&str; 3] = ["application/json", "application/x-ndjson", "text/csv"];

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
    #[error("the Content-Type must be application/json, application/x-ndjson or text/csv")]
    MediaType,
    #[error("of compressed bodies only gzip is read; send it so, or without Content-Encoding")]
    Coding,
    #[error("the body is not whole gzip; send what its Content-Encoding says")]
    NotGzip,
    #[error("a gzip body has at most {MAX_GZIP_MEMBERS} members; compress it as one")]
    TooManyMembers,
    #[error("a body has at most {} MiB, inflated; send fewer events at a time", MAX_BODY_BYTES / 1024 / 1024)]
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
            Self::MediaType | Self::Coding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Cut | Self::NotGzip | Self::TooManyMembers => StatusCode::BAD_REQUEST,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

impl From<MemoryFull> for UploadError {
    fn from(_: MemoryFull) -> Self {
        Self::Busy
    }
}

impl Upload {
    fn empty(share: MemoryShare) -> Self {
        Self { bytes: Vec::new(), share }
    }

    fn extend(&mut self, data: &[u8]) -> Result<(), UploadError> {
        if self.bytes.len() + data.len() > MAX_BODY_BYTES {
            return Err(UploadError::TooLong);
        }
        self.share.take(data.len())?;
        self.bytes.extend_from_slice(data);
        Ok(())
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
        let (read, coding) = match check_headers(headers) {
            Ok(coding) => (self.collect(peer, &mut incoming).await, coding),
            Err(error) => (Err(error), Coding::Identity),
        };
        match (read, coding) {
            (Ok(upload), Coding::Gzip) => self.inflate_apart(peer, upload).await,
            (Ok(upload), Coding::Identity) => Ok(upload),
            (Err(error), _) => {
                incoming.discard().await;
                Err(error)
            }
        }
    }

    /// Reads a body without keeping anything.
    pub(super) async fn discard(&self, body: Body) {
        discard(body, self.limits).await;
    }

    /// Inflates a body on a thread of its own, so that it delays no other request.
    async fn inflate_apart(&self, peer: Peer, compressed: Upload) -> Result<Upload, UploadError> {
        let uploads = self.clone();
        let inflating = tokio::task::spawn_blocking(move || uploads.inflated(peer, &compressed));
        // Only the end of the process keeps it from being done.
        inflating.await.unwrap_or(Err(UploadError::Busy))
    }

    /// A body as it was meant. Both take their share of the memory, and this one no more than a body may have.
    fn inflated(&self, peer: Peer, compressed: &Upload) -> Result<Upload, UploadError> {
        let mut upload = Upload::empty(self.memory.share(Some(peer)));
        inflate(&compressed.bytes, |piece| upload.extend(piece)).map_err(|error| match error {
            InflateError::NotGzip => UploadError::NotGzip,
            InflateError::TooManyMembers => UploadError::TooManyMembers,
            InflateError::Refused(refusal) => refusal,
        })?;
        Ok(upload)
    }

    async fn collect(&self, peer: Peer, incoming: &mut Incoming) -> Result<Upload, UploadError> {
        let mut upload = Upload::empty(self.memory.share(Some(peer)));
        while let Some(data) = incoming.next().await? {
            upload.extend(&data)?;
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

/// How a body is encoded.
#[derive(Clone, Copy)]
enum Coding {
    Identity,
    Gzip,
}

/// Refuses a body by its headers, or says how it is encoded.
fn check_headers(headers: &HeaderMap) -> Result<Coding, UploadError> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !MEDIA_TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Err(UploadError::MediaType);
    }
    match headers.get(header::CONTENT_ENCODING).map_or(&b"identity"[..], HeaderValue::as_bytes) {
        b"identity" => Ok(Coding::Identity),
        b"gzip" => Ok(Coding::Gzip),
        _ => Err(UploadError::Coding),
    }
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
