//! What a rule is about, slice by slice: its events are looked for where its source and its model version reported anybody.

use std::ops::{Range, RangeInclusive};

use domain::{
    MS_PER_HOUR,
    bucket::{BUCKET_MS, Level, bucket_of},
    decision::{ModelVersions, StandingRule},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
};
use entity::event;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Select,
    sea_query::{CaseStatement, Expr},
};

use super::{
    reported::Reported,
    slice::{Direction, Slice},
    slice_size::MAX_EVENTS,
};
use crate::store::{
    applied::{END_BUCKET, Span},
    error::Result,
    report::stored_model,
    rollups,
    writer::cache::Cache,
};

/// How many stored events a slice of a rule of [`MAX_EVENTS`] looks through for those that it is about.
const MAX_SCANNED_EVENTS: u64 = 200_000;

/// In how many sums of entities and hours a slice of a rule of [`MAX_EVENTS`] looks how many events there are.
const MAX_HOURLY_SUMS: u64 = 50_000;

/// An entity whose longest event is longer is counted again wherever events of a rule can be, so that no slice has to look for
/// what began long before it.
const LONG: DurationMs = DurationMs(MS_PER_HOUR);

/// Five-minute buckets in an hour.
const BUCKETS_PER_HOUR: i64 = MS_PER_HOUR / BUCKET_MS;

/// The next slice of a rule from a boundary on, or the first one.
pub(super) async fn ruled(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (cache, max_events): (&Cache, u64),
    rule: &StandingRule,
    (direction, boundary): (Direction, Option<i64>),
) -> Result<Slice> {
    let entities = || cache.entities.values();
    let longest_ms = entities().map(|entity| entity.longest_duration_ms).max().unwrap_or_default();
    // What starts right before the end of the rule reaches so far past it.
    let reach = longest_ms.0 / BUCKET_MS + 2;
    let whole = Span {
        first: rule.from_ms.map_or(0, bucket_of),
        end: rule.to_ms.map_or(END_BUCKET, |to_ms| (bucket_of(to_ms) + reach).min(END_BUCKET)),
    };
    let left = direction.left(whole, boundary);
    let max = (cache.entities.len(), max_events);
    let reported = Reported::find(tx, factory_id, rule, (left, direction), max).await?;
    let share = |of: u64| of * max_events / MAX_EVENTS;
    let max_sums = usize::try_from(share(MAX_HOURLY_SUMS)).unwrap_or(usize::MAX);
    let max_hours = (max_sums / cache.entities.len().max(1)).max(1);
    let scanned_events = i64::try_from(share(MAX_SCANNED_EVENTS)).unwrap_or(i64::MAX).max(1);
    let mut budget = Budget { hours: max_hours, scanned: scanned_events, events: max_events };
    let parts = reported.parts(left, direction);
    let mut parts = parts.iter();
    let mut found = Vec::new();
    let span = loop {
        let part = parts.next();
        let skipped = reported.up_to(left, part, direction);
        let Some(&part) = part else { break skipped };
        if budget.is_spent() {
            break skipped;
        }
        let span = scanned(tx, factory_id, part, direction, &mut budget).await?;
        let events = matching(factory_id, rule, span.first..span.end);
        let span = bounded(tx, events, span, direction, budget.events).await?;
        let events = matching(factory_id, rule, span.first - (LONG.0 / BUCKET_MS + 1)..span.end);
        let hours = hours_of(tx, events, span.first).await?;
        let events: i64 = hours.iter().map(|hour| hour.events).sum();
        budget.events = budget.events.saturating_sub(events.unsigned_abs());
        found.extend(hours);
        if span != part {
            break match direction {
                Direction::Forwards => Span { end: span.end, ..left },
                Direction::Backwards => Span { first: span.first, ..left },
            };
        }
    };
    let is_last = span == left;
    // What is done at once needs no boundaries.
    let cut = if is_last && boundary.is_none() { Span::ALL } else { span };
    let mut slice = Slice::new(cut, is_last);
    if span.first > whole.first {
        for entity in entities().filter(|entity| entity.longest_duration_ms > LONG) {
            for reach in reported.reach(entity.longest_duration_ms.0 / BUCKET_MS + 1) {
                let (from_ms, to_ms) = reach.and(span).range();
                if from_ms < to_ms.min(entity.frontier_ms) {
                    slice.add(entity.id, (from_ms, to_ms.min(entity.frontier_ms)));
                }
            }
        }
    }
    for hour in found {
        // Another reading of an event that does not count any more may be that long.
        let longest_ms = cache.entities.get(&hour.entity_id).map(|entity| entity.longest_duration_ms);
        let longest_ms = longest_ms.unwrap_or_default().max(DurationMs(1));
        slice.add(hour.entity_id, (hour.first_ms, hour.last_ms + longest_ms));
        slice.events += hour.events;
    }
    Ok(slice)
}

/// How much more a slice of a rule may look through.
struct Budget {
    /// Hours of all entities.
    hours: usize,
    /// Stored events.
    scanned: i64,
    /// Events that the rule is about.
    events: u64,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.hours == 0 || self.scanned <= 0 || self.events == 0
    }
}

/// The events of one entity in one hour, or in a part of it.
struct EntityHour {
    entity_id: EntityId,
    /// When the first of them starts.
    first_ms: TimestampMs,
    /// When the last of them starts.
    last_ms: TimestampMs,
    /// How many of them start in the span.
    events: i64,
}

/// Where these events are; those are counted that start in a bucket or later.
async fn hours_of(
    tx: &impl ConnectionTrait,
    events: Select<event::Entity>,
    first: i64,
) -> Result<Vec<EntityHour>> {
    use event::Column;
    use sea_orm::ExprTrait as _;
    let starts_here = CaseStatement::new().case(Expr::col(Column::Bucket).gte(first), 1).finally(0);
    let hours: Vec<(i32, i64, i64, i64)> = events
        .select_only()
        .column(Column::EntityId)
        .column_as(Column::StartedAt.min(), "first_ms")
        .column_as(Column::StartedAt.max(), "last_ms")
        .column_as(Expr::expr(starts_here).sum().cast_as("bigint"), "events")
        .group_by(Column::EntityId)
        .group_by(Expr::col(Column::Bucket).div(BUCKETS_PER_HOUR))
        .into_tuple()
        .all(tx)
        .await?;
    let hour = |(entity_id, first_ms, last_ms, events)| EntityHour {
        entity_id: EntityId(entity_id),
        first_ms: TimestampMs(first_ms),
        last_ms: TimestampMs(last_ms),
        events,
    };
    Ok(hours.into_iter().map(hour).collect())
}

/// The events that a rule is about and that start in these buckets.
fn matching(factory_id: FactoryId, rule: &StandingRule, buckets: Range<i64>) -> Select<event::Entity> {
    use event::Column;
    // One bound on either side: of two, SQLite seeks the one that comes first and looks through all up to the other.
    let end = rule.to_ms.map_or(buckets.end, |to_ms| buckets.end.min(bucket_of(to_ms) + 1));
    let mut matching = event::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Bucket.gte(buckets.start))
        .filter(Column::Bucket.lt(end));
    if let Some(from_ms) = rule.from_ms {
        matching = matching.filter(Column::StartedAt.gte(from_ms.0));
    }
    if let Some(to_ms) = rule.to_ms {
        matching = matching.filter(Column::StartedAt.lt(to_ms.0));
    }
    if let Some(source) = rule.source {
        matching = matching.filter(Column::SourceId.eq(source.0));
    }
    match rule.model_version {
        ModelVersions::All => matching,
        ModelVersions::Without => matching.filter(Column::ModelVersionId.eq(stored_model(None))),
        ModelVersions::One(one) => matching.filter(Column::ModelVersionId.eq(stored_model(Some(one)))),
    }
}

/// As many buckets of a span as may still be looked through for events, whole hours, and one at least.
async fn scanned(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    left: Span,
    direction: Direction,
    budget: &mut Budget,
) -> Result<Span> {
    let hours: RangeInclusive<i64> =
        left.first.div_euclid(BUCKETS_PER_HOUR)..=(left.end - 1).div_euclid(BUCKETS_PER_HOUR);
    let backwards = direction == Direction::Backwards;
    let max_hours = budget.hours;
    let with_events =
        rollups::events_of_buckets(tx, factory_id, (Level::Hour, hours), backwards, max_hours as u64).await?;
    budget.hours -= with_events.len();
    for (index, (hour, of_hour)) in with_events.iter().enumerate() {
        let is_too_much = index > 0 && *of_hour > budget.scanned;
        budget.scanned -= of_hour;
        let may_be_more = index + 1 == max_hours;
        let (first, end) = (hour * BUCKETS_PER_HOUR, (hour + 1) * BUCKETS_PER_HOUR);
        match (direction, is_too_much, may_be_more) {
            (_, false, false) => {}
            (Direction::Forwards, true, _) => return Ok(Span { end: first, ..left }),
            (Direction::Forwards, false, true) => return Ok(left.and(Span { end, ..Span::ALL })),
            (Direction::Backwards, true, _) => return Ok(Span { first: end, ..left }),
            (Direction::Backwards, false, true) => return Ok(left.and(Span { first, ..Span::ALL })),
        }
    }
    Ok(left)
}

/// As many buckets of a span as start no more than so many of these events of it, and one at least.
async fn bounded(
    tx: &impl ConnectionTrait,
    events: Select<event::Entity>,
    span: Span,
    direction: Direction,
    max_events: u64,
) -> Result<Span> {
    use event::Column;
    let buckets = events.select_only().column(Column::Bucket).offset(max_events).limit(1);
    let buckets = match direction {
        Direction::Forwards => buckets.order_by_asc(Column::Bucket),
        Direction::Backwards => buckets.order_by_desc(Column::Bucket),
    };
    let one_too_many: Option<i64> = buckets.into_tuple().one(tx).await?;
    Ok(match (one_too_many, direction) {
        (None, _) => span,
        (Some(bucket), Direction::Forwards) => Span { end: bucket.max(span.first + 1), ..span },
        (Some(bucket), Direction::Backwards) => Span { first: (bucket + 1).min(span.end - 1), ..span },
    })
}

/// Asks what a slice of a rule asks of the events in its buckets.
pub(in crate::store) async fn matching_example(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    rule: &StandingRule,
    span: Span,
) -> Result<()> {
    for direction in [Direction::Forwards, Direction::Backwards] {
        bounded(conn, matching(factory_id, rule, span.first..span.end), span, direction, MAX_EVENTS).await?;
    }
    hours_of(conn, matching(factory_id, rule, span.first - 1..span.end), span.first).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::timeline::Standing;
    use sea_orm::{DbBackend, QueryTrait as _};

    use super::*;

    #[test]
    fn the_buckets_of_a_slice_have_one_bound_on_either_side() {
        let rule = |to_bucket: Option<i64>| StandingRule {
            number: 1,
            standing: Standing::Quarantined,
            source: None,
            model_version: ModelVersions::All,
            from_ms: None,
            to_ms: to_bucket.map(|bucket| TimestampMs(bucket * BUCKET_MS)),
        };
        for (to_bucket, end) in [(None, 20), (Some(30), 20), (Some(15), 16)] {
            let events = matching(FactoryId(1), &rule(to_bucket), 10..20);
            let statement = events.build(DbBackend::Sqlite).to_string();
            assert_eq!(statement.matches(r#""bucket" <"#).count(), 1, "{statement}");
            assert!(statement.contains(&format!(r#""bucket" < {end}"#)), "{statement}");
        }
    }
}
