//! The steps of a series: a window cut where the factory's clock shows a whole step.

use serde::{Deserialize, Serialize};

use super::{
    error::WindowError,
    local_clock::{Stretch, day_of, start_of_day, stretches},
    span::{Window, snap_down},
};
use crate::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, time::TimestampMs, zone::Zone};

/// How long the steps of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resolution {
    /// Five minutes, the grid of all windows.
    FiveMinutes,
    /// A quarter of an hour.
    FifteenMinutes,
    /// An hour.
    Hour,
    /// A calendar day, also when daylight saving makes it 23 or 25 hours.
    Day,
}

impl Resolution {
    /// What no step exceeds. The bound for a day is that of one which the zone had twice.
    fn longest_step_ms(self) -> i64 {
        match self {
            Self::FiveMinutes => 5 * MS_PER_MINUTE,
            Self::FifteenMinutes => 15 * MS_PER_MINUTE,
            Self::Hour => MS_PER_HOUR,
            Self::Day => 2 * MS_PER_DAY,
        }
    }
}

/// Cuts a window into the steps of a series, in the order of time. A day is a calendar day; shorter steps begin where the
/// local clock shows a whole step and where its offset changes. The first and the last are cut at the window, so the
/// steps add up to it exactly. More than `max_steps` are refused before they are made.
pub fn steps(
    window: Window,
    resolution: Resolution,
    zone: Zone,
    max_steps: usize,
) -> Result<Vec<Window>, WindowError> {
    let too_many = WindowError::TooManySteps { allowed: max_steps };
    let reach_ms = i128::from(resolution.longest_step_ms()) * max_steps as i128;
    if i128::from((window.to_ms - window.from_ms).0) > reach_ms {
        return Err(too_many);
    }
    let mut steps = Vec::new();
    let mut from_ms = window.from_ms;
    let mut push = |to_ms: TimestampMs| {
        if to_ms <= from_ms {
            return Ok(());
        }
        if steps.len() == max_steps {
            return Err(too_many.clone());
        }
        steps.push(Window { from_ms, to_ms });
        from_ms = to_ms;
        Ok(())
    };
    match resolution {
        Resolution::Day => day_starts(window, zone).try_for_each(&mut push)?,
        shorter => clock_marks(window, shorter.longest_step_ms(), zone).try_for_each(&mut push)?,
    }
    push(window.to_ms)?;
    Ok(steps)
}

/// Where days begin after the window's start and before its end.
fn day_starts(window: Window, zone: Zone) -> impl Iterator<Item = TimestampMs> {
    (day_of(zone, window.from_ms) + 1..)
        .map(move |day| start_of_day(zone, day))
        .take_while(move |&start_ms| start_ms < window.to_ms)
}

/// Where the local clock shows a whole step or jumps, within the window and on its grid.
fn clock_marks(window: Window, step_ms: i64, zone: Zone) -> impl Iterator<Item = TimestampMs> {
    stretches(zone, window.from_ms, window.to_ms).flat_map(move |Stretch { span, offset_ms }| {
        let into_step_ms = (span.start + offset_ms).0.rem_euclid(step_ms);
        let whole_steps = (span.start.0 - into_step_ms..span.end.0).step_by(step_ms as usize);
        std::iter::once(span.start.0).chain(whole_steps).map(TimestampMs).map(snap_down)
    })
}
