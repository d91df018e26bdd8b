//! The same answers by reading the zone's clock every half minute: slow, and simple enough to be believed. Half a
//! minute is the finest that the offset of any zone since 1970 needs.

use super::*;

const TICK_MS: i64 = 30_000;

pub(super) fn local_clock(zone: Zone, instant_ms: TimestampMs) -> NaiveDateTime {
    DateTime::from_timestamp_millis((instant_ms + zone.offset_ms(instant_ms)).0).unwrap().naive_utc()
}

/// The window of a day: from the first tick that shows its date to the first that shows a later one.
pub(super) fn day(zone: Zone, date: NaiveDate) -> Option<Window> {
    let midnight_ms = date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis();
    let ticks = || {
        (midnight_ms - 2 * MS_PER_DAY..midnight_ms + 4 * MS_PER_DAY)
            .step_by(TICK_MS as usize)
            .map(TimestampMs)
    };
    let first = |date| ticks().find(|&tick_ms| local_clock(zone, tick_ms).date() >= date).unwrap();
    let window = Window { from_ms: snap_down(first(date)), to_ms: snap_down(first(date + Days::new(1))) };
    (window.from_ms < window.to_ms).then_some(window)
}

/// The steps of a window, cut at every tick at which a new one begins.
pub(super) fn steps(window: Window, resolution: Resolution, zone: Zone) -> Vec<Window> {
    let mut cuts = BTreeSet::from([window.from_ms, window.to_ms]);
    let mut latest_date = NaiveDate::MIN;
    // Two days ahead, so that the latest date shown is known when the window begins.
    let ticks = (window.from_ms.0 - 2 * MS_PER_DAY..window.to_ms.0 + BUCKET_MS).step_by(TICK_MS as usize);
    for tick_ms in ticks.map(TimestampMs) {
        let (shown, shown_before) =
            (local_clock(zone, tick_ms), local_clock(zone, tick_ms - DurationMs(TICK_MS)));
        let jumps = (shown - shown_before).num_milliseconds() != TICK_MS;
        let is_whole = |step_ms| shown.and_utc().timestamp_millis() % step_ms == 0;
        let begins = match resolution {
            Resolution::FiveMinutes => jumps || is_whole(5 * MS_PER_MINUTE),
            Resolution::FifteenMinutes => jumps || is_whole(15 * MS_PER_MINUTE),
            Resolution::Hour => jumps || is_whole(MS_PER_HOUR),
            Resolution::Day => shown.date() > latest_date,
        };
        latest_date = latest_date.max(shown.date());
        if begins {
            cuts.insert(snap_down(tick_ms).clamp(window.from_ms, window.to_ms));
        }
    }
    let cuts: Vec<TimestampMs> = cuts.into_iter().collect();
    cuts.windows(2).map(|cut| Window { from_ms: cut[0], to_ms: cut[1] }).collect()
}
