//! What one or several entities did over time: which windows are asked about, and the answers as charts and files take
//! them. Shared by the pages about one entity and about several.

pub(crate) mod export;
pub(crate) mod reach;
pub(crate) mod timelines;
pub(crate) mod trend;
pub(crate) mod trend_panel;

use crate::chart::clock;
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};

/// How often charts learn how late it is, in ms: a minute is less than a pixel of a day.
pub(crate) const CHART_CLOCK_STEP_MS: u32 = 60_000;

const MS_PER_MINUTE: i64 = 60_000;

/// The factory's clock as charts take it: the same one for as long as the factory stays.
pub(crate) fn use_chart_zone() -> Memo<clock::Zone> {
    let context = use_page_context();
    use_memo(move || {
        let zone = context.zone();
        clock::Zone::new(move |at_ms| (zone.offset_ms(Instant::from_ms(at_ms)) / MS_PER_MINUTE) as i32)
    })
}
