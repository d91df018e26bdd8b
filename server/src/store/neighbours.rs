//! The stored events near a span of one entity's time: what a late event needs to know, and nothing more.
//!
//! The query names the buckets in which such an event can start, and from when to when, so each is one seek in the key
//! and what is read is what is asked for. Reports that start together are read together, because they decide which of them
//! counts.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::{
    bucket::{BUCKET_MS, bucket_of},
    event::EntityType,
    id::{EntityId, FactoryId},
    reading,
    state::derived,
    time::{DurationMs, TimestampMs},
    timeline::{self, Correction, Counted, Mark, Observation, Segment, Standing},
};
use entity::event;
use sea_orm::{ConnectionTrait, FromQueryResult as _, Statement};

use super::{
    applied::{Applied, Region, Span},
    engine::statement::{Kind, Sql, chunks},
    entities::Entity,
    error::Result,
    name_order,
    report::Report,
};

/// One entity's spans of time.
#[derive(Debug)]
pub(super) struct Near<'a> {
    pub(super) entity: &'a Entity,
    pub(super) ranges: Vec<(TimestampMs, TimestampMs)>,
}

impl Near<'_> {
    /// Where the events start that can reach into the spans: apart, so that no event is read twice.
    fn starts(&self) -> impl Iterator<Item = Starts> {
        // What begins so long before a span ends where it begins.
        let reach_ms = DurationMs((self.entity.longest_duration_ms.0 - 1).max(0));
        let reach = self.ranges.iter().map(|&(from_ms, to_ms)| (from_ms - reach_ms, to_ms));
        let reach = timeline::merged(reach);
        reach.into_iter().flat_map(|(from_ms, to_ms)| starts(self.entity.id, from_ms, to_ms))
    }

    /// From the first of the spans to the last.
    fn hull(&self) -> Option<(TimestampMs, TimestampMs)> {
        let from_ms = self.ranges.iter().map(|range| range.0).min()?;
        Some((from_ms, self.ranges.iter().map(|range| range.1).max()?))
    }

    fn holds(&self, event: &event::Model) -> bool {
        self.ranges.iter().any(|&(from_ms, to_ms)| {
            let ends_ms = event.started_at + event.duration_ms;
            event.started_at < to_ms.0 && (ends_ms > from_ms.0 || event.started_at >= from_ms.0)
        })
    }
}

/// What counts of an entity in a span of time whose buckets are all counted alike.
#[derive(Clone, Debug)]
pub(super) struct SpanEvents {
    pub(super) span: Span,
    pub(super) reports: Vec<Observation>,
    pub(super) corrections: Vec<Correction>,
}

impl SpanEvents {
    pub(super) fn counted(&self) -> Counted<'_> {
        Counted { reports: self.reports.iter().collect(), corrections: self.corrections.iter().collect() }
    }

    /// What of its segments lies in the span, in the order of time.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let segments = timeline::counted_segments(&self.counted()).into_iter();
        let cut = segments.filter_map(|segment| {
            let (from_ms, to_ms) = self.span.cut((segment.from_ms, segment.to_ms))?;
            Some(Segment { from_ms, to_ms, ..segment })
        });
        cut.collect()
    }

    /// What is contested or corrected in the span, in the order of time.
    fn marks(&self) -> Vec<Mark> {
        let marks = timeline::marks(&self.counted()).into_iter();
        let cut = marks.filter_map(|mark| {
            let (from_ms, to_ms) = self.span.cut((mark.from_ms, mark.to_ms))?;
            Some(Mark { from_ms, to_ms, ..mark })
        });
        cut.collect()
    }
}

/// What counts of an entity.
#[derive(Clone, Debug, Default)]
pub(super) struct EntityEvents {
    /// In the order of time.
    spans: Vec<SpanEvents>,
    /// The latest end of its own events among them that serve, whether or not another reading counts instead.
    pub(super) last_seen_at_ms: Option<TimestampMs>,
}

impl EntityEvents {
    /// Its segments, in the order of time.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        for segment in self.spans.iter().flat_map(SpanEvents::segments) {
            timeline::push_segment(&mut segments, segment);
        }
        segments
    }

    /// What is contested or corrected of it, in the order of time.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        for mark in self.spans.iter().flat_map(SpanEvents::marks) {
            timeline::push_mark(&mut marks, mark);
        }
        marks
    }

    /// The latest start of those of its own events among them that serve.
    pub(super) fn last_start_ms(&self) -> Option<TimestampMs> {
        let serving = self.spans.iter().flat_map(|SpanEvents { span, reports, .. }| {
            reports
                .iter()
                .filter(|report| report.derived_from_ms.is_none() && report.standing == Standing::Serving)
                .map(|report| report.started_at_ms)
                .filter(|started_at_ms| span.holds(*started_at_ms))
        });
        serving.max()
    }

    fn of_span(&mut self, span: Span) -> &mut SpanEvents {
        if self.spans.last().is_none_or(|last| last.span != span) {
            self.spans.push(SpanEvents { span, reports: Vec::new(), corrections: Vec::new() });
        }
        let last = self.spans.len() - 1;
        &mut self.spans[last]
    }
}

/// The stored events that overlap the spans or start in them, and all that start together with those, by entity, and how many
/// rows were read to find them.
pub(super) async fn stored(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    near: &[Near<'_>],
) -> Result<(HashMap<EntityId, Vec<Report>>, usize)> {
    let by_entity: HashMap<i32, &Near<'_>> = near.iter().map(|near| (near.entity.id.0, near)).collect();
    let starts: Vec<Starts> = near.iter().flat_map(Near::starts).collect();
    let rows = starting(conn, factory_id, &starts).await?;
    let rows_read = rows.len();
    let held: HashSet<(i32, i64)> = rows
        .iter()
        .filter(|row| by_entity.get(&row.entity_id).is_some_and(|near| near.holds(row)))
        .map(|row| (row.entity_id, row.started_at))
        .collect();
    let mut found: HashMap<EntityId, Vec<Report>> = HashMap::new();
    for row in rows.into_iter().filter(|row| held.contains(&(row.entity_id, row.started_at))) {
        found.entry(EntityId(row.entity_id)).or_default().push(Report::of_row(row)?);
    }
    Ok((found, rows_read))
}

/// What counts of entities in the spans, by entity, and how many rows were read to find it. Only events are regarded that end
/// up to an instant; a state report that is followed later goes on at it.
pub(super) async fn counted(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    near: &[Near<'_>],
    until_ms: TimestampMs,
) -> Result<(HashMap<EntityId, EntityEvents>, usize)> {
    let (mut found, mut rows_read) = stored(conn, factory_id, near).await?;
    let workstations: Vec<&Near<'_>> = near.iter().filter(|near| may_be_told_of(near.entity)).collect();
    let told = told_of(conn, factory_id, &workstations).await?;
    rows_read += told.len();
    let mut of_workers = by_worker(told);
    let ids: HashSet<EntityId> =
        near.iter().map(|near| near.entity.id).chain(of_workers.keys().copied()).collect();
    let applied = Applied::read(conn, factory_id, Some(&Vec::from_iter(ids))).await?;
    for reports in found.values_mut().chain(of_workers.values_mut()) {
        *reports =
            std::mem::take(reports).into_iter().filter_map(|report| report.known_until(until_ms)).collect();
    }
    let mut events: HashMap<EntityId, EntityEvents> = HashMap::with_capacity(found.len());
    let mut regions: VecDeque<Region<'_>> = applied.regions().collect();
    while let Some(region) = regions.pop_front() {
        let stored = if regions.is_empty() {
            (std::mem::take(&mut found), std::mem::take(&mut of_workers))
        } else {
            (found.clone(), of_workers.clone())
        };
        count(conn, factory_id, region, (near, &workstations), stored, &mut events).await?;
    }
    Ok((events, rows_read))
}

/// Adds what counts in a region of stored events of entities and of workers that tell of workstations.
async fn count(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    Region { span, decided }: Region<'_>,
    (near, workstations): (&[Near<'_>], &[&Near<'_>]),
    (mut found, mut of_workers): (HashMap<EntityId, Vec<Report>>, HashMap<EntityId, Vec<Report>>),
    events: &mut HashMap<EntityId, EntityEvents>,
) -> Result<()> {
    for report in found.values_mut().chain(of_workers.values_mut()).flatten() {
        report.judge(decided);
    }
    let lists = found.values_mut().map(|reports| reports.iter_mut().map(AsMut::as_mut).collect());
    // Those of several workers are compared with each other.
    let of_all_workers = of_workers.values_mut().flatten().map(AsMut::as_mut).collect();
    name_order::find(conn, factory_id, lists.chain([of_all_workers])).await?;
    for (entity_id, mut reports) in found {
        let events = events.entry(entity_id).or_default();
        events.last_seen_at_ms = events.last_seen_at_ms.max(last_served_ms(&reports, span));
        reading::resolve(&mut reports);
        events.of_span(span).reports = reports.into_iter().map(|report| report.observation).collect();
    }
    for reports in of_workers.values_mut() {
        reading::resolve(reports);
    }
    for Near { entity, .. } in workstations {
        let here = of_workers.values().flatten().filter(|report| report.tells_of() == Some(&entity.code));
        let derived = derived(here.map(|report| &report.observation));
        if !derived.is_empty() {
            events.entry(entity.id).or_default().of_span(span).reports.extend(derived);
        }
    }
    for near in near {
        let corrections =
            near.hull().map(|hull| decided.corrections(near.entity.id, hull)).unwrap_or_default();
        if !corrections.is_empty() {
            events.entry(near.entity.id).or_default().of_span(span).corrections = corrections;
        }
    }
    Ok(())
}

/// The latest end of those reports that serve and start in a span.
pub(super) fn last_served_ms<'a>(
    reports: impl IntoIterator<Item = &'a Report>,
    span: Span,
) -> Option<TimestampMs> {
    let observations = reports.into_iter().map(|report| &report.observation);
    let serving = observations
        .filter(|report| report.standing == Standing::Serving && span.holds(report.started_at_ms));
    serving.map(Observation::ended_at_ms).max()
}

/// Whether state reports of workers may tell of an entity.
pub(super) fn may_be_told_of(entity: &Entity) -> bool {
    entity.entity_type == EntityType::Workstation && entity.hides_events
}

/// Reports by the worker of whom they are.
pub(super) fn by_worker(reports: Vec<Report>) -> HashMap<EntityId, Vec<Report>> {
    let mut by_worker: HashMap<EntityId, Vec<Report>> = HashMap::new();
    for report in reports {
        by_worker.entry(report.entity_id()).or_default().push(report);
    }
    by_worker
}

/// The state reports of workers that tell of workstations in the spans, and all reports of theirs that start together with
/// those.
pub(super) async fn told_of(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    workstations: &[&Near<'_>],
) -> Result<Vec<Report>> {
    const KINDS: [Kind; 4] = [Kind::Text, Kind::BigInt, Kind::BigInt, Kind::BigInt];
    let ranges: Vec<(&str, TimestampMs, TimestampMs, TimestampMs)> = workstations
        .iter()
        .flat_map(|near| {
            let (code, longest_ms) = (near.entity.code.as_str(), near.entity.longest_duration_ms);
            near.ranges.iter().map(move |&(from_ms, to_ms)| (code, from_ms - longest_ms, from_ms, to_ms))
        })
        .collect();
    let mut moments: HashSet<(EntityId, TimestampMs)> = HashSet::new();
    for chunk in chunks(conn.get_database_backend(), ranges.len()) {
        let rows = ranges[chunk].iter().map(|&(code, starts_from_ms, from_ms, to_ms)| {
            [code.into(), starts_from_ms.0.into(), from_ms.0.into(), to_ms.0.into()]
        });
        let on = |sql: Sql| {
            sql.text("found.factory_id = ").bind(factory_id.0).text(
                " AND found.series <> 0 AND found.workstation = column1 AND found.started_at >= column2 \
                 AND found.started_at < column4 AND (found.started_at + found.duration_ms > column3 \
                 OR found.started_at >= column3)",
            )
        };
        let select = Sql::seek(conn, "found.entity_id, found.started_at", "event", (&KINDS, rows), on);
        for row in conn.query_all_raw(select.build()).await? {
            moments.insert((EntityId(row.try_get_by_index(0)?), TimestampMs(row.try_get_by_index(1)?)));
        }
    }
    at(conn, factory_id, moments).await
}

/// The stored events that start at instants.
pub(super) async fn at(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    moments: impl IntoIterator<Item = (EntityId, TimestampMs)>,
) -> Result<Vec<Report>> {
    let mut starts: Vec<Starts> = moments
        .into_iter()
        .map(|(entity_id, at_ms)| (bucket_of(at_ms), entity_id, at_ms, at_ms + DurationMs(1)))
        .collect();
    starts.sort_unstable();
    starting(conn, factory_id, &starts).await?.into_iter().map(Report::of_row).collect()
}

/// What counts of entities that starts within a span of time each, or reaches into it.
pub(super) async fn counted_within(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    spans: impl Iterator<Item = (&Entity, TimestampMs, TimestampMs)>,
    until_ms: TimestampMs,
) -> Result<HashMap<EntityId, EntityEvents>> {
    let near: Vec<Near<'_>> =
        spans.map(|(entity, from_ms, to_ms)| Near { entity, ranges: vec![(from_ms, to_ms)] }).collect();
    Ok(counted(conn, factory_id, &near, until_ms).await?.0)
}

/// A bucket, an entity, and from when to when its events start there.
type Starts = (i64, EntityId, TimestampMs, TimestampMs);

/// A span of one entity's starts, bucket by bucket.
fn starts(entity_id: EntityId, from_ms: TimestampMs, to_ms: TimestampMs) -> impl Iterator<Item = Starts> {
    (bucket_of(from_ms)..=bucket_of(to_ms - DurationMs(1)))
        .map(move |bucket| (bucket, entity_id, from_ms, to_ms))
}

async fn starting(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    starts: &[Starts],
) -> Result<Vec<event::Model>> {
    let mut rows = Vec::new();
    for chunk in chunks(conn.get_database_backend(), starts.len()) {
        for row in conn.query_all_raw(starting_in(conn, factory_id, &starts[chunk])).await? {
            rows.push(event::Model::from_query_result(&row, "")?);
        }
    }
    Ok(rows)
}

fn starting_in(conn: &impl ConnectionTrait, factory_id: FactoryId, starts: &[Starts]) -> Statement {
    const KINDS: [Kind; 4] = [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::BigInt];
    let rows = starts.iter().map(|&(bucket, entity_id, from_ms, to_ms)| {
        [bucket.into(), entity_id.0.into(), from_ms.0.into(), to_ms.0.into()]
    });
    let on = |sql: Sql| {
        sql.text("found.factory_id = ").bind(factory_id.0).text(
            " AND found.bucket = column1 AND found.entity_id = column2 AND found.started_at >= column3 \
             AND found.started_at < column4",
        )
    };
    Sql::seek(conn, "found.*", "event", (&KINDS, rows), on).build()
}

/// The statement that reads the events that a late event may overlap, to be explained.
pub(super) fn example(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Statement {
    starting_in(conn, factory_id, &[(0, EntityId(1), TimestampMs(0), TimestampMs(BUCKET_MS))])
}
