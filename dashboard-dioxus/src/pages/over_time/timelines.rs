//! Timelines as charts take them, several at once.

use crate::api::operation::{Timeline as TimelineQuery, timeline};
use crate::api::{Answer, Panel, use_query_at};
use crate::chart::timeline::{Mark, Segment as ChartSegment, Track};
use crate::lean::memo::Memo;
use crate::model::{Segment, Span, Timeline};
use dioxus::prelude::*;
use std::rc::Rc;

/// The answers to at most `N` questions.
pub(crate) type Timelines<const N: usize> = [Answer<Timeline>; N];

/// What an entity did in several windows, or several entities in one; renewed when the revision grows.
pub(crate) fn use_timelines<const N: usize>(
    revision: impl FnMut() -> Option<i64> + Copy + 'static,
    asked: Memo<Vec<timeline::Variables>>,
) -> Timelines<N> {
    std::array::from_fn(|index| {
        use_query_at::<TimelineQuery>(revision, move || asked.read().get(index).cloned())
    })
}

/// The first `count` answers together: waiting until all are there, refused as soon as one is.
pub(crate) fn together<const N: usize>(answers: &Timelines<N>, count: usize) -> Panel<Vec<Timeline>> {
    let mut shown = Vec::with_capacity(count);
    let mut is_waiting = count == 0;
    for answer in answers.iter().take(count) {
        match &*answer.read() {
            Panel::Refused(reason) => return Panel::Refused(reason.clone()),
            Panel::Waiting => is_waiting = true,
            Panel::Showing(timeline) => shown.push(timeline.clone()),
        }
    }
    if is_waiting { Panel::Waiting } else { Panel::Showing(shown) }
}

/// Asks again for what was refused.
pub(crate) fn retry<const N: usize>(answers: &Timelines<N>) {
    for answer in answers {
        if matches!(&*answer.peek(), Panel::Refused(_)) {
            answer.retry();
        }
    }
}

/// Why what is shown could not be renewed.
pub(crate) fn outdated<const N: usize>(answers: &Timelines<N>) -> Option<String> {
    answers.iter().find_map(Answer::outdated)
}

/// A timeline as a row of a chart.
pub(crate) fn track(name: &str, timeline: &Timeline) -> Track {
    Track {
        name: Rc::from(name),
        from_ms: timeline.window.from.ms(),
        to_ms: timeline.window.to.ms(),
        segments: timeline.segments.iter().map(chart_segment).collect(),
        marks: marks(timeline),
    }
}

fn marks(timeline: &Timeline) -> Rc<[Mark]> {
    let mark = |span: Span, decision| Mark { from_ms: span.from.ms(), to_ms: span.to.ms(), decision };
    let contested = timeline.contested.iter().map(|span| mark(*span, None));
    let corrected = timeline.corrected.iter().map(|(span, decision)| mark(*span, Some(*decision)));
    corrected.chain(contested).collect()
}

fn chart_segment(segment: &Segment) -> ChartSegment {
    ChartSegment {
        from_ms: segment.span.from.ms(),
        to_ms: segment.span.to.ms(),
        state: segment.state,
        confidence: segment.confidence,
        model: segment.model_version.as_deref().map(Rc::from),
    }
}
