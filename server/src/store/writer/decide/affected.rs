//! What a decision is about: of which entities, and when.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    bucket::bucket_of,
    decision::{ModelVersions, Reach, StandingRule},
    event::EventType,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    window::Window,
};
use entity::{decision_entity, event};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{NotDecided, Outcome};
use crate::store::{
    decisions::MAX_DECIDED_EVENTS,
    error::Result,
    neighbours,
    report::{Report, SeriesKey, stored_model},
    rollups, series,
    writer::{cache::Cache, change::Ranges},
};

/// What a decision is about.
#[derive(Debug)]
pub(super) struct Affected {
    /// The spans of the entities in which something may count otherwise.
    pub(super) ranges: BTreeMap<EntityId, Ranges>,
    /// The latest instants of their series.
    pub(super) open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>>,
    /// How many stored events it is about.
    pub(super) events: i64,
    /// Whether reports of workers are among them that tell of workstations.
    pub(super) is_told_together: bool,
    /// What it has in common with other decisions.
    pub(super) reach: Reach,
}

/// Finds what a decision is about that says something of entities, or that is a rule.
pub(super) async fn find(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &Cache,
    rows: &[decision_entity::Model],
    rule: Option<&StandingRule>,
) -> Outcome<Affected> {
    let mut ranges: BTreeMap<EntityId, Ranges> = BTreeMap::new();
    let (mut events, mut is_told_together) = (0, false);
    let mut entities = BTreeSet::new();
    let mut span = (TimestampMs::MAX, TimestampMs::MIN);
    for row in rows {
        let entity_id = EntityId(row.entity_id);
        entities.insert(entity_id);
        let mut range = (TimestampMs(row.from_at), TimestampMs(row.to_at));
        if let Some(event_type) = row.retracted_type {
            let reports = neighbours::at(tx, factory_id, [(entity_id, range.0)]).await?;
            let told: Vec<&Report> =
                reports.iter().filter(|report| is_retracted(row, event_type, report)).collect();
            if told.is_empty() {
                return Ok(Err(NotDecided::NoSuchEvent));
            }
            events += told.len() as i64;
            is_told_together |= told.iter().any(|report| report.tells_of().is_some());
            let ends_ms = told.iter().map(|report| report.observation.ended_at_ms()).max();
            range.1 = ends_ms.unwrap_or(range.1);
        }
        span = (span.0.min(range.0), span.1.max(range.1));
        ranges.entry(entity_id).or_default().push((range.0, range.1.max(range.0 + DurationMs(1))));
    }
    if rule.is_none() && !ranges.is_empty() && rows.iter().all(|row| row.retracted_type.is_none()) {
        let window =
            Window { from_ms: grid(span.0), to_ms: grid(span.1 + DurationMs(domain::bucket::BUCKET_MS)) };
        let ids: Vec<EntityId> = entities.iter().copied().collect();
        let sums = rollups::totals(tx, factory_id, Some(window), Some(&ids)).await?;
        events = sums.values().map(|sums| sums.events).sum();
    }
    let mut reach = Reach::Entities { entities, from_ms: span.0, to_ms: span.1 };
    if let Some(rule) = rule {
        reach = Reach::from(rule);
        let found = of_rule(tx, factory_id, rule).await?;
        let Ok(found) = found else {
            return Ok(Err(NotDecided::TooManyEvents(found.err().unwrap_or_default())));
        };
        events = found.events;
        is_told_together = found.is_told_together;
        ranges = found.ranges;
    }
    let mut open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>> = BTreeMap::new();
    if ranges.keys().any(|id| cache.entities.get(id).is_some_and(|entity| entity.hides_events)) {
        for report in series::open_reports(tx, factory_id).await? {
            open.entry(report.key.entity_id).or_default().push((report.key, report.at_ms));
        }
    }
    Ok(Ok(Affected { ranges, open, events, is_told_together, reach }))
}

fn is_retracted(row: &decision_entity::Model, event_type: i16, report: &Report) -> bool {
    let form = report.observation.form as i16;
    report.row.event_type == event_type
        && Some(form) == row.retracted_form
        && report.row.event_code == row.retracted_code
}

fn grid(at_ms: TimestampMs) -> TimestampMs {
    TimestampMs(bucket_of(at_ms) * domain::bucket::BUCKET_MS)
}

#[derive(Default)]
struct OfRule {
    ranges: BTreeMap<EntityId, Ranges>,
    events: i64,
    is_told_together: bool,
}

/// The stored events that a rule is about; how many, where they are too many.
async fn of_rule(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    rule: &StandingRule,
) -> Result<std::result::Result<OfRule, i64>> {
    use event::Column;
    const ROWS_AT_ONCE: u64 = 20_000;
    let mut found = OfRule::default();
    let mut examined = event::Entity::find().filter(Column::FactoryId.eq(factory_id.0));
    if let Some(from_ms) = rule.from_ms {
        examined =
            examined.filter(Column::Bucket.gte(bucket_of(from_ms))).filter(Column::StartedAt.gte(from_ms.0));
    }
    if let Some(to_ms) = rule.to_ms {
        examined =
            examined.filter(Column::Bucket.lte(bucket_of(to_ms))).filter(Column::StartedAt.lt(to_ms.0));
    }
    if let Some(source) = rule.source {
        examined = examined.filter(Column::SourceId.eq(source.0));
    }
    examined = match rule.model_version {
        ModelVersions::All => examined,
        ModelVersions::Without => examined.filter(Column::ModelVersionId.eq(stored_model(None))),
        ModelVersions::One(one) => examined.filter(Column::ModelVersionId.eq(stored_model(Some(one)))),
    };
    let mut after_bucket = i64::MIN;
    loop {
        let page = examined
            .clone()
            .filter(Column::Bucket.gt(after_bucket))
            .order_by_asc(Column::Bucket)
            .limit(ROWS_AT_ONCE)
            .all(tx)
            .await?;
        let is_last = (page.len() as u64) < ROWS_AT_ONCE;
        let last_bucket = page.last().map_or(i64::MAX, |row| row.bucket);
        let first_bucket = page.first().map_or(i64::MAX, |row| row.bucket);
        if !is_last && first_bucket == last_bucket {
            return Ok(Err(found.events + page.len() as i64));
        }
        // The last bucket may have more than was read.
        for row in page.into_iter().filter(|row| is_last || row.bucket < last_bucket) {
            let report = Report::of_row(row)?;
            let tells = report.row.series != 0 && report.row.event_type != EventType::Absent as i16;
            found.is_told_together |= tells && report.row.workstation.is_some();
            let from_ms = report.observation.started_at_ms;
            let to_ms = report.observation.ended_at_ms().max(from_ms + DurationMs(1));
            found.events += 1;
            let ranges = found.ranges.entry(report.entity_id()).or_default();
            match ranges.last_mut() {
                Some(last) if from_ms <= last.1 && last.0 <= from_ms => last.1 = last.1.max(to_ms),
                _ => ranges.push((from_ms, to_ms)),
            }
        }
        if found.events > MAX_DECIDED_EVENTS {
            return Ok(Err(found.events));
        }
        if is_last {
            return Ok(Ok(found));
        }
        after_bucket = last_bucket - 1;
    }
}
