//! The wall clock in Unix milliseconds, and how the API writes instants.

use std::time::SystemTime;

use domain::instant::to_rfc3339;
use serde::{Serialize as _, Serializer};

/// Now.
pub fn now_ms() -> i64 {
    unix_ms(SystemTime::now())
}

/// An instant in Unix milliseconds.
pub fn unix_ms(instant: SystemTime) -> i64 {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}

/// Serializes Unix milliseconds as RFC 3339.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(crate) fn rfc3339<S: Serializer>(unix_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_rfc3339(*unix_ms))
}

/// Serializes Unix milliseconds as RFC 3339, or null.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn optional_rfc3339<S: Serializer>(
    unix_ms: &Option<i64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    unix_ms.map(to_rfc3339).serialize(serializer)
}
