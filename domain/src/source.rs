//! What the sources of events, cameras and other devices, are like: how much they report, how sure their models are, how late
//! their events come, and whether those that see the same workers and workstations at the same time say the same.
//!
//! * All of it is about events as they were reported, whichever of them count.
//! * Sources are compared by their own timelines: what each would show if it were the only one.
//! * Everything is counted in integers; the ratios are made of them here.

mod comparison;

use std::collections::BTreeMap;

pub use self::comparison::{Agreement, MAX_COMPARISONS, TooManyComparisons};
use crate::{
    bucket::BUCKET_MS,
    event::EventType,
    id::{EntityId, ModelVersionId, SourceId},
    metric::ratio,
    time::{DurationMs, TimestampMs},
    validate::FULL_CONFIDENCE,
    window::Window,
};

/// Below this a stated confidence is low, 0 to 1: the model is not much surer than if it had guessed between two activities.
pub const LOW_CONFIDENCE_BELOW: f64 = 0.6;
/// What is received so long after its end, or longer, is late: the grid of all windows, so that it may change a bucket that
/// somebody took for finished.
pub const LATE_FROM_MS: DurationMs = DurationMs(BUCKET_MS);

/// What is looked at of one event of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceEvent {
    /// The camera or device that saw it.
    pub source: SourceId,
    /// Who or what was seen.
    pub entity: EntityId,
    /// What it did.
    pub event_type: EventType,
    /// Start of the interval, Unix milliseconds.
    pub started_at_ms: TimestampMs,
    /// Length of the interval.
    pub duration_ms: DurationMs,
    /// Parts per 10 000; none is not stated.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<ModelVersionId>,
    /// When it came, Unix milliseconds.
    pub received_at_ms: TimestampMs,
}

impl SourceEvent {
    /// The end of the interval, which it does not include.
    pub fn ended_at_ms(&self) -> TimestampMs {
        self.started_at_ms + self.duration_ms
    }
}

/// What the events of one source amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceTotals {
    /// All of them.
    pub counts: Counts,
    /// Those that start in each step, by its index; steps without any are left out.
    pub steps: BTreeMap<usize, Counts>,
    /// Those of each model version; none is not stated.
    pub versions: BTreeMap<Option<ModelVersionId>, VersionSeen>,
    /// The time that its own timelines cover, added up over workers and workstations.
    pub observed_ms: i64,
    /// So much of it is also covered by the timeline of at least one other source.
    pub shared_ms: i64,
    /// The comparison with each source that shares some of it.
    pub others: BTreeMap<SourceId, Agreement>,
}

impl SourceTotals {
    /// The share of the time shared with others in which they say the same, 0 to 1; time shared with several others counts
    /// once for each. None where nothing is shared.
    pub fn agreement(&self) -> Option<f64> {
        self.others.values().copied().sum::<Agreement>().share()
    }
}

/// How many events there are, and how many of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub events: i64,
    /// Those that state a confidence.
    pub stated: i64,
    /// The sum of what they state, in parts per 10 000.
    pub confidence_sum: i64,
    /// Those that state one below [`LOW_CONFIDENCE_BELOW`].
    pub low: i64,
    /// Those received [`LATE_FROM_MS`] or longer after their end.
    pub late: i64,
}

impl Counts {
    /// The plain mean of what events state, 0 to 1; none when none states any.
    pub fn mean_confidence(&self) -> Option<f64> {
        ratio(1, self.confidence_sum, i64::from(FULL_CONFIDENCE) * self.stated)
    }

    /// The share of low confidence among the events that state one, 0 to 1.
    pub fn low_confidence_share(&self) -> Option<f64> {
        ratio(1, self.low, self.stated)
    }

    /// The share of events that state no confidence, 0 to 1.
    pub fn unstated_share(&self) -> Option<f64> {
        ratio(1, self.events - self.stated, self.events)
    }

    /// The share of late events, 0 to 1.
    pub fn late_share(&self) -> Option<f64> {
        ratio(1, self.late, self.events)
    }

    fn add(&mut self, event: &SourceEvent) {
        self.events += 1;
        self.late += i64::from(event.received_at_ms - event.ended_at_ms() >= LATE_FROM_MS);
        if let Some(confidence) = event.confidence {
            self.stated += 1;
            self.confidence_sum += i64::from(confidence);
            let low_below = LOW_CONFIDENCE_BELOW * f64::from(FULL_CONFIDENCE);
            self.low += i64::from(f64::from(confidence) < low_below);
        }
    }
}

/// How much was seen of a model version, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionSeen {
    /// How many events.
    pub events: i64,
    /// The earliest start, Unix milliseconds.
    pub first_ms: TimestampMs,
    /// The latest end.
    pub last_ms: TimestampMs,
}

impl VersionSeen {
    const NEVER: Self = Self { events: 0, first_ms: TimestampMs::MAX, last_ms: TimestampMs::MIN };

    fn add(&mut self, event: &SourceEvent) {
        self.events += 1;
        self.first_ms = self.first_ms.min(event.started_at_ms);
        self.last_ms = self.last_ms.max(event.ended_at_ms());
    }
}

/// What the events that start in a window amount to, by their source. `steps` are the window's, in the order of time; time
/// past the window's end is not looked at.
///
/// # Errors
/// So many sources see the same at once that comparing them takes more than [`MAX_COMPARISONS`].
pub fn totals(
    events: &[SourceEvent],
    window: Window,
    steps: &[Window],
) -> Result<BTreeMap<SourceId, SourceTotals>, TooManyComparisons> {
    let mut totals: BTreeMap<SourceId, SourceTotals> = BTreeMap::new();
    for event in events {
        let of_source = totals.entry(event.source).or_default();
        of_source.counts.add(event);
        let step = steps.partition_point(|step| step.to_ms <= event.started_at_ms);
        of_source.steps.entry(step).or_default().add(event);
        of_source.versions.entry(event.model_version).or_insert(VersionSeen::NEVER).add(event);
    }
    comparison::compare(events, window.to_ms, &mut totals)?;
    Ok(totals)
}

#[cfg(test)]
mod tests;
