//! The memory that requests share: each takes its share before it holds anything and gives it back when it is dropped.
//!
//! Small requests have room of their own, so that a few large ones, or large ones that never become whole, cannot keep the
//! others out.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// What a small request holds at most, in bytes: a batch of some hundred events.
const SMALL_BYTES: usize = 64 * 1024;
/// The memory that is kept for small requests, in bytes: 256 of them at a time.
const ALL_SMALL_BYTES: usize = 16 * 1024 * 1024;
/// The memory of what goes beyond, in bytes: six bodies of the greatest length at a time.
const ALL_LARGE_BYTES: usize = 48 * 1024 * 1024;

/// The memory that all requests share.
#[derive(Clone)]
pub(super) struct RequestMemory {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// What one request holds of it. Keep it for as long as what it was taken for.
pub(super) struct Share {
    memory: RequestMemory,
    small_bytes: usize,
    permits: Vec<OwnedSemaphorePermit>,
}

impl RequestMemory {
    /// All of it is free.
    pub(super) fn new() -> Self {
        Self {
            small: Arc::new(Semaphore::new(ALL_SMALL_BYTES)),
            large: Arc::new(Semaphore::new(ALL_LARGE_BYTES)),
        }
    }

    /// A share without anything in it.
    pub(super) fn share(&self) -> Share {
        Share { memory: self.clone(), small_bytes: 0, permits: Vec::new() }
    }
}

impl Share {
    /// Takes more. Never waits: who waits holds what others wait for.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), ApiError> {
        let is_small = self.small_bytes + bytes <= SMALL_BYTES;
        if is_small && let Some(permit) = permit(&self.memory.small, bytes) {
            self.small_bytes += bytes;
            self.keep(permit);
            return Ok(());
        }
        let permit = permit(&self.memory.large, bytes).ok_or_else(|| {
            ApiError::overloaded("the server holds as many requests as it has memory for; ask again")
        })?;
        self.keep(permit);
        Ok(())
    }

    /// Adds what another share holds.
    pub(super) fn join(&mut self, other: Self) {
        self.small_bytes += other.small_bytes;
        other.permits.into_iter().for_each(|permit| self.keep(permit));
    }

    /// A text that holds the share until it is sent.
    pub(super) fn hold(self, text: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        Bytes::from_owner(HeldText { text, _share: self })
    }

    fn keep(&mut self, permit: OwnedSemaphorePermit) {
        match self.permits.iter_mut().find(|held| Arc::ptr_eq(held.semaphore(), permit.semaphore())) {
            Some(held) => held.merge(permit),
            None => self.permits.push(permit),
        }
    }
}

struct HeldText<T> {
    text: T,
    _share: Share,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for HeldText<T> {
    fn as_ref(&self) -> &[u8] {
        self.text.as_ref()
    }
}

fn permit(semaphore: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    semaphore.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_requests_have_room_when_large_ones_have_taken_theirs() {
        let memory = RequestMemory::new();
        let mut large = memory.share();
        large.take(ALL_LARGE_BYTES).expect("all of it");
        let mut other = memory.share();
        other.take(SMALL_BYTES + 1).expect_err("nothing is left for large ones");
        let mut small = memory.share();
        small.take(SMALL_BYTES).expect("a small request");
        small.take(1).expect_err("it is not small any more");
        drop(large);
        small.take(1).expect("what was given back");
    }

    #[test]
    fn a_small_request_takes_from_the_rest_when_the_room_of_small_ones_is_full() {
        let memory = RequestMemory::new();
        let mut many: Vec<Share> = (0..ALL_SMALL_BYTES / SMALL_BYTES).map(|_| memory.share()).collect();
        for share in &mut many {
            share.take(SMALL_BYTES).expect("room");
        }
        memory.share().take(SMALL_BYTES).expect("the rest");
        assert_eq!(memory.large.available_permits(), ALL_LARGE_BYTES, "it was given back");
    }
}
