//! What one or several entities did over time: which windows are asked about, and the answers as charts and files take
//! them. Shared by the pages about one entity and about several.

pub(crate) mod chart_windows;
pub(crate) mod export;
pub(crate) mod timelines;
pub(crate) mod trend;
pub(crate) mod trend_panel;

/// How often charts learn how late it is, in ms: a minute is less than a pixel of a day.
pub(crate) const CHART_CLOCK_STEP_MS: u32 = 60_000;
