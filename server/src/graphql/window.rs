//! The window that is asked for, and the one that was used.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject};
use domain::window::{self, WindowSpec};

use super::scalar::{Date, DateTime};
use crate::error::ApiError;

/// Exactly one of these. Leaving the window out means all time.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum WindowInput {
    /// From one instant to another.
    Range(RangeInput),
    /// The last N minutes, a multiple of 5 from 5 to 44 640, moving with the clock.
    LastMinutes(i32),
    /// A calendar day in the factory's time zone.
    Day(Date),
    /// A calendar period that moves with the factory's days.
    Period(Period),
}

/// From (inclusive) to (exclusive).
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RangeInput {
    /// The first instant, taken down to whole 5 minutes.
    from: DateTime,
    /// The instant after the last, taken down to whole 5 minutes.
    to: DateTime,
}

/// Calendar periods in the factory's time zone; weeks begin on Monday; the last N days end with today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::window::Period")]
pub(crate) enum Period {
    /// The day that holds now.
    Today,
    /// The day before today.
    Yesterday,
    /// Monday to Sunday.
    ThisWeek,
    /// The seven days that end with today.
    #[graphql(name = "LAST_7_DAYS")]
    Last7Days,
    /// The thirty days that end with today.
    #[graphql(name = "LAST_30_DAYS")]
    Last30Days,
}

/// The window an answer used.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Window {
    /// The first instant.
    from: DateTime,
    /// The instant after the last.
    to: DateTime,
}

impl From<window::Window> for Window {
    fn from(window: window::Window) -> Self {
        Self { from: DateTime::from_ms(window.from_ms), to: DateTime::from_ms(window.to_ms) }
    }
}

/// What a window that may be left out means.
pub(crate) fn spec(window: Option<WindowInput>) -> Result<WindowSpec, ApiError> {
    window.map_or(Ok(WindowSpec::AllTime), WindowSpec::try_from)
}

impl TryFrom<WindowInput> for WindowSpec {
    type Error = ApiError;

    fn try_from(window: WindowInput) -> Result<Self, ApiError> {
        Ok(match window {
            WindowInput::Range(range) => {
                Self::Range { from_ms: range.from.to_ms()?, to_ms: range.to.to_ms()? }
            }
            WindowInput::LastMinutes(minutes) => Self::LastMinutes(minutes.into()),
            WindowInput::Day(day) => Self::Day(day.to_day()?),
            WindowInput::Period(period) => Self::Period(period.into()),
        })
    }
}
