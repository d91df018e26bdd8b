//! What a clock on the wall shows: the part of `chrono` that a page needs, without its parsers, formats and errors.

use domain::instant::CivilDate;

/// What a clock on the wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    pub(crate) date: CivilDate,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Days since Monday.
    pub(crate) weekday: usize,
}

impl LocalTime {
    /// From ms since 1970 as the local clock counts them.
    pub(crate) fn of_wall_ms(wall_ms: i64) -> Self {
        let (days, in_day) = (wall_ms.div_euclid(domain::MS_PER_DAY), wall_ms.rem_euclid(domain::MS_PER_DAY));
        Self {
            date: CivilDate::from_days(days),
            hour: in_day / domain::MS_PER_HOUR,
            minute: in_day / domain::MS_PER_MINUTE % 60,
            second: in_day / 1_000 % 60,
            // 1 January 1970 was a Thursday.
            weekday: (days + 3).rem_euclid(7) as usize,
        }
    }

    /// Whether this is the first instant of a date, to the second.
    pub(crate) fn is_midnight(self) -> bool {
        self.hour == 0 && self.minute == 0 && self.second == 0
    }
}
