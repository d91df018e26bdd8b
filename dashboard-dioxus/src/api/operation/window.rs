//! Windows as the API takes them.

use crate::model::Span;
use crate::model::window::{WindowChoice, date};
use domain::window::Period;

pub(crate) use super::factory::factory_metrics::{RangeInput, WindowInput};

/// The window of a choice; none means all time.
pub(crate) fn window_input(choice: WindowChoice) -> Option<WindowInput> {
    Some(match choice {
        WindowChoice::Today => WindowInput::Period(Period::Today),
        WindowChoice::Yesterday => WindowInput::Period(Period::Yesterday),
        WindowChoice::ThisWeek => WindowInput::Period(Period::ThisWeek),
        WindowChoice::Last7Days => WindowInput::Period(Period::Last7Days),
        WindowChoice::Last30Days => WindowInput::Period(Period::Last30Days),
        WindowChoice::LastMinutes(minutes) => WindowInput::LastMinutes(i64::from(minutes)),
        WindowChoice::Day(days) => WindowInput::Day(date(days)),
        WindowChoice::Range(span) => range_input(span),
        WindowChoice::AllTime => return None,
    })
}

/// The window of a range.
pub(crate) fn range_input(span: Span) -> WindowInput {
    WindowInput::Range(RangeInput { from: span.from, to: span.to })
}
