//! Request bodies: how long one may be, and how much memory all of them together.

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

use super::refusal::Refusal;
use crate::error::ApiError;

/// The longest body, in bytes once it is inflated: a batch of 10 000 events with long names.
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

/// How a body was written.
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
    pub(super) async fn read(&self, mut body: Body, coding: Coding) -> Result<Held, Refusal> {
        let room = Room { memory: self.0.clone(), bytes: Vec::new(), share: None, refused: None };
        let mut writing = match coding {
            Coding::Identity => Writing::Plain(room),
            Coding::Gzip => Writing::Inflating(Box::new(MultiGzDecoder::new(room))),
        };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                Refusal::malformed(ApiError::bad_user_input("the body ended before it was whole"))
            })?;
            if let Ok(data) = frame.into_data() {
                writing.write(&data)?;
            }
        }
        writing.finish()
    }
}

/// Where a body goes.
enum Writing {
    Plain(Room),
    Inflating(Box<MultiGzDecoder<Room>>),
}

impl Writing {
    fn write(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let written = match self {
            Self::Plain(room) => room.write_all(data),
            Self::Inflating(decoder) => decoder.write_all(data),
        };
        written.map_err(|_| self.refusal())
    }

    fn finish(mut self) -> Result<Held, Refusal> {
        if let Self::Inflating(decoder) = &mut self
            && decoder.try_finish().is_err()
        {
            return Err(self.refusal());
        }
        let room = self.room();
        Ok(Held { bytes: std::mem::take(&mut room.bytes).into(), _share: room.share.take() })
    }

    fn room(&mut self) -> &mut Room {
        match self {
            Self::Plain(room) => room,
            Self::Inflating(decoder) => decoder.get_mut(),
        }
    }

    /// Why nothing more could be written: there is no room, or what was sent is not what it says to be.
    fn refusal(&mut self) -> Refusal {
        let no_room = self.room().refused.take();
        no_room.unwrap_or_else(|| {
            let message = "the body is not whole gzip; send what its Content-Encoding says";
            Refusal::malformed(ApiError::bad_user_input(message))
        })
    }
}

/// A body's bytes, within the limits.
struct Room {
    memory: Arc<Semaphore>,
    bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
    refused: Option<Refusal>,
}

impl Room {
    fn take(&mut self, more: usize) -> Result<(), Refusal> {
        if self.bytes.len() + more > MAX_BODY_BYTES {
            return Err(too_long());
        }
        let share = u32::try_from(more)
            .ok()
            .and_then(|bytes| self.memory.clone().try_acquire_many_owned(bytes).ok())
            .ok_or_else(|| {
                Refusal::unavailable(ApiError::overloaded("too many requests at once; ask again"))
            })?;
        match self.share.as_mut() {
            Some(held) => held.merge(share),
            None => self.share = Some(share),
        }
        Ok(())
    }
}

impl Write for Room {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Err(refusal) = self.take(data.len()) {
            self.refused = Some(refusal);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The refusal of a body over the limit.
pub(super) fn too_long() -> Refusal {
    let message = format!(
        "a body has at most {} MiB, inflated; send fewer events at a time",
        MAX_BODY_BYTES / 1024 / 1024
    );
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::limit_exceeded(message))
}
