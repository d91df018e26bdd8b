//! What a time zone's clock showed, as an instant.

use chrono::NaiveDateTime;
use domain::window::instant_showing;
pub use domain::zone::Zone;

/// The zone of an IANA name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<Zone, String> {
    time_zones::find(name).map_err(|unknown| format!("\"{name}\" is {unknown}"))
}

/// The instant at which a zone's clock showed a time, in Unix milliseconds: the first one, where it showed it twice; none
/// where the clock was put forward over it.
pub(super) fn instant_ms(zone: Zone, shown: NaiveDateTime) -> Option<i64> {
    instant_showing(zone, shown.and_utc().timestamp_millis()).map(|instant_ms| instant_ms.0)
}
