//! A factory's raw events, hour by hour, as the sums of that hour. What is held is an hour of events and those that
//! reach into the next.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    MS_PER_HOUR,
    bucket::{BUCKET_MS, Level},
    event::EntityType,
    id::{EntityId, FactoryId},
    reading, state,
    time::TimestampMs,
    timeline::{self, Correction, Counted, Observation, Segment, Standing},
    totals::Totals,
};
use entity::event::{self, Column};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::store::{
    applied::{Applied, Region, Span},
    entities::Entity,
    error::Result,
    name_order,
    reach::Reach,
    report::Report,
    sources::LastEvents,
};

/// Five-minute buckets in an hour.
const BUCKETS_PER_HOUR: i64 = MS_PER_HOUR / BUCKET_MS;

/// The five-minute sums of one hour, by bucket and entity.
pub(super) struct HourSums {
    pub(super) hour: i64,
    pub(super) sums: BTreeMap<(i64, EntityId), Totals>,
}

/// What an entity was last seen doing, as its raw events say.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) reach: Reach,
    pub(super) current: Option<Segment>,
}

/// The walk over a factory's hours.
pub(super) struct Hours<'a, C> {
    conn: &'a C,
    factory_id: FactoryId,
    applied: &'a Applied,
    /// The workstations by their codes.
    workstations: HashMap<String, EntityId>,
    next_hour: i64,
    /// The events that reach past the hours behind, and all that started together with those.
    reaching: HashMap<EntityId, Vec<Report>>,
    seen: HashMap<EntityId, Seen>,
    last_events: LastEvents,
}

impl<'a, C: ConnectionTrait> Hours<'a, C> {
    pub(super) fn new(conn: &'a C, factory_id: FactoryId, entities: &[Entity], applied: &'a Applied) -> Self {
        let workstations = entities.iter().filter(|entity| entity.entity_type == EntityType::Workstation);
        Self {
            conn,
            factory_id,
            applied,
            workstations: workstations.map(|entity| (entity.code.clone(), entity.id)).collect(),
            next_hour: i64::MIN,
            reaching: HashMap::new(),
            seen: HashMap::new(),
            last_events: LastEvents::default(),
        }
    }

    /// The next hour that holds anything; none when there is no more.
    pub(super) async fn next(&mut self) -> Result<Option<HourSums>> {
        let hour = if self.reaching.is_empty() {
            let with_events = self.first_bucket_from(self.next_hour).await?;
            let with_events =
                with_events.map(|bucket| Level::Hour.bucket_of(TimestampMs(bucket * BUCKET_MS)));
            let hours = with_events.into_iter().chain(self.next_corrected_hour());
            let Some(hour) = hours.min() else { return Ok(None) };
            hour
        } else {
            self.next_hour
        };
        self.next_hour = hour + 1;
        let mut reports = std::mem::take(&mut self.reaching);
        for row in self.rows_of(hour).await? {
            self.last_events.add_row(&row);
            let report = Report::of_row(row)?;
            reports.entry(report.entity_id()).or_default().push(report);
        }
        self.keep_reaching(TimestampMs((hour + 1) * MS_PER_HOUR), &reports);
        let mut sums = BTreeMap::new();
        let buckets = Span { first: hour * BUCKETS_PER_HOUR, end: (hour + 1) * BUCKETS_PER_HOUR };
        let applied = self.applied;
        for Region { span, decided } in
            applied.regions().filter(|region| !region.span.and(buckets).is_empty())
        {
            for report in reports.values_mut().flatten() {
                report.judge(decided);
            }
            let mut counted = self.counted(span, reports.clone()).await?;
            for (entity_id, _) in self.corrections_in(hour) {
                counted.entry(entity_id).or_default();
            }
            let region = Region { span: span.and(buckets), decided };
            for (entity_id, counted) in counted {
                self.add_entity(region, entity_id, &counted, &mut sums);
            }
        }
        Ok(Some(HourSums { hour, sums }))
    }

    /// What the entities were last seen doing and when the sources were last seen, once there is no next hour.
    pub(super) fn into_seen(self) -> (HashMap<EntityId, Seen>, LastEvents) {
        (self.seen, self.last_events)
    }

    /// The next hour in which something is corrected.
    fn next_corrected_hour(&self) -> Option<i64> {
        let hours = self.applied.all_corrections().filter_map(|(_, correction)| {
            let first = Level::Hour.bucket_of(correction.from_ms);
            let last = Level::Hour.bucket_of(correction.to_ms);
            (last >= self.next_hour).then_some(first.max(self.next_hour))
        });
        hours.min()
    }

    fn corrections_in(&self, hour: i64) -> impl Iterator<Item = (EntityId, &Correction)> {
        let (starts_ms, ends_ms) = (TimestampMs(hour * MS_PER_HOUR), TimestampMs((hour + 1) * MS_PER_HOUR));
        self.applied
            .all_corrections()
            .filter(move |(_, correction)| correction.from_ms < ends_ms && starts_ms <= correction.to_ms)
    }

    fn keep_reaching(&mut self, ends_ms: TimestampMs, reports: &HashMap<EntityId, Vec<Report>>) {
        for (entity_id, reports) in reports {
            let started: HashSet<TimestampMs> = reports
                .iter()
                .map(|report| &report.observation)
                .filter(|observation| observation.ended_at_ms() > ends_ms)
                .map(|observation| observation.started_at_ms)
                .collect();
            let reaching =
                reports.iter().filter(|report| started.contains(&report.observation.started_at_ms));
            let reaching: Vec<Report> = reaching.cloned().collect();
            if !reaching.is_empty() {
                self.reaching.insert(*entity_id, reaching);
            }
        }
    }

    /// What counts of each entity, and of each workstation what workers' reports tell of it.
    async fn counted(
        &mut self,
        span: Span,
        mut reports: HashMap<EntityId, Vec<Report>>,
    ) -> Result<HashMap<EntityId, Vec<Observation>>> {
        let lists = reports.values_mut().map(|reports| reports.iter_mut().map(AsMut::as_mut).collect());
        name_order::find(self.conn, self.factory_id, lists).await?;
        let mut counted: HashMap<EntityId, Vec<Observation>> = HashMap::new();
        let mut told: HashMap<EntityId, Vec<Observation>> = HashMap::new();
        for (entity_id, mut reports) in reports {
            let seen = self.seen.entry(entity_id).or_default();
            let starts_here = |report: &&Report| span.holds(report.observation.started_at_ms);
            seen.reach = seen.reach.and(Reach::of(reports.iter().filter(starts_here)));
            for report in reports.iter().filter(starts_here) {
                let serves = report.observation.standing == Standing::Serving;
                let told = report.tells_of().filter(|_| serves);
                if let Some(workstation_id) = told.and_then(|code| self.workstations.get(code)) {
                    let seen = self.seen.entry(*workstation_id).or_default();
                    seen.reach.add_instant(report.observation.started_at_ms);
                }
            }
            reading::resolve(&mut reports);
            for report in &reports {
                let workstation = report.tells_of().and_then(|code| self.workstations.get(code));
                if let Some(workstation_id) = workstation {
                    if starts_here(&report) {
                        self.seen.entry(*workstation_id).or_default().reach.add(&report.observation);
                    }
                    told.entry(*workstation_id).or_default().push(report.observation.clone());
                }
            }
            counted.insert(entity_id, reports.into_iter().map(|report| report.observation).collect());
        }
        let mut told: Vec<(EntityId, Vec<Observation>, Vec<Observation>)> = told
            .into_iter()
            .map(|(workstation_id, told)| {
                (workstation_id, counted.remove(&workstation_id).unwrap_or_default(), told)
            })
            .collect();
        let lists = told.iter_mut().map(|(_, own, told)| own.iter_mut().chain(told).collect());
        name_order::find(self.conn, self.factory_id, lists).await?;
        for (workstation_id, mut own, told) in told {
            own.extend(state::derived(&told));
            counted.insert(workstation_id, own);
        }
        Ok(counted)
    }

    fn add_entity(
        &mut self,
        Region { span, decided }: Region<'_>,
        entity_id: EntityId,
        counted: &[Observation],
        sums: &mut BTreeMap<(i64, EntityId), Totals>,
    ) {
        let corrections = decided.corrections(entity_id, span.range());
        let counted =
            Counted { reports: counted.iter().collect(), corrections: corrections.iter().collect() };
        for (bucket, totals) in timeline::delta(&Counted::default(), &counted).range(span.first..span.end) {
            sums.insert((*bucket, entity_id), *totals);
        }
        let seen = self.seen.entry(entity_id).or_default();
        let mut segments = Vec::from_iter(seen.current);
        for segment in timeline::counted_segments(&counted) {
            if let Some((from_ms, to_ms)) = span.cut((segment.from_ms, segment.to_ms)) {
                timeline::push_segment(&mut segments, Segment { from_ms, to_ms, ..segment });
            }
        }
        seen.current = segments.pop();
    }

    async fn first_bucket_from(&self, hour: i64) -> Result<Option<i64>> {
        let first: Option<Option<i64>> = event::Entity::find()
            .select_only()
            .column_as(Column::Bucket.min(), "bucket")
            .filter(Column::FactoryId.eq(self.factory_id.0))
            .filter(Column::Bucket.gte(hour.saturating_mul(BUCKETS_PER_HOUR)))
            .into_tuple()
            .one(self.conn)
            .await?;
        Ok(first.flatten())
    }

    async fn rows_of(&self, hour: i64) -> Result<Vec<event::Model>> {
        Ok(event::Entity::find()
            .filter(Column::FactoryId.eq(self.factory_id.0))
            .filter(Column::Bucket.gte(hour * BUCKETS_PER_HOUR))
            .filter(Column::Bucket.lt((hour + 1) * BUCKETS_PER_HOUR))
            .all(self.conn)
            .await?)
    }
}
