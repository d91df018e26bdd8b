use super::Span;
use crate::lean::instant::Instant;

/// What moved the figures of a window since an instant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Restatements {
    pub(crate) window: Span,
    pub(crate) since: Instant,
    /// The figures at that instant.
    pub(crate) before: RestatedFigures,
    /// How many causes are not listed one by one, and the figures after the last of them.
    pub(crate) earlier: Option<(i64, RestatedFigures)>,
    /// The oldest first.
    pub(crate) causes: Vec<Restatement>,
    /// The figures of now.
    pub(crate) now: RestatedFigures,
}

/// Figures of those that are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RestatedFigures {
    pub(crate) working_minutes: f64,
    pub(crate) idle_minutes: f64,
    pub(crate) absent_minutes: f64,
    pub(crate) units: i64,
    /// %, of all time together.
    pub(crate) utilization: Option<f64>,
    /// %, the mean of the utilizations.
    pub(crate) average_utilization: Option<f64>,
    pub(crate) units_per_hour: Option<f64>,
}

/// One cause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Restatement {
    pub(crate) cause: Cause,
    /// When it was stored.
    pub(crate) at: Instant,
    /// The figures after it.
    pub(crate) after: RestatedFigures,
}

/// Why figures of a closed window moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Events that came late.
    LateEvents { device: Option<String>, source: Option<String> },
    /// The decision of this number.
    Decision(i32),
    /// The sums were computed anew and were others.
    Rebuild,
}
