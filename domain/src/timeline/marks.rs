//! Where a timeline is to be read with care: reports disagree, or a person said otherwise.

use super::{Counted, Spans};
use crate::time::TimestampMs;

/// A span that is contested or corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Start, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// End, which it does not include.
    pub to_ms: TimestampMs,
    /// The number of the decision that says what was done; none where reports disagree and nobody said so yet.
    pub decision: Option<i32>,
}

impl Mark {
    fn continues_as(&self, next: &Self) -> bool {
        self.to_ms == next.from_ms && self.decision == next.decision
    }
}

/// The spans of what counts of an entity that are contested or corrected, without overlap, in the order of time.
pub fn marks(counted: &Counted<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for mark in Spans::of(counted).filter_map(super::Span::mark) {
        push_mark(&mut marks, mark);
    }
    marks
}

/// Adds a mark at the end of a list, as one with the last where it continues it.
pub fn push_mark(marks: &mut Vec<Mark>, mark: Mark) {
    match marks.last_mut() {
        Some(last) if last.continues_as(&mark) => last.to_ms = mark.to_ms,
        _ => marks.push(mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        MS_PER_MINUTE,
        event::EventType,
        time::DurationMs,
        timeline::{CorrectedState, Correction, Observation},
    };

    #[test]
    fn marks_tell_where_reports_disagree_and_which_decision_holds() {
        let minute = |minute: i64| TimestampMs(minute * MS_PER_MINUTE);
        let report = |event_type, from, length: i64| {
            Observation::interval(event_type, minute(from), DurationMs(length * MS_PER_MINUTE))
        };
        let reports = [
            report(EventType::Working, 0, 60),
            report(EventType::Idle, 20, 20),
            report(EventType::Working, 22, 3),
        ];
        let correction = |number, from, to, state| Correction {
            number,
            from_ms: minute(from),
            to_ms: minute(to),
            state,
            units: 0,
        };
        let corrections = [
            correction(1, 30, 50, Some(CorrectedState::Absent)),
            correction(2, 45, 55, Some(CorrectedState::NotObserved)),
            correction(3, 0, 60, None),
        ];
        let counted =
            Counted { reports: reports.iter().collect(), corrections: corrections.iter().collect() };
        let mark = |from, to, decision| Mark { from_ms: minute(from), to_ms: minute(to), decision };
        let expected = [mark(20, 30, None), mark(30, 45, Some(1)), mark(45, 55, Some(2))];
        assert_eq!(marks(&counted), expected);
    }
}
