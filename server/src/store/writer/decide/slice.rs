//! What a decision is about, slice by slice: of which entities what may count otherwise, and when.
//!
//! A slice is so much work as may be done while nothing else is written to the factory. Most decisions are one.

use std::collections::{BTreeMap, HashMap};

use domain::{
    bucket::bucket_of,
    decision::StandingRule,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    window::Window,
};
use entity::decision_entity;
use sea_orm::ConnectionTrait;

use super::ruled::ruled;
use crate::store::{
    applied::{Applied, END_BUCKET, Span},
    error::Result,
    neighbours,
    report::{Report, SeriesKey},
    rollups, series,
    writer::{cache::Cache, change::Ranges},
};

/// What a decision is about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// What it says of entities: a correction or a retraction.
    Entities(Vec<decision_entity::Model>),
    /// The events that a rule is about.
    Events(StandingRule),
}

/// In which order the slices follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// In the order of time: the decision is applied.
    Forwards,
    /// Against the order of time: it is taken back.
    Backwards,
}

impl About {
    /// Sets the number of the decision.
    pub(super) fn set_number(&mut self, number: i32) {
        match self {
            Self::Entities(rows) => rows.iter_mut().for_each(|row| row.number = number),
            Self::Events(rule) => rule.number = number,
        }
    }

    /// Adds it to what is decided.
    pub(super) fn add_to(&self, applied: &mut Applied) -> Result<()> {
        match self {
            Self::Entities(rows) => applied.add(None, rows.iter().cloned()),
            Self::Events(rule) => applied.add(Some(*rule), []),
        }
    }
}

impl Direction {
    /// As many buckets as come first.
    fn first(self, left: Span, buckets: i64) -> Span {
        match self {
            Self::Forwards => Span { end: left.end.min(left.first + buckets), ..left },
            Self::Backwards => Span { first: left.first.max(left.end - buckets), ..left },
        }
    }

    /// The buckets of a span that are left from a boundary on.
    pub(super) fn left(self, whole: Span, boundary: Option<i64>) -> Span {
        match (self, boundary) {
            (_, None) => whole,
            (Self::Forwards, Some(first)) => whole.and(Span { first, ..Span::ALL }),
            (Self::Backwards, Some(end)) => whole.and(Span { end, ..Span::ALL }),
        }
    }

    /// Where the boundary is before the first slice.
    pub(super) fn first_boundary(self) -> i64 {
        match self {
            Self::Forwards => 0,
            Self::Backwards => END_BUCKET,
        }
    }

    /// Where the boundary is when the buckets of a span are done.
    pub(super) fn boundary_after(self, span: Span) -> i64 {
        match self {
            Self::Forwards => span.end,
            Self::Backwards => span.first,
        }
    }
}

/// What to count again in one transaction.
#[derive(Debug)]
pub(super) struct Slice {
    /// The buckets in which it is.
    pub(super) span: Span,
    /// Whether nothing is left after it.
    pub(super) is_last: bool,
    /// The spans of the entities in which something may count otherwise.
    pub(super) ranges: BTreeMap<EntityId, Ranges>,
    /// The latest instants of their series.
    pub(super) open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>>,
    /// How many stored events it is about.
    pub(super) events: i64,
}

/// The next slice of a decision from a boundary on, or the first one. `max_events` is how many stored events it may be about.
pub(super) async fn next(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (cache, max_events): (&Cache, u64),
    about: &About,
    (direction, boundary): (Direction, Option<i64>),
) -> Result<Slice> {
    let mut slice = match about {
        About::Entities(rows) if rows.iter().any(|row| row.retracted_type.is_some()) => {
            retracted(tx, factory_id, rows).await?
        }
        About::Entities(rows) => corrected(tx, factory_id, rows, (direction, boundary), max_events).await?,
        About::Events(rule) => {
            ruled(tx, factory_id, (cache, max_events), rule, (direction, boundary)).await?
        }
    };
    let hides_events = |id: &EntityId| cache.entities.get(id).is_some_and(|entity| entity.hides_events);
    if slice.ranges.keys().any(hides_events) {
        for report in series::open_reports(tx, factory_id).await? {
            if slice.ranges.contains_key(&report.key.entity_id) && slice.span.holds(report.at_ms) {
                slice.open.entry(report.key.entity_id).or_default().push((report.key, report.at_ms));
            }
        }
    }
    Ok(slice)
}

/// The stored events that a retraction is about.
pub(super) async fn retracted_reports(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    row: &decision_entity::Model,
) -> Result<Vec<Report>> {
    let reports =
        neighbours::at(tx, factory_id, [(EntityId(row.entity_id), TimestampMs(row.from_at))]).await?;
    let is_retracted = |report: &Report| {
        Some(report.row.event_type) == row.retracted_type
            && Some(report.observation.form as i16) == row.retracted_form
            && report.row.event_code == row.retracted_code
    };
    Ok(reports.into_iter().filter(is_retracted).collect())
}

/// One event and its readings: always one slice.
async fn retracted(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: &[decision_entity::Model],
) -> Result<Slice> {
    let mut slice = Slice::new(Span::ALL, true);
    for row in rows {
        let reports = retracted_reports(tx, factory_id, row).await?;
        let from_ms = TimestampMs(row.from_at);
        let ends_ms = reports.iter().map(|report| report.observation.ended_at_ms()).max();
        slice.events += reports.len() as i64;
        slice.add(EntityId(row.entity_id), (from_ms, ends_ms.unwrap_or(from_ms)));
    }
    Ok(slice)
}

async fn corrected(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: &[decision_entity::Model],
    (direction, boundary): (Direction, Option<i64>),
    max_events: u64,
) -> Result<Slice> {
    let Some(first) = rows.first() else { return Ok(Slice::new(Span::ALL, true)) };
    let (from_ms, to_ms) = (TimestampMs(first.from_at), TimestampMs(first.to_at));
    let whole = Span {
        first: bucket_of(from_ms),
        end: bucket_of(to_ms.max(from_ms + DurationMs(1)) - DurationMs(1)) + 1,
    };
    let left = direction.left(whole, boundary);
    let ids: Vec<EntityId> = rows.iter().map(|row| EntityId(row.entity_id)).collect();
    // Every bucket of every entity is work, whether or not it has events.
    let mut buckets = (max_events as i64 / ids.len() as i64).clamp(1, (left.end - left.first).max(1));
    let (span, events) = loop {
        let span = direction.first(left, buckets);
        let (from_ms, to_ms) = span.range();
        let window = Some(Window { from_ms, to_ms });
        let sums = if span.is_empty() {
            HashMap::new()
        } else {
            rollups::totals_of_factory(tx, factory_id, window, Some(&ids)).await?
        };
        let events: i64 = sums.values().map(|sums| sums.events).sum();
        if buckets == 1 || events.unsigned_abs() <= max_events {
            break (span, events);
        }
        buckets = (buckets / 2).max(1);
    };
    let is_last = span == left;
    // What is done at once needs no boundaries.
    let span = if is_last && boundary.is_none() { Span::ALL } else { span };
    let mut slice = Slice::new(span, is_last);
    slice.events = events;
    for entity_id in ids {
        slice.add(entity_id, (from_ms, to_ms));
    }
    Ok(slice)
}

impl Slice {
    /// One of these buckets, in which nothing is yet.
    pub(super) fn new(span: Span, is_last: bool) -> Self {
        Self { span, is_last, ranges: BTreeMap::new(), open: BTreeMap::new(), events: 0 }
    }

    /// Adds a range of an entity, as far as it lies in the slice.
    pub(super) fn add(&mut self, entity_id: EntityId, (from_ms, to_ms): (TimestampMs, TimestampMs)) {
        let range = (from_ms, to_ms.max(from_ms + DurationMs(1)));
        self.ranges.entry(entity_id).or_default().extend(self.span.cut(range));
    }

    /// What of it lies in a span.
    pub(super) fn within(&self, span: Span) -> BTreeMap<EntityId, Ranges> {
        let cut =
            |ranges: &Ranges| -> Ranges { ranges.iter().filter_map(|range| span.cut(*range)).collect() };
        let all = self.ranges.iter().map(|(entity_id, ranges)| (*entity_id, cut(ranges)));
        all.filter(|(_, ranges)| !ranges.is_empty()).collect()
    }
}
