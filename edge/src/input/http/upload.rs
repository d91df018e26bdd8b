//! Reads the bodies of requests: how long one may be, how long it may take, and how much memory all of them have.
//!
//! Memory is taken as bytes arrive, so that nobody holds more than was sent. The first [`SMALL_BODY_BYTES`] of every body
//! come from memory of their own, which is why large bodies never keep out what a camera sends now and then.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use http_listener::{InflateError, MAX_GZIP_MEMBERS, Peer, PeerQuota, PeerShare, inflate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The longest body, in bytes once it is inflated: 10 000 events with every field at its usual length, and more.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// How much of a refused body is read, in bytes: who sends more than this is not told why it is refused.
const MAX_DISCARDED_BYTES: usize = 2 * MAX_BODY_BYTES;
/// How much of each body comes from the memory for small ones, in bytes: hundreds of events.
const SMALL_BODY_BYTES: usize = 64 * 1024;
/// The memory for small bodies and the beginnings of large ones, in bytes.
const SMALL_BODIES_BYTES: usize = 16 * 1024 * 1024;
/// The memory for what is longer, in bytes: four of the longest bodies, because an agent runs on small computers.
const LARGE_BODIES_BYTES: usize = 40 * 1024 * 1024;
/// So many addresses can hold all of one memory: a single one leaves half to others.
const ADDRESSES_TO_FILL: usize = 2;

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
    small: Memory,
    large: Memory,
}

/// A body in memory.
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
    /// Its share of the memory: to be kept until its events are on the disk.
    pub(super) share: UploadShare,
}

/// What a body holds of the memory until it is dropped.
#[derive(Default)]
pub(super) struct UploadShare {
    small: Option<Share>,
    large: Option<Share>,
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

impl Uploads {
    pub(super) fn new(limits: UploadLimits) -> Self {
        Self { limits, small: Memory::new(SMALL_BODIES_BYTES), large: Memory::new(LARGE_BODIES_BYTES) }
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

    /// Inflates a body on a thread of its own, so that it delays no other request.
    async fn inflate_apart(&self, peer: Peer, compressed: Upload) -> Result<Upload, UploadError> {
        let uploads = self.clone();
        let inflating = tokio::task::spawn_blocking(move || uploads.inflated(peer, &compressed));
        // Only the end of the process keeps it from being done.
        inflating.await.unwrap_or(Err(UploadError::Busy))
    }

    /// A body as it was meant. Both take their share of the memory, and this one no more than a body may have.
    fn inflated(&self, peer: Peer, compressed: &Upload) -> Result<Upload, UploadError> {
        let mut upload = Upload { bytes: Vec::new(), share: UploadShare::default() };
        inflate(&compressed.bytes, |piece| {
            self.reserve(peer, &mut upload, piece.len())?;
            upload.bytes.extend_from_slice(piece);
            Ok(())
        })
        .map_err(|error| match error {
            InflateError::NotGzip => UploadError::NotGzip,
            InflateError::TooManyMembers => UploadError::TooManyMembers,
            InflateError::Refused(refusal) => refusal,
        })?;
        Ok(upload)
    }

    async fn collect(&self, peer: Peer, incoming: &mut Incoming) -> Result<Upload, UploadError> {
        let mut upload = Upload { bytes: Vec::new(), share: UploadShare::default() };
        while let Some(data) = incoming.next().await? {
            self.reserve(peer, &mut upload, data.len())?;
            upload.bytes.extend_from_slice(&data);
        }
        Ok(upload)
    }

    fn reserve(&self, peer: Peer, upload: &mut Upload, more: usize) -> Result<(), UploadError> {
        let length = upload.bytes.len();
        if length + more > MAX_BODY_BYTES {
            return Err(UploadError::TooLong);
        }
        let small = SMALL_BODY_BYTES.saturating_sub(length).min(more);
        let fits = self.small.take(peer, &mut upload.share.small, small)
            && self.large.take(peer, &mut upload.share.large, more - small);
        if fits { Ok(()) } else { Err(UploadError::Busy) }
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

/// Memory that bodies take from, in bytes.
#[derive(Clone)]
struct Memory {
    free: Arc<Semaphore>,
    by_address: Arc<PeerQuota>,
}

struct Share {
    permit: OwnedSemaphorePermit,
    peer: PeerShare,
}

impl Memory {
    fn new(bytes: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes)), by_address: PeerQuota::new(bytes / ADDRESSES_TO_FILL) }
    }

    /// Takes so many bytes, unless there are too few: whether there were enough.
    fn take(&self, peer: Peer, share: &mut Option<Share>, bytes: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let permit =
            u32::try_from(bytes).ok().and_then(|bytes| self.free.clone().try_acquire_many_owned(bytes).ok());
        let Some(permit) = permit else { return false };
        if let Some(share) = share {
            share.permit.merge(permit);
            share.peer.grow(bytes)
        } else {
            *share = self.by_address.take(peer, bytes).map(|peer| Share { permit, peer });
            share.is_some()
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
        for _ in 0..LARGE_BODIES_BYTES / MAX_BODY_BYTES {
            held.push(read(&uploads, LOCAL, MAX_BODY_BYTES).await.unwrap());
        }
        assert!(matches!(read(&uploads, LOCAL, MAX_BODY_BYTES).await, Err(UploadError::Busy)));
        held.push(read(&uploads, LOCAL, SMALL_BODY_BYTES).await.unwrap());
        drop(held);
        assert!(read(&uploads, LOCAL, MAX_BODY_BYTES).await.is_ok());
        assert!(matches!(read(&uploads, LOCAL, MAX_BODY_BYTES + 1).await, Err(UploadError::TooLong)));
    }

    #[tokio::test]
    async fn one_address_leaves_half_of_the_memory_to_others() {
        let uploads = Uploads::new(UploadLimits::default());
        let mut held = Vec::new();
        while let Ok(upload) = read(&uploads, "192.0.2.1", MAX_BODY_BYTES).await {
            held.push(upload);
        }
        assert_eq!(held.len(), LARGE_BODIES_BYTES / MAX_BODY_BYTES / ADDRESSES_TO_FILL);
        held.push(read(&uploads, "192.0.2.2", MAX_BODY_BYTES).await.unwrap());
        let mut short = Vec::new();
        while let Ok(upload) = read(&uploads, "192.0.2.1", SMALL_BODY_BYTES).await {
            short.push(upload);
        }
        assert!(short.len() < SMALL_BODIES_BYTES / SMALL_BODY_BYTES / ADDRESSES_TO_FILL);
        assert!(read(&uploads, "192.0.2.2", SMALL_BODY_BYTES).await.is_ok());
    }
}
