//! The memory that requests share, and what is answered when there is none left.

use bytes::Bytes;
use http_listener::{Memory, MemoryFull, MemoryLimits, MemoryShare};

use super::{answer::MAX_ANSWER_BYTES, error_response::ErrorResponse};
use crate::error::ApiError;

const LIMITS: MemoryLimits = MemoryLimits {
    // A batch of some hundred events.
    small_share_bytes: 64 * 1024,
    // 256 small requests at a time.
    small_bytes: 16 * 1024 * 1024,
    // Six bodies of the greatest length at a time.
    large_bytes: 48 * 1024 * 1024,
    // Shares count for no address.
    addresses_to_fill: 1,
};

/// Two of the longest answers at a time, beside small ones: clients take theirs at once, and those that do not should not
/// have more.
const ANSWER_LIMITS: MemoryLimits = MemoryLimits { large_bytes: 2 * MAX_ANSWER_BYTES, ..LIMITS };

/// Memory for requests, all of it free.
pub(super) fn request_memory() -> Memory {
    Memory::new(&LIMITS)
}

/// Memory for answers, all of it free.
pub(super) fn answer_memory() -> Memory {
    Memory::new(&ANSWER_LIMITS)
}

impl From<MemoryFull> for ApiError {
    fn from(_: MemoryFull) -> Self {
        Self::overloaded("the server holds as many requests as it has memory for; ask again")
    }
}

impl From<MemoryFull> for ErrorResponse {
    fn from(full: MemoryFull) -> Self {
        Self::unavailable(full.into())
    }
}

/// A text that holds its share of memory until it is sent.
pub(super) fn hold(text: impl AsRef<[u8]> + Send + 'static, share: MemoryShare) -> Bytes {
    Bytes::from_owner(HeldText { text, _share: share })
}

struct HeldText<T> {
    text: T,
    _share: MemoryShare,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for HeldText<T> {
    fn as_ref(&self) -> &[u8] {
        self.text.as_ref()
    }
}
