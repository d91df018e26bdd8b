//! What a time zone's clock showed, as an instant.

use chrono::{LocalResult, NaiveDateTime, TimeZone as _};

/// A time zone.
pub type Zone = chrono_tz::Tz;

/// The zone of an IANA name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<Zone, String> {
    name.parse().map_err(|_| {
        format!(
            "\"{name}\" is no time zone; write an IANA name such as Europe/Berlin, America/Chicago or UTC"
        )
    })
}

/// The instant at which a zone's clock showed a time, in Unix milliseconds: the first one, where it showed it twice; none
/// where the clock was put forward over it.
pub(super) fn instant_ms(zone: Zone, shown: NaiveDateTime) -> Option<i64> {
    match zone.from_local_datetime(&shown) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => Some(instant.timestamp_millis()),
        LocalResult::None => None,
    }
}
