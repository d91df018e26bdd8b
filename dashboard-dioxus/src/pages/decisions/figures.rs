//! What a span amounts to as it is, and with a correction: by the same rules as the server's, in the page.

use crate::api::operation::{
    EntitySeries, Timeline as TimelineQuery, WindowInput, entity_series, range_input, timeline,
};
use crate::api::{Answer, Panel, use_query_at};
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::model::{EntitySeriesSet, Span, Timeline};
use dioxus::prelude::*;
use domain::bucket::BUCKET_MS;
use domain::event::{EntityType, EventType};
use domain::time::{DurationMs, TimestampMs};
use domain::timeline::{CorrectedState, Correction, Counted, Observation, counted_segments};
use domain::window::Resolution;

/// What one entity did in a span, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) working_ms: i64,
    pub(super) idle_ms: i64,
    pub(super) absent_ms: i64,
    /// In which nothing was observed.
    pub(super) unobserved_ms: i64,
    /// None where they are not counted for this span alone.
    pub(super) units: Option<i64>,
}

impl Figures {
    /// %, none where nothing was working or idle.
    pub(super) fn utilization(&self) -> Option<f64> {
        let present_ms = self.working_ms + self.idle_ms;
        (present_ms > 0).then(|| 100.0 * self.working_ms as f64 / present_ms as f64)
    }
}

/// What the server says of a span.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Asked {
    timeline: Answer<Timeline>,
    series: Answer<EntitySeriesSet>,
}

/// Asks about a span, nothing as long as it is none, and again when the revision has changed.
pub(super) fn use_span(
    kind: EntityType,
    id: &str,
    span: Memo<Option<Span>>,
    revision: impl FnMut() -> Option<i64> + Copy + 'static,
) -> Asked {
    let context = use_page_context();
    let about = use_hook(|| CopyValue::new(id.to_owned()));
    let asked = move || {
        let factory_id = context.factory_window()?.factory_id;
        Some((factory_id, about.peek().clone(), on_grid(span()?)))
    };
    let timeline = use_query_at::<TimelineQuery>(revision, move || {
        let (factory_id, id, window) = asked()?;
        Some(timeline::Variables { factory_id, kind, id, window })
    });
    let series = use_query_at::<EntitySeries>(revision, move || {
        let (factory_id, id, window) = asked()?;
        let ids = Some(vec![id]);
        Some(entity_series::Variables {
            factory_id,
            window,
            resolution: Resolution::Hour,
            kind,
            ids,
            area: None,
        })
    });
    Asked { timeline, series }
}

/// The window of the server's grid that holds a span.
fn on_grid(span: Span) -> WindowInput {
    let Span { from, to } = span;
    let up = |instant: Instant| Instant(instant.0 + (-instant.0).rem_euclid(BUCKET_MS));
    let down = Instant(from.0 - from.0.rem_euclid(BUCKET_MS));
    range_input(Span { from: down, to: up(to).max(Instant(down.0 + BUCKET_MS)) })
}

/// Whether the units of a span can be told: those of its steps are all of its own.
fn is_on_grid(span: Span) -> bool {
    span.from.0 % BUCKET_MS == 0 && span.to.0 % BUCKET_MS == 0
}

impl Asked {
    /// What the span amounts to, in words that are the same as the server's, as of at least this revision; refused where the
    /// server refuses, and none where there is too much to be listed.
    pub(super) fn figures(&self, span: Span, least_revision: i64) -> Panel<Option<Figures>> {
        let timeline = self.timeline.read();
        let series = self.series.read();
        match (&*timeline, &*series) {
            (Panel::Refused(reason), _) | (_, Panel::Refused(reason)) => Panel::Refused(reason.clone()),
            (Panel::Showing(timeline), Panel::Showing(series))
                if timeline.revision.min(series.revision) >= least_revision =>
            {
                let points = series.series.iter().flat_map(|entity| &entity.points);
                let units = is_on_grid(span).then(|| points.map(|point| point.units).sum());
                let figures = figures(timeline, span, None);
                Panel::Showing((!timeline.truncated).then_some(Figures { units, ..figures }))
            }
            _ => Panel::Waiting,
        }
    }

    /// The same if a correction were made.
    pub(super) fn corrected(&self, span: Span, state: Option<CorrectedState>, units: i64) -> Option<Figures> {
        let Panel::Showing(Some(before)) = self.figures(span, 0) else { return None };
        let timeline = self.timeline.read();
        let after = figures(timeline.shown()?, span, state);
        Some(Figures { units: before.units.map(|before| before + units), ..after })
    }
}

/// What a timeline amounts to within a span, if a person says what was done in all of it.
fn figures(timeline: &Timeline, span: Span, state: Option<CorrectedState>) -> Figures {
    let (from_ms, to_ms) = (TimestampMs(span.from.0), TimestampMs(span.to.0));
    let reports: Vec<Observation> = timeline
        .segments
        .iter()
        .map(|segment| {
            let Span { from, to } = segment.span;
            Observation::interval(segment.state, TimestampMs(from.0), DurationMs(to.0 - from.0))
        })
        .collect();
    // Above all decisions that there are.
    let correction = Correction { number: i32::MAX, from_ms, to_ms, state, units: 0 };
    let counted = Counted { reports: reports.iter().collect(), corrections: vec![&correction] };
    let mut figures = Figures { unobserved_ms: (to_ms - from_ms).0, ..Figures::default() };
    for segment in counted_segments(&counted) {
        let length_ms = (segment.to_ms.min(to_ms) - segment.from_ms.max(from_ms)).0.max(0);
        figures.unobserved_ms -= length_ms;
        *match segment.event_type {
            EventType::Working => &mut figures.working_ms,
            EventType::Idle => &mut figures.idle_ms,
            EventType::Absent => &mut figures.absent_ms,
        } += length_ms;
    }
    figures
}

/// A span as a memo, for [`use_span`].
pub(super) fn use_span_while(
    span: Signal<Option<Span>>,
    mut is_asked: impl FnMut() -> bool + 'static,
) -> Memo<Option<Span>> {
    use_memo(move || if is_asked() { span().filter(|span| span.from < span.to) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Segment;

    const MINUTE: i64 = 60_000;

    fn span(from: i64, to: i64) -> Span {
        Span { from: Instant(from * MINUTE), to: Instant(to * MINUTE) }
    }

    fn timeline() -> Timeline {
        let segment = |from, to, state| Segment {
            span: span(from, to),
            state,
            confidence: Some(0.9),
            model_version: None,
            source_id: None,
        };
        Timeline {
            window: span(0, 60),
            revision: 1,
            truncated: false,
            segments: vec![
                segment(0, 20, EventType::Working),
                segment(20, 30, EventType::Idle),
                segment(40, 60, EventType::Absent),
            ],
            contested: Vec::new(),
            corrected: Vec::new(),
        }
    }

    #[test]
    fn a_span_amounts_to_what_was_observed_in_it_and_with_a_correction_to_what_that_says() {
        let minutes = |figures: Figures| {
            [figures.working_ms, figures.idle_ms, figures.absent_ms, figures.unobserved_ms]
                .map(|ms| ms / MINUTE)
        };
        let of = |from, to, state| minutes(figures(&timeline(), span(from, to), state));
        assert_eq!(of(10, 50, None), [10, 10, 10, 10]);
        assert_eq!(of(10, 50, Some(CorrectedState::Idle)), [0, 40, 0, 0]);
        assert_eq!(of(10, 50, Some(CorrectedState::NotObserved)), [0, 0, 0, 40]);
        assert_eq!(of(70, 80, None), [0, 0, 0, 10]);
        assert_eq!(of(70, 80, Some(CorrectedState::Working)), [10, 0, 0, 0]);
    }

    #[test]
    fn a_span_is_asked_for_with_the_steps_that_hold_it() {
        let window = |from, to| match on_grid(span(from, to)) {
            WindowInput::Range(range) => [range.from.0 / MINUTE, range.to.0 / MINUTE],
            _ => panic!("a range"),
        };
        assert_eq!(window(10, 20), [10, 20]);
        assert_eq!(window(11, 19), [10, 20]);
        assert_eq!(window(11, 11), [10, 15]);
        assert!(is_on_grid(span(10, 20)) && !is_on_grid(span(10, 21)));
    }
}
