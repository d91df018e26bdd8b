//! Request bodies: how long one may be, and how much memory all of them may take together.

use std::{
    io::{self, Write},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error_response::ErrorResponse;
use crate::error::ApiError;

/// The longest body, in bytes once it is inflated: a batch of 10 000 events with long names.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// The memory of all bodies being read or answered, in bytes. What is parsed from one takes about ten times as much.
const ALL_BODIES_BYTES: usize = 64 * 1024 * 1024;

/// The memory that bodies share.
#[derive(Clone)]
pub(super) struct BodyMemory(Arc<Semaphore>);

/// A body in memory. Keep it until the answer is made: it holds its share of the memory.
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// Compressed by gzip.
    Gzip,
}

impl BodyMemory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES_BYTES)))
    }

    /// Reads a body to its end. Memory is taken as bytes arrive and inflate, so a peer holds no more than it sent, and what
    /// inflates to more than may be sent is given up before it has.
    pub(super) async fn read(&self, mut body: Body, coding: Coding) -> Result<ReadBody, ErrorResponse> {
        let buffer = Buffer { memory: self.0.clone(), bytes: Vec::new(), share: None, error: None };
        let mut decoder = match coding {
            Coding::Identity => Decoder::Identity(buffer),
            Coding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(buffer))),
        };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                ErrorResponse::malformed(ApiError::bad_user_input("the body ended before it was whole"))
            })?;
            if let Ok(data) = frame.into_data() {
                decoder.write(&data)?;
            }
        }
        decoder.finish()
    }
}

/// Decodes a body into its buffer.
enum Decoder {
    Identity(Buffer),
    Gzip(Box<MultiGzDecoder<Buffer>>),
}

impl Decoder {
    fn write(&mut self, data: &[u8]) -> Result<(), ErrorResponse> {
        let written = match self {
            Self::Identity(buffer) => buffer.write_all(data),
            Self::Gzip(decoder) => decoder.write_all(data),
        };
        written.map_err(|_| self.error())
    }

    fn finish(mut self) -> Result<ReadBody, ErrorResponse> {
        if let Self::Gzip(decoder) = &mut self
            && decoder.try_finish().is_err()
        {
            return Err(self.error());
        }
        let buffer = self.buffer();
        Ok(ReadBody { bytes: std::mem::take(&mut buffer.bytes).into(), _share: buffer.share.take() })
    }

    fn buffer(&mut self) -> &mut Buffer {
        match self {
            Self::Identity(buffer) => buffer,
            Self::Gzip(decoder) => decoder.get_mut(),
        }
    }

    /// Why nothing more could be written: the buffer refused it, or it could not be decoded.
    fn error(&mut self) -> ErrorResponse {
        self.buffer().error.take().unwrap_or_else(|| {
            let message = "the body is not whole gzip; send what its Content-Encoding says";
            ErrorResponse::malformed(ApiError::bad_user_input(message))
        })
    }
}

/// A body's bytes, within the limits.
struct Buffer {
    memory: Arc<Semaphore>,
    bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
    error: Option<ErrorResponse>,
}

impl Buffer {
    fn reserve(&mut self, more: usize) -> Result<(), ErrorResponse> {
        if self.bytes.len() + more > MAX_BODY_BYTES {
            return Err(too_long());
        }
        let share = u32::try_from(more)
            .ok()
            .and_then(|bytes| self.memory.clone().try_acquire_many_owned(bytes).ok())
            .ok_or_else(|| {
                ErrorResponse::unavailable(ApiError::overloaded("too many requests at once; ask again"))
            })?;
        match self.share.as_mut() {
            Some(held) => held.merge(share),
            None => self.share = Some(share),
        }
        Ok(())
    }
}

impl Write for Buffer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.reserve(data.len()) {
            self.error = Some(error);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
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
