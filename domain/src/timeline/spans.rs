//! The sweep over what counts of an entity, in the order of time: spans in which the same reports and corrections cover
//! every instant.

use std::{cmp::Reverse, collections::BinaryHeap, iter::Peekable, vec::IntoIter};

use super::{Correction, Counted, Mark, Observation, Rank, Segment, for_each_bucket};
use crate::{
    event::EventType,
    time::{DurationMs, TimestampMs},
    totals::Totals,
};

/// A span in which the same reports and corrections cover every instant: at least one.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    pub(crate) from_ms: TimestampMs,
    pub(crate) to_ms: TimestampMs,
    pub(crate) winner: Option<&'a Observation>,
    correction: Option<&'a Correction>,
    /// How many reports of each type cover it.
    covering: [i64; 3],
}

impl Span<'_> {
    /// Visits its parts in each bucket.
    pub(super) fn for_each_bucket(self, mut visit: impl FnMut(i64, Self)) {
        for_each_bucket(self.from_ms, self.to_ms, |bucket, from_ms, to_ms| {
            visit(bucket, Span { from_ms, to_ms, ..self });
        });
    }

    /// What it shows; none where a correction says that nothing was observed.
    pub(super) fn segment(self) -> Option<Segment> {
        let Self { from_ms, to_ms, .. } = self;
        if let Some(Correction { number, state, .. }) = self.correction {
            return Some(Segment {
                from_ms,
                to_ms,
                event_type: state.and_then(super::CorrectedState::event_type)?,
                confidence: None,
                model_version: None,
                source: None,
                decision: Some(*number),
            });
        }
        let Observation { event_type, confidence, model_version, source, .. } = *self.winner?;
        Some(Segment { from_ms, to_ms, event_type, confidence, model_version, source, decision: None })
    }

    /// Why it is to be read with care; none where reports agree and nobody corrected them.
    pub(super) fn mark(self) -> Option<Mark> {
        let decision = self.correction.map(|correction| correction.number);
        let Self { from_ms, to_ms, .. } = self;
        (decision.is_some() || self.is_contested()).then_some(Mark { from_ms, to_ms, decision })
    }

    /// Whether reports disagree on what was done, and nobody corrected them.
    fn is_contested(&self) -> bool {
        self.correction.is_none() && self.covering.iter().filter(|reports| **reports > 0).count() > 1
    }

    /// What it adds to the sums of time.
    pub(super) fn time(self) -> Totals {
        let length_ms = (self.to_ms - self.from_ms).0;
        let reports: i64 = self.covering.iter().sum();
        let mut totals = Totals { overlap_ms: (reports - 1).max(0) * length_ms, ..Totals::default() };
        let event_type = match self.correction {
            Some(correction) => {
                totals.corrected_ms = length_ms;
                correction.state.and_then(super::CorrectedState::event_type)
            }
            None => self.winner.map(|winner| winner.event_type),
        };
        match event_type {
            Some(EventType::Working) => totals.working_ms = length_ms,
            Some(EventType::Idle) => totals.idle_ms = length_ms,
            Some(EventType::Absent) => totals.absent_ms = length_ms,
            None => {}
        }
        if self.is_contested() {
            totals.contested_ms = length_ms;
        }
        if self.correction.is_none()
            && let Some(confidence) = self.winner.and_then(|winner| winner.confidence)
        {
            totals.confidence_ms = i64::from(confidence) * length_ms;
            totals.confident_ms = length_ms;
        }
        totals
    }
}

/// Visits the parts of the spans that lie within the ranges. Both are in the order of time.
pub(super) fn for_each_within<'a>(
    spans: impl Iterator<Item = Span<'a>>,
    ranges: &[(TimestampMs, TimestampMs)],
    mut visit: impl FnMut(Span<'a>),
) {
    let mut ranges = ranges.iter().peekable();
    for span in spans {
        while ranges.next_if(|range| range.1 <= span.from_ms).is_some() {}
        for range in ranges.clone().take_while(|range| range.0 < span.to_ms) {
            visit(Span { from_ms: span.from_ms.max(range.0), to_ms: span.to_ms.min(range.1), ..span });
        }
    }
}

/// Sweeps over the starts and ends of reports and corrections in the order of time.
pub(crate) struct Spans<'a> {
    starting: Peekable<IntoIter<&'a Observation>>,
    /// The ends of the reports not over yet, the earliest on top.
    ends: BinaryHeap<Reverse<(TimestampMs, EventType)>>,
    covering: [i64; 3],
    /// The reports begun, the winner on top; those that are over leave when they come to the top.
    begun: BinaryHeap<Begun<'a>>,
    /// Whether the type decides before anything else.
    is_by_type: bool,
    corrections: Peekable<IntoIter<&'a Correction>>,
    /// The corrections begun, the one that holds on top; those that are over leave when they come to the top.
    correcting: BinaryHeap<ByNumber<'a>>,
    now_ms: TimestampMs,
}

impl<'a> Spans<'a> {
    pub(super) fn of(counted: &Counted<'a>) -> Self {
        let mut corrections: Vec<&Correction> = counted
            .corrections
            .iter()
            .copied()
            .filter(|correction| correction.state.is_some() && correction.from_ms < correction.to_ms)
            .collect();
        corrections.sort_unstable_by_key(|correction| correction.from_ms);
        let corrections = corrections.into_iter().peekable();
        Self { corrections, ..Self::of_reports(counted.reports.iter().copied()) }
    }

    /// Of reports that nobody corrected, and among which the type decides before the rank does.
    pub(crate) fn by_type(reports: impl IntoIterator<Item = &'a Observation>) -> Self {
        Self { is_by_type: true, ..Self::of_reports(reports) }
    }

    /// Of reports that nobody corrected.
    pub(super) fn of_reports(reports: impl IntoIterator<Item = &'a Observation>) -> Self {
        let mut starting: Vec<&Observation> =
            reports.into_iter().filter(|event| event.duration_ms > DurationMs::ZERO).collect();
        starting.sort_unstable_by_key(|event| event.started_at_ms);
        Self {
            starting: starting.into_iter().peekable(),
            ends: BinaryHeap::new(),
            covering: [0; 3],
            begun: BinaryHeap::new(),
            is_by_type: false,
            corrections: Vec::new().into_iter().peekable(),
            correcting: BinaryHeap::new(),
            now_ms: TimestampMs::MIN,
        }
    }

    /// Lets what is over go.
    fn end(&mut self) {
        while let Some(&Reverse((end_ms, event_type))) = self.ends.peek()
            && end_ms <= self.now_ms
        {
            self.ends.pop();
            self.covering[event_type as usize] -= 1;
        }
        while self.begun.peek().is_some_and(|begun| begun.report.ended_at_ms() <= self.now_ms) {
            self.begun.pop();
        }
        while self.correcting.peek().is_some_and(|correction| correction.0.to_ms <= self.now_ms) {
            self.correcting.pop();
        }
    }

    /// Takes in what begins up to now.
    fn begin(&mut self) {
        while let Some(report) = self.starting.next_if(|event| event.started_at_ms <= self.now_ms) {
            self.ends.push(Reverse((report.ended_at_ms(), report.event_type)));
            self.covering[report.event_type as usize] += 1;
            let first = self.is_by_type.then_some(report.event_type);
            self.begun.push(Begun { first, report });
        }
        while let Some(correction) = self.corrections.next_if(|correction| correction.from_ms <= self.now_ms)
        {
            self.correcting.push(ByNumber(correction));
        }
    }

    /// When the next report or correction begins.
    fn next_start_ms(&mut self) -> Option<TimestampMs> {
        let report_ms = self.starting.peek().map(|event| event.started_at_ms);
        let correction_ms = self.corrections.peek().map(|correction| correction.from_ms);
        report_ms.into_iter().chain(correction_ms).min()
    }
}

impl<'a> Iterator for Spans<'a> {
    type Item = Span<'a>;

    fn next(&mut self) -> Option<Span<'a>> {
        self.end();
        if self.ends.is_empty() && self.correcting.is_empty() {
            self.now_ms = self.next_start_ms()?;
        }
        self.begin();
        let winner = self.begun.peek().map(|begun| begun.report);
        let correction = self.correcting.peek().map(|correction| correction.0);
        let first_end_ms = self.ends.peek().map(|end| end.0.0);
        let changes_ms = first_end_ms
            .into_iter()
            .chain(correction.map(|correction| correction.to_ms))
            .chain(self.next_start_ms());
        let from_ms = self.now_ms;
        self.now_ms = changes_ms.min()?;
        Some(Span { from_ms, to_ms: self.now_ms, winner, correction, covering: self.covering })
    }
}

/// A report that has begun.
struct Begun<'a> {
    /// What decides before the rank.
    first: Option<EventType>,
    report: &'a Observation,
}

impl<'a> Begun<'a> {
    fn key(&self) -> (Option<EventType>, Rank<'a>) {
        (self.first, self.report.rank())
    }
}

/// A correction that has begun.
struct ByNumber<'a>(&'a Correction);

impl ByNumber<'_> {
    fn key(&self) -> i32 {
        self.0.number
    }
}

/// Orders by a key.
macro_rules! order_by_key {
    ($ordered:ident) => {
        impl Ord for $ordered<'_> {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.key().cmp(&other.key())
            }
        }

        impl PartialOrd for $ordered<'_> {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $ordered<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $ordered<'_> {}
    };
}

order_by_key!(Begun);
order_by_key!(ByNumber);
