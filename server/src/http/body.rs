//! Request bodies: how long one may be. What arrives and what it inflates to is counted before it is kept.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use http_body_util::BodyExt as _;
use http_listener::{InflateError, MAX_GZIP_MEMBERS, Memory, MemoryShare, inflate};

use super::error_response::ErrorResponse;
use crate::error::ApiError;

/// The longest body, in bytes once it is inflated: a batch of 10 000 events with long names.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long nothing of a body may arrive before it is given up: several times what a mobile network pauses.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// Compressed by gzip.
    Gzip,
}

/// A body in memory, with its share of it.
pub(super) struct ReadBody {
    pub(super) bytes: Vec<u8>,
    share: MemoryShare,
}

impl ReadBody {
    fn empty(memory: &Memory) -> Self {
        Self { bytes: Vec::new(), share: memory.share(None) }
    }

    /// Reads a body to its end, as it was sent: a peer holds no more than it sent.
    pub(super) async fn read(memory: &Memory, mut body: Body) -> Result<Self, ErrorResponse> {
        let mut read = Self::empty(memory);
        loop {
            let Ok(frame) = tokio::time::timeout(STALL_TIMEOUT, body.frame()).await else {
                let message = "nothing more of the body arrived; send it again, without pauses";
                return Err(ErrorResponse::new(
                    StatusCode::REQUEST_TIMEOUT,
                    ApiError::bad_user_input(message),
                ));
            };
            let Some(frame) = frame else { return Ok(read) };
            let frame = frame.map_err(|_| {
                ErrorResponse::malformed(ApiError::bad_user_input("the body ended before it was whole"))
            })?;
            if let Ok(data) = frame.into_data() {
                read.extend(&data)?;
            }
        }
    }

    /// The body as it was meant. It takes its time, so call it where that delays nobody.
    pub(super) fn decoded(self, coding: Coding, memory: &Memory) -> Result<Self, ErrorResponse> {
        match coding {
            Coding::Identity => Ok(self),
            Coding::Gzip => self.inflated(memory),
        }
    }

    fn inflated(&self, memory: &Memory) -> Result<Self, ErrorResponse> {
        let malformed = |message: String| ErrorResponse::malformed(ApiError::bad_user_input(message));
        let mut body = Self::empty(memory);
        inflate(&self.bytes, |piece| body.extend(piece)).map_err(|error| match error {
            InflateError::NotGzip => {
                malformed("the body is not whole gzip; send what its Content-Encoding says".to_owned())
            }
            InflateError::TooManyMembers => {
                malformed(format!("a gzip body has at most {MAX_GZIP_MEMBERS} members; compress it as one"))
            }
            InflateError::Refused(refusal) => refusal,
        })?;
        Ok(body)
    }

    fn extend(&mut self, data: &[u8]) -> Result<(), ErrorResponse> {
        let length = self.bytes.len() + data.len();
        if length > MAX_BODY_BYTES {
            return Err(too_long());
        }
        let capacity = self.bytes.capacity();
        if length > capacity {
            let wanted = length.max(2 * capacity).min(MAX_BODY_BYTES);
            self.share.take(wanted - capacity)?;
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// The response to a body over the limit.
pub(super) fn too_long() -> ErrorResponse {
    let message = format!(
        "a body has at most {} MiB, inflated; send fewer events at a time",
        MAX_BODY_BYTES / 1024 / 1024
    );
    ErrorResponse::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::limit_exceeded(message))
}
