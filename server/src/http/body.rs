//! Request bodies: how long one may be, and how much memory all of them together.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;
use crate::error::ApiError;

/// The longest body, in bytes: a batch of 10 000 events with long names.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// The memory of all bodies being read or answered, in bytes. What is parsed from one takes about ten times as much.
const ALL_BODIES_BYTES: usize = 64 * 1024 * 1024;

/// The memory that bodies share.
#[derive(Clone)]
pub(super) struct BodyMemory(Arc<Semaphore>);

/// A body in memory. Keep it until the answer is made: it holds its share.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl BodyMemory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES_BYTES)))
    }

    /// Reads a body to its end. Memory is taken as bytes arrive, so a peer holds no more than it sent.
    pub(super) async fn read(&self, mut body: Body) -> Result<Held, Refusal> {
        let mut bytes = Vec::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                Refusal::malformed(ApiError::bad_user_input("the body ended before it was whole"))
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > MAX_BODY_BYTES {
                return Err(too_long());
            }
            let more = u32::try_from(data.len())
                .ok()
                .and_then(|bytes| self.0.clone().try_acquire_many_owned(bytes).ok());
            let more = more.ok_or_else(|| {
                Refusal::unavailable(ApiError::overloaded("too many requests at once; ask again"))
            })?;
            match share.as_mut() {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Held { bytes: bytes.into(), _share: share })
    }
}

/// The refusal of a body over the limit.
pub(super) fn too_long() -> Refusal {
    let message =
        format!("a body has at most {} MiB; send fewer events at a time", MAX_BODY_BYTES / 1024 / 1024);
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::limit_exceeded(message))
}
