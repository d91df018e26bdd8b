//! Which sources see the same, and whether they say the same of it.

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::{Add, AddAssign},
};

use super::{SourceEvent, SourceTotals};
use crate::{
    event::EventType,
    id::SourceId,
    metric::ratio,
    time::TimestampMs,
    timeline::{self, Observation},
};

/// The most comparisons of one source with another, a span of time each: less than a second. Five sources that see the same all
/// the time, with two hundred thousand events, stay below it.
pub const MAX_COMPARISONS: usize = 10_000_000;

/// So many sources see the same at once that not all of them can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyComparisons;

/// How two sources compare where both say something of the same worker or workstation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The time in which both say something, added up over workers and workstations.
    pub shared_ms: i64,
    /// The time of it in which both say the same.
    pub same_ms: i64,
}

impl Agreement {
    /// The share of the shared time in which both say the same, 0 to 1: `po` of the agreement of two raters. None where
    /// nothing is shared.
    pub fn share(&self) -> Option<f64> {
        ratio(1, self.same_ms, self.shared_ms)
    }
}

impl Add for Agreement {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { shared_ms: self.shared_ms + other.shared_ms, same_ms: self.same_ms + other.same_ms }
    }
}

impl AddAssign for Agreement {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Agreement {
    fn sum<I: Iterator<Item = Self>>(agreements: I) -> Self {
        agreements.fold(Self::default(), Add::add)
    }
}

/// Adds what each source covers, alone and together with others, up to an instant.
pub(super) fn compare(
    events: &[SourceEvent],
    until_ms: TimestampMs,
    totals: &mut BTreeMap<SourceId, SourceTotals>,
) -> Result<(), TooManyComparisons> {
    let mut sorted: Vec<&SourceEvent> = events.iter().collect();
    sorted.sort_unstable_by_key(|event| (event.entity, event.source));
    let mut comparisons = 0;
    for of_entity in sorted.chunk_by(|one, other| one.entity == other.entity) {
        for_each_span(&turns(of_entity, until_ms), |saying, length_ms| {
            comparisons += saying.len() * saying.len();
            if comparisons > MAX_COMPARISONS {
                return Err(TooManyComparisons);
            }
            add_span(saying, length_ms, totals);
            Ok(())
        })?;
    }
    Ok(())
}

/// An instant at which a source begins to say something of an entity, or to say nothing. In their order what ends at an
/// instant comes before what begins there.
type Turn = (TimestampMs, Option<EventType>, SourceId);

/// What the sources say of one entity, each by its own timeline, in the order of time. The events are sorted by their source.
fn turns(of_entity: &[&SourceEvent], until_ms: TimestampMs) -> Vec<Turn> {
    let mut turns = Vec::with_capacity(2 * of_entity.len());
    for of_source in of_entity.chunk_by(|one, other| one.source == other.source) {
        let Some(source) = of_source.first().map(|event| event.source) else { continue };
        let observations: Vec<Observation> = of_source.iter().map(|event| observation(event)).collect();
        for segment in timeline::segments(&observations) {
            let to_ms = segment.to_ms.min(until_ms);
            if segment.from_ms < to_ms {
                turns.push((segment.from_ms, Some(segment.event_type), source));
                turns.push((to_ms, None, source));
            }
        }
    }
    turns.sort_unstable();
    turns
}

/// Units and the sender's id are left out: neither can change what a source says, because reports that only the id ranks
/// have one type.
fn observation(event: &SourceEvent) -> Observation {
    Observation {
        confidence: event.confidence,
        model_version: event.model_version,
        source: Some(event.source),
        ..Observation::interval(event.event_type, event.started_at_ms, event.duration_ms)
    }
}

/// Visits the spans in which the same sources say the same, with what each says.
fn for_each_span(
    turns: &[Turn],
    mut visit: impl FnMut(&[(SourceId, EventType)], i64) -> Result<(), TooManyComparisons>,
) -> Result<(), TooManyComparisons> {
    let mut saying: Vec<(SourceId, EventType)> = Vec::new();
    let mut since_ms = TimestampMs::MIN;
    for &(at_ms, says, source) in turns {
        if at_ms > since_ms {
            if !saying.is_empty() {
                visit(&saying, (at_ms - since_ms).0)?;
            }
            since_ms = at_ms;
        }
        match says {
            Some(event_type) => saying.push((source, event_type)),
            None => saying.retain(|(other, _)| *other != source),
        }
    }
    Ok(())
}

fn add_span(saying: &[(SourceId, EventType)], length_ms: i64, totals: &mut BTreeMap<SourceId, SourceTotals>) {
    for &(source, says) in saying {
        let of_source = totals.entry(source).or_default();
        of_source.observed_ms += length_ms;
        if saying.len() > 1 {
            of_source.shared_ms += length_ms;
        }
        for &(other, other_says) in saying.iter().filter(|(other, _)| *other != source) {
            let same_ms = if says == other_says { length_ms } else { 0 };
            *of_source.others.entry(other).or_default() += Agreement { shared_ms: length_ms, same_ms };
        }
    }
}
