//! The memory that requests share, and what is answered when there is none left.

use http_listener::{Memory, MemoryFull, MemoryLimits};

use super::error_response::ErrorResponse;
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

/// Memory for requests, all of it free.
pub(super) fn request_memory() -> Memory {
    Memory::new(&LIMITS)
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
