//! One entity's events become segments without overlap, and the sums of the buckets that they touch.
//!
//! Where several events cover an instant, one wins it: the highest confidence (not stated loses to any stated), then
//! working over idle over absent, then the later start, then the greater event code; see [`Observation::rank`]. The winner is
//! a maximum, so neither the order of arrival nor the events that lose can change it. A person's correction is above all
//! of them.

mod marks;
mod spans;
mod tail;

use std::collections::{BTreeMap, HashSet};

pub(crate) use self::spans::Spans;
use self::spans::{Span, for_each_within};
pub use marks::{Mark, marks, push_mark};
pub use tail::{Latest, Tail};

use crate::{
    bucket::{BUCKET_MS, bucket_of},
    event::{EventForm, EventType},
    id::{ModelVersionId, SourceId},
    time::{DurationMs, TimestampMs},
    totals::Totals,
};
use serde::{Deserialize, Serialize};

/// What the timeline needs of one event of one entity. Names are the small numbers they are stored under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// What the entity did.
    pub event_type: EventType,
    /// Start of the interval, Unix milliseconds.
    pub started_at_ms: TimestampMs,
    /// For how long it counts.
    pub duration_ms: DurationMs,
    /// Units finished evenly over the interval, or at the start of a state report.
    pub units: i64,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<ModelVersionId>,
    /// The camera or device that saw it.
    pub source: Option<SourceId>,
    /// The sender's own id, or the empty text.
    pub event_code: String,
    /// In which form it was reported.
    pub form: EventForm,
    /// Which standing the factory's decisions give it; only what serves counts.
    pub standing: Standing,
    /// The places of its names, where they can decide.
    pub names: NameOrder,
    /// When the report was made that a derived observation is taken from; none for an event of the entity's own.
    pub derived_from_ms: Option<TimestampMs>,
}

impl AsRef<Self> for Observation {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsMut<Self> for Observation {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Whether an event counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// It counts.
    #[default]
    Serving,
    /// It is stored to be compared with what counts.
    Shadow,
    /// It is stored and not trusted.
    Quarantined,
}

/// The places of an observation's names in the order of their bytes, among those that it is compared with; a name that was
/// left out comes first. They decide between reports that are equal in all else, so most need none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameOrder {
    /// Of its model version.
    pub model_version: u32,
    /// Of its source.
    pub source: u32,
}

/// What decides who wins an instant, from first to last; the greatest does.
pub(crate) type Rank<'a> = (Option<u16>, EventType, TimestampMs, &'a str, bool, bool, NameOrder);

impl Observation {
    /// An interval of which nothing more is known: without units, confidence, names and an id of the sender's.
    pub fn interval(event_type: EventType, started_at_ms: TimestampMs, duration_ms: DurationMs) -> Self {
        Self {
            event_type,
            started_at_ms,
            duration_ms,
            units: 0,
            confidence: None,
            model_version: None,
            source: None,
            event_code: String::new(),
            form: EventForm::Interval,
            standing: Standing::Serving,
            names: NameOrder::default(),
            derived_from_ms: None,
        }
    }

    /// The end of the interval, which it does not include.
    pub fn ended_at_ms(&self) -> TimestampMs {
        self.started_at_ms + self.duration_ms
    }

    /// What decides who wins an instant; the greatest does: the confidence, the type, the start, the event code, an interval
    /// over a state report, an event of the entity's own over a derived one, the model version, the source.
    pub(crate) fn rank(&self) -> Rank<'_> {
        (
            self.confidence,
            self.event_type,
            self.derived_from_ms.unwrap_or(self.started_at_ms),
            &self.event_code,
            self.form == EventForm::Interval,
            self.derived_from_ms.is_none(),
            self.names,
        )
    }

    /// Units finished in `[from_ms, to_ms)`, both within the interval: integers whose parts add up to the whole.
    fn units_in(&self, from_ms: TimestampMs, to_ms: TimestampMs) -> i64 {
        units_between(self.units, (self.started_at_ms, self.duration_ms), from_ms, to_ms)
    }
}

/// Of units that are finished evenly over a span, those finished between two instants in it. Units that are taken away again
/// over the same span cancel those that were given in every part of it, because the sign stays out of the rounding.
fn units_between(
    units: i64,
    (started_at_ms, duration_ms): (TimestampMs, DurationMs),
    from_ms: TimestampMs,
    to_ms: TimestampMs,
) -> i64 {
    // Division of integers cuts towards zero, which is the floor of the amount with its sign.
    let finished_by = |instant_ms: TimestampMs| units * (instant_ms - started_at_ms).0 / duration_ms.0;
    finished_by(to_ms) - finished_by(from_ms)
}

/// What a person says of an entity's span of time, whatever was reported of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Correction {
    /// The number of the decision; of those that cover an instant the highest holds.
    pub number: i32,
    /// Start, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// End, which it does not include.
    pub to_ms: TimestampMs,
    /// What the entity was doing; none leaves that as it was reported.
    pub state: Option<CorrectedState>,
    /// Units added, or taken away, evenly over the span.
    pub units: i64,
}

/// What a correction says that an entity was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CorrectedState {
    /// Working; for a workstation, occupied.
    Working,
    /// There, and not working.
    Idle,
    /// Observed, and not there.
    Absent,
    /// Nobody knows.
    NotObserved,
}

impl CorrectedState {
    /// What was observed then; none when nothing was.
    pub fn event_type(self) -> Option<EventType> {
        match self {
            Self::Working => Some(EventType::Working),
            Self::Idle => Some(EventType::Idle),
            Self::Absent => Some(EventType::Absent),
            Self::NotObserved => None,
        }
    }
}

/// What counts of one entity: reports, whose standing and readings were looked at ([`crate::reading::resolve`]), and
/// corrections that stand.
#[derive(Clone, Debug, Default)]
pub struct Counted<'a> {
    /// The reports, in any order.
    pub reports: Vec<&'a Observation>,
    /// The corrections, in any order.
    pub corrections: Vec<&'a Correction>,
}

impl<'a> Counted<'a> {
    /// Reports that nobody corrected.
    pub fn reports(reports: impl IntoIterator<Item = &'a Observation>) -> Self {
        Self { reports: reports.into_iter().collect(), corrections: Vec::new() }
    }
}

/// A span in which one report wins every instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Start, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// End, which it does not include.
    pub to_ms: TimestampMs,
    /// What the entity did.
    pub event_type: EventType,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<ModelVersionId>,
    /// The camera or device that saw it.
    pub source: Option<SourceId>,
    /// The number of the decision that says so instead; then there is no confidence, model or source.
    pub decision: Option<i32>,
}

impl Segment {
    /// Whether a segment goes on where this one ends, saying the same: the two are one.
    pub fn continues_as(&self, next: &Self) -> bool {
        self.to_ms == next.from_ms && self.says_the_same_as(next)
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        let said = |segment: &Self| {
            (segment.event_type, segment.confidence, segment.model_version, segment.source, segment.decision)
        };
        said(self) == said(other)
    }
}

/// The sums of five-minute buckets by the number of the bucket.
pub type BucketTotals = BTreeMap<i64, Totals>;

/// The segments of a set of events, in the order of time.
pub fn segments<'a>(events: impl IntoIterator<Item = &'a Observation>) -> Vec<Segment> {
    counted_segments(&Counted::reports(events))
}

/// The segments of what counts of an entity, in the order of time.
pub fn counted_segments(counted: &Counted<'_>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for segment in Spans::of(counted).filter_map(Span::segment) {
        push_segment(&mut segments, segment);
    }
    segments
}

/// Adds a segment at the end of a list, as one with the last where it continues it.
pub fn push_segment(segments: &mut Vec<Segment>, segment: Segment) {
    match segments.last_mut() {
        Some(last) if last.continues_as(&segment) => last.to_ms = segment.to_ms,
        _ => segments.push(segment),
    }
}

/// The sums of a set of events, recomputed from nothing.
pub fn totals<'a>(events: impl IntoIterator<Item = &'a Observation>) -> BucketTotals {
    delta(&Counted::default(), &Counted::reports(events))
}

/// What a change of what counts of an entity amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What the sums change by, those of zero left out.
    pub sums: BucketTotals,
    /// The spans in which something else counts than before, merged, in the order of time.
    pub ranges: Vec<(TimestampMs, TimestampMs)>,
}

/// What the sums change by; see [`change`].
pub fn delta(before: &Counted<'_>, after: &Counted<'_>) -> BucketTotals {
    change(before, after).sums
}

/// What it amounts to when what counts of an entity gives way to something else: the difference of two recomputations,
/// computed over the spans of what only one of the two has. Both must hold everything stored that overlaps those spans; more
/// does no harm. It serves every kind of change: an event that joins, that stops to count, or that ends at another time, and
/// a correction that is made or withdrawn.
pub fn change(before: &Counted<'_>, after: &Counted<'_>) -> Change {
    let reports = Difference::of(&before.reports, &after.reports);
    let corrections = Difference::of(&before.corrections, &after.corrections);
    let mut delta = BucketTotals::new();
    for event in &reports.only_after {
        for_each_count(event, |bucket, count| *delta.entry(bucket).or_default() += count);
    }
    for event in &reports.only_before {
        for_each_count(event, |bucket, count| *delta.entry(bucket).or_default() += -count);
    }
    for correction in &corrections.only_after {
        for_each_unit(correction, |bucket, units| delta.entry(bucket).or_default().units += units);
    }
    for correction in &corrections.only_before {
        for_each_unit(correction, |bucket, units| delta.entry(bucket).or_default().units -= units);
    }
    // An instant that nothing changed covers keeps its winner.
    let changed_reports = reports.iter().map(|event| (event.started_at_ms, event.ended_at_ms()));
    let changed_corrections = corrections.iter().map(|correction| (correction.from_ms, correction.to_ms));
    let changed = merged(changed_reports.chain(changed_corrections));
    for_each_within(Spans::of(after), &changed, |span| {
        span.for_each_bucket(|bucket, part| *delta.entry(bucket).or_default() += part.time());
    });
    for_each_within(Spans::of(before), &changed, |span| {
        span.for_each_bucket(|bucket, part| *delta.entry(bucket).or_default() += -part.time());
    });
    delta.retain(|_, totals| !totals.is_zero());
    Change { sums: delta, ranges: changed }
}

/// What only one of two sets has.
struct Difference<'a, T> {
    only_before: Vec<&'a T>,
    only_after: Vec<&'a T>,
}

impl<'a, T: Eq + std::hash::Hash> Difference<'a, T> {
    fn of(before: &[&'a T], after: &[&'a T]) -> Self {
        // Most changes have nothing before them, and then nothing is compared.
        if before.is_empty() {
            return Self { only_before: Vec::new(), only_after: after.to_vec() };
        }
        let of = |set: &[&'a T]| -> HashSet<&'a T> { set.iter().copied().collect() };
        let without = |set: &[&'a T], other: &HashSet<&'a T>| {
            set.iter().copied().filter(|one| !other.contains(one)).collect()
        };
        Self { only_before: without(before, &of(after)), only_after: without(after, &of(before)) }
    }

    fn iter(&self) -> impl Iterator<Item = &'a T> {
        self.only_before.iter().chain(&self.only_after).copied()
    }
}

/// The spans that a set of events covers, merged where they touch, in the order of time.
pub fn ranges<'a>(events: impl IntoIterator<Item = &'a Observation>) -> Vec<(TimestampMs, TimestampMs)> {
    merged(events.into_iter().map(|event| (event.started_at_ms, event.ended_at_ms())))
}

/// Intervals merged where they overlap or touch, in the order of time; those of no length are left out.
pub fn merged(
    intervals: impl IntoIterator<Item = (TimestampMs, TimestampMs)>,
) -> Vec<(TimestampMs, TimestampMs)> {
    let mut intervals: Vec<(TimestampMs, TimestampMs)> =
        intervals.into_iter().filter(|(from_ms, to_ms)| from_ms < to_ms).collect();
    intervals.sort_unstable();
    let mut ranges: Vec<(TimestampMs, TimestampMs)> = Vec::with_capacity(intervals.len());
    for (from_ms, to_ms) in intervals {
        match ranges.last_mut() {
            Some(last) if from_ms <= last.1 => last.1 = last.1.max(to_ms),
            _ => ranges.push((from_ms, to_ms)),
        }
    }
    ranges
}

/// Visits what an event counts whether or not it wins its instants, bucket by bucket: its units, which are facts, and the
/// event itself where it starts. What is derived from others is no event.
fn for_each_count(event: &Observation, mut visit: impl FnMut(i64, Totals)) {
    // What a state report counts must not change with the time that it turns out to cover.
    let is_at_start = event.duration_ms == DurationMs::ZERO || event.form == EventForm::State;
    let units_at_start = if is_at_start { event.units } else { 0 };
    let events = i64::from(event.derived_from_ms.is_none());
    visit(bucket_of(event.started_at_ms), Totals { events, units: units_at_start, ..Totals::default() });
    if event.units > 0 && !is_at_start {
        for_each_bucket(event.started_at_ms, event.ended_at_ms(), |bucket, from_ms, to_ms| {
            visit(bucket, Totals { units: event.units_in(from_ms, to_ms), ..Totals::default() });
        });
    }
}

/// Visits the units of a correction, bucket by bucket.
fn for_each_unit(correction: &Correction, mut visit: impl FnMut(i64, i64)) {
    let Correction { from_ms, to_ms, units, .. } = *correction;
    if units == 0 {
        return;
    }
    if from_ms == to_ms {
        visit(bucket_of(from_ms), units);
    }
    for_each_bucket(from_ms, to_ms, |bucket, part_from_ms, part_to_ms| {
        visit(bucket, units_between(units, (from_ms, to_ms - from_ms), part_from_ms, part_to_ms));
    });
}

fn for_each_bucket(
    from_ms: TimestampMs,
    to_ms: TimestampMs,
    mut visit: impl FnMut(i64, TimestampMs, TimestampMs),
) {
    let mut from_ms = from_ms;
    while from_ms < to_ms {
        let bucket = bucket_of(from_ms);
        let end_ms = to_ms.min(TimestampMs((bucket + 1) * BUCKET_MS));
        visit(bucket, from_ms, end_ms);
        from_ms = end_ms;
    }
}

#[cfg(test)]
mod tests;
