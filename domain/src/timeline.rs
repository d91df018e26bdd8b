//! One entity's events become segments without overlap, and the sums of the buckets that they touch.
//!
//! Where several events cover an instant, one wins it: the highest confidence (not stated loses to any stated), then
//! working over idle over absent, then the later start, then the greater event code. The winner is a maximum, so
//! neither the order of arrival nor the events that lose can change it.

mod tail;

use std::collections::{BTreeMap, BinaryHeap, HashSet};

pub use tail::{Latest, Tail};

use crate::{
    bucket::{BUCKET_MS, bucket_of},
    event::EventType,
    id::{ModelVersionId, SourceId},
    time::{DurationMs, TimestampMs},
    totals::Totals,
};

/// What the timeline needs of one event of one entity. Names are the small numbers they are stored under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// What the entity did.
    pub event_type: EventType,
    /// Start of the interval, Unix milliseconds.
    pub started_at_ms: TimestampMs,
    /// Length of the interval.
    pub duration_ms: DurationMs,
    /// Units finished evenly over the interval.
    pub units: i64,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<ModelVersionId>,
    /// The camera or device that saw it.
    pub source: Option<SourceId>,
    /// The sender's own id, or the empty text.
    pub event_code: String,
}

impl Observation {
    /// The end of the interval, which it does not include.
    pub fn ended_at_ms(&self) -> TimestampMs {
        self.started_at_ms + self.duration_ms
    }

    /// What decides who wins an instant; the greatest does. Unequal for events of unequal identity.
    fn rank(&self) -> (Option<u16>, EventType, TimestampMs, &str) {
        (self.confidence, self.event_type, self.started_at_ms, &self.event_code)
    }

    /// Units finished in `[from_ms, to_ms)`, both within the interval: integers whose parts add up to the whole.
    fn units_in(&self, from_ms: TimestampMs, to_ms: TimestampMs) -> i64 {
        let finished_by =
            |instant_ms: TimestampMs| self.units * (instant_ms - self.started_at_ms).0 / self.duration_ms.0;
        finished_by(to_ms) - finished_by(from_ms)
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
}

impl Segment {
    /// Whether a segment goes on where this one ends, saying the same: the two are one.
    pub fn continues_as(&self, next: &Self) -> bool {
        self.to_ms == next.from_ms && self.says_the_same_as(next)
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        let said =
            |segment: &Self| (segment.event_type, segment.confidence, segment.model_version, segment.source);
        said(self) == said(other)
    }
}

/// The sums of five-minute buckets by the number of the bucket.
pub type BucketTotals = BTreeMap<i64, Totals>;

/// The segments of a set of events, in the order of time.
pub fn segments<'a>(events: impl IntoIterator<Item = &'a Observation>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for span in Spans::of(events) {
        push_segment(&mut segments, span.segment());
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
pub fn totals<'a>(events: impl IntoIterator<Item = &'a Observation> + Clone) -> BucketTotals {
    delta([], events)
}

/// What the sums change by when one set of an entity's events gives way to another: the difference of two recomputations,
/// computed over the spans of the events that only one of the sets has. Both sets must hold all stored events that overlap
/// those; more do no harm. It serves every kind of change: an event that joins, that is taken out, or that is replaced.
pub fn delta<'a>(
    before: impl IntoIterator<Item = &'a Observation> + Clone,
    after: impl IntoIterator<Item = &'a Observation> + Clone,
) -> BucketTotals {
    let in_both = in_both(before.clone(), after.clone());
    let only_before = || before.clone().into_iter().filter(|event| !in_both.contains(event));
    let only_after = || after.clone().into_iter().filter(|event| !in_both.contains(event));
    let mut delta = BucketTotals::new();
    for event in only_after() {
        for_each_count(event, |bucket, count| *delta.entry(bucket).or_default() += count);
    }
    for event in only_before() {
        for_each_count(event, |bucket, count| *delta.entry(bucket).or_default() += -count);
    }
    // An instant that no changed event covers keeps its winner.
    let changed = ranges(only_after().chain(only_before()));
    for_each_within(Spans::of(after), &changed, |span| {
        span.for_each_bucket(|bucket, part| *delta.entry(bucket).or_default() += part.time());
    });
    for_each_within(Spans::of(before), &changed, |span| {
        span.for_each_bucket(|bucket, part| *delta.entry(bucket).or_default() += -part.time());
    });
    delta.retain(|_, totals| !totals.is_zero());
    delta
}

/// The events that two sets share. Most changes have nothing before them, and then nothing is compared.
fn in_both<'a>(
    before: impl IntoIterator<Item = &'a Observation>,
    after: impl IntoIterator<Item = &'a Observation>,
) -> HashSet<&'a Observation> {
    let before: HashSet<&Observation> = before.into_iter().collect();
    if before.is_empty() {
        return before;
    }
    after.into_iter().filter(|event| before.contains(event)).collect()
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
/// event itself where it starts.
fn for_each_count(event: &Observation, mut visit: impl FnMut(i64, Totals)) {
    let is_instant = event.duration_ms == DurationMs::ZERO;
    let units_at_start = if is_instant { event.units } else { 0 };
    let at_start = Totals { events: 1, units: units_at_start, ..Totals::default() };
    visit(bucket_of(event.started_at_ms), at_start);
    if event.units > 0 && !is_instant {
        for_each_bucket(event.started_at_ms, event.ended_at_ms(), |bucket, from_ms, to_ms| {
            visit(bucket, Totals { units: event.units_in(from_ms, to_ms), ..Totals::default() });
        });
    }
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

/// Visits the parts of the spans that lie within the ranges. Both are in the order of time.
fn for_each_within<'a>(
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

/// A span in which the same events cover every instant.
#[derive(Clone, Copy)]
struct Span<'a> {
    from_ms: TimestampMs,
    to_ms: TimestampMs,
    winner: &'a Observation,
    covering: i64,
}

impl Span<'_> {
    /// Visits its parts in each bucket.
    fn for_each_bucket(self, mut visit: impl FnMut(i64, Self)) {
        for_each_bucket(self.from_ms, self.to_ms, |bucket, from_ms, to_ms| {
            visit(bucket, Span { from_ms, to_ms, ..self });
        });
    }

    fn segment(&self) -> Segment {
        let Observation { event_type, confidence, model_version, source, .. } = *self.winner;
        Segment { from_ms: self.from_ms, to_ms: self.to_ms, event_type, confidence, model_version, source }
    }

    fn time(&self) -> Totals {
        let length_ms = (self.to_ms - self.from_ms).0;
        let mut totals = Totals { overlap_ms: (self.covering - 1) * length_ms, ..Totals::default() };
        match self.winner.event_type {
            EventType::Working => totals.working_ms = length_ms,
            EventType::Idle => totals.idle_ms = length_ms,
            EventType::Absent => totals.absent_ms = length_ms,
        }
        if let Some(confidence) = self.winner.confidence {
            totals.confidence_ms = i64::from(confidence) * length_ms;
            totals.confident_ms = length_ms;
        }
        totals
    }
}

/// Sweeps over the starts and ends of events in the order of time.
struct Spans<'a> {
    starting: std::iter::Peekable<std::vec::IntoIter<&'a Observation>>,
    /// The ends of the events not over yet, the earliest on top.
    ends: BinaryHeap<std::cmp::Reverse<TimestampMs>>,
    /// The events begun, the winner on top; those that are over leave when they come to the top.
    begun: BinaryHeap<ByRank<'a>>,
    now_ms: TimestampMs,
}

impl<'a> Spans<'a> {
    fn of(events: impl IntoIterator<Item = &'a Observation>) -> Self {
        let mut starting: Vec<_> =
            events.into_iter().filter(|event| event.duration_ms > DurationMs::ZERO).collect();
        starting.sort_unstable_by_key(|event| event.started_at_ms);
        Self {
            starting: starting.into_iter().peekable(),
            ends: BinaryHeap::new(),
            begun: BinaryHeap::new(),
            now_ms: TimestampMs::MIN,
        }
    }
}

impl<'a> Iterator for Spans<'a> {
    type Item = Span<'a>;

    fn next(&mut self) -> Option<Span<'a>> {
        while self.ends.peek().is_some_and(|end_ms| end_ms.0 <= self.now_ms) {
            self.ends.pop();
        }
        if self.ends.is_empty() {
            self.now_ms = self.starting.peek()?.started_at_ms;
        }
        while let Some(event) = self.starting.next_if(|event| event.started_at_ms <= self.now_ms) {
            self.ends.push(std::cmp::Reverse(event.ended_at_ms()));
            self.begun.push(ByRank(event));
        }
        while self.begun.peek().is_some_and(|event| event.0.ended_at_ms() <= self.now_ms) {
            self.begun.pop();
        }
        let (winner, first_end_ms) = (self.begun.peek()?.0, self.ends.peek()?.0);
        let next_start_ms = self.starting.peek().map_or(TimestampMs::MAX, |event| event.started_at_ms);
        let from_ms = std::mem::replace(&mut self.now_ms, first_end_ms.min(next_start_ms));
        Some(Span { from_ms, to_ms: self.now_ms, winner, covering: self.ends.len() as i64 })
    }
}

struct ByRank<'a>(&'a Observation);

impl Ord for ByRank<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.rank().cmp(&other.0.rank())
    }
}

impl PartialOrd for ByRank<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByRank<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByRank<'_> {}

#[cfg(test)]
mod tests;
