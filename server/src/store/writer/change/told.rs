//! Whose events change: workers first, because what their state reports tell of workstations is known then.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    event::EntityType,
    id::EntityId,
    reading, state,
    time::TimestampMs,
    timeline::{self, Counted, Observation},
};
use sea_orm::ConnectionTrait;

use super::{
    BeforeAndAfter, Ranges, RowsOfEntity,
    finder::{Finder, Reports, observations},
    near::near_entity,
};
use crate::store::{
    error::Result,
    name_order,
    neighbours::{self, Near},
    reach::Reach,
    report::Report,
};

/// What workers' state reports tell of a workstation, where something changes.
#[derive(Debug, Default)]
struct Told {
    /// Those that told of it before.
    before: Vec<Observation>,
    /// Those that tell of it now.
    after: Vec<Observation>,
    /// The workers and instants whose reports are among them as far as they are stored.
    known: HashSet<(EntityId, TimestampMs)>,
    reach: Reach,
    last_served_ms: BeforeAndAfter<Option<TimestampMs>>,
}

impl Told {
    /// Takes note of when something that serves tells of it, before or now.
    fn served_until(
        &mut self,
        at_ms: TimestampMs,
        side: fn(&mut BeforeAndAfter<Option<TimestampMs>>) -> &mut Option<TimestampMs>,
    ) {
        let last_ms = side(&mut self.last_served_ms);
        *last_ms = (*last_ms).max(Some(at_ms));
    }

    fn changed(&self) -> Ranges {
        timeline::change(&Counted::reports(&self.before), &Counted::reports(&self.after)).ranges
    }
}

impl<'a, C: ConnectionTrait> Finder<'a, '_, C> {
    /// Finds out what changes of workers and workstations that have these new rows, or of which something else is decided.
    pub(super) async fn find(
        &mut self,
        workers: &RowsOfEntity<'a>,
        workstations: RowsOfEntity<'a>,
    ) -> Result<()> {
        let told = self.find_of_workers(workers).await?;
        self.find_of_workstations(workstations, told).await
    }

    /// Finds out what changes of workers, and answers with what that tells of workstations.
    async fn find_of_workers(&mut self, rows: &RowsOfEntity<'a>) -> Result<BTreeMap<EntityId, Told>> {
        let mut stored = self.stored(rows, &mut self.decided.clone()).await?;
        let mut reports: BTreeMap<EntityId, Reports> = BTreeMap::new();
        for (&entity_id, new) in rows {
            match stored.remove(&entity_id) {
                None if self.is_plain(entity_id, new) => self.add_plain(entity_id, new)?,
                stored => drop(reports.insert(entity_id, self.with_new(stored.unwrap_or_default(), new)?)),
            }
        }
        let lists = reports.values_mut().map(|reports| reports.observations().collect());
        name_order::find(self.tx, self.factory_id, lists).await?;
        let mut told = BTreeMap::new();
        for (entity_id, mut reports) in reports {
            let (reach, last_served_ms) = (self.reach_of(&reports.after), self.last_served_ms(&reports));
            self.keep_open(entity_id, &reports.after);
            for report in reports.before.iter().filter(|report| self.serves_here(report)) {
                if let Some(told) = self.told_by(&mut told, report) {
                    told.served_until(report.observation.started_at_ms, |last_ms| &mut last_ms.before);
                }
            }
            for report in reports.after.iter().filter(|report| self.serves_here(report)) {
                if let Some(told) = self.told_by(&mut told, report) {
                    told.reach.add_instant(report.observation.started_at_ms);
                    told.served_until(report.observation.started_at_ms, |last_ms| &mut last_ms.after);
                }
            }
            // Of those that start together one covers what follows, and the others end where they start.
            reading::resolve(&mut reports.before);
            reading::resolve(&mut reports.after);
            for report in &reports.before {
                if let Some(told) = self.told_by(&mut told, report) {
                    told.known.insert((entity_id, report.observation.started_at_ms));
                    told.before.push(report.observation.clone());
                    if self.serves_here(report) {
                        told.served_until(report.observation.ended_at_ms(), |last_ms| &mut last_ms.before);
                    }
                }
            }
            for report in &reports.after {
                if let Some(told) = self.told_by(&mut told, report) {
                    told.after.push(report.observation.clone());
                    if self.serves_here(report) {
                        told.reach.add(&report.observation);
                        told.served_until(report.observation.ended_at_ms(), |last_ms| &mut last_ms.after);
                    }
                }
            }
            let Reports { before, after } = reports;
            let counted = (observations(before), observations(after));
            self.add_change(entity_id, counted, (reach, last_served_ms), None);
        }
        Ok(told)
    }

    /// Finds out what changes of workstations.
    async fn find_of_workstations(
        &mut self,
        mut rows: RowsOfEntity<'a>,
        mut told: BTreeMap<EntityId, Told>,
    ) -> Result<()> {
        for workstation_id in told.keys() {
            rows.entry(*workstation_id).or_default();
        }
        let mut changed = self.decided.clone();
        for (workstation_id, told) in &told {
            changed.entry(*workstation_id).or_default().extend(told.changed());
        }
        let mut stored = self.stored(&rows, &mut changed).await?;
        let mut others = self.others_told(&rows, &changed, &told).await?;
        let mut pending: Vec<(EntityId, Reports, Told, Vec<Report>)> = Vec::new();
        for (entity_id, new) in &rows {
            let (told, others) = (told.remove(entity_id), others.remove(entity_id));
            match stored.remove(entity_id) {
                None if told.is_none() && others.is_none() && self.is_plain(*entity_id, new) => {
                    self.add_plain(*entity_id, new)?;
                }
                stored => {
                    let reports = self.with_new(stored.unwrap_or_default(), new)?;
                    pending.push((*entity_id, reports, told.unwrap_or_default(), others.unwrap_or_default()));
                }
            }
        }
        let lists = pending.iter_mut().map(|(_, reports, told, others)| {
            let told = told.before.iter_mut().chain(&mut told.after);
            reports.observations().chain(told).chain(others.iter_mut().map(AsMut::as_mut)).collect()
        });
        name_order::find(self.tx, self.factory_id, lists).await?;
        for (entity_id, mut reports, told, others) in pending {
            let reach = self.reach_of(&reports.after).and(told.reach);
            let own_ms = self.last_served_ms(&reports);
            let last_served_ms = BeforeAndAfter {
                before: own_ms.before.max(told.last_served_ms.before),
                after: own_ms.after.max(told.last_served_ms.after),
            };
            self.keep_open(entity_id, &reports.after);
            reading::resolve(&mut reports.before);
            reading::resolve(&mut reports.after);
            let others = self.telling_of(entity_id, others);
            let with_derived = |own: Vec<Report>, told: &[Observation]| {
                let derived = state::derived(told.iter().chain(&others));
                observations(own).into_iter().chain(derived).collect()
            };
            let before = with_derived(reports.before, &told.before);
            let after = with_derived(reports.after, &told.after);
            let new = rows.get(&entity_id).map(Vec::as_slice).unwrap_or_default();
            let ended = self.followed.ended_of(entity_id).map(|ended| (ended.at_ms, ended.until_ms));
            // Past its latest report nobody else told of it, or that was looked for.
            let known: Ranges = self.ranges(entity_id, new, &changed).into_iter().chain(ended).collect();
            let known = timeline::merged(known);
            self.add_change(entity_id, (before, after), (reach, last_served_ms), Some(known));
        }
        Ok(())
    }

    /// The state reports that tell of workstations near what changes of them, whole instants of workers, without those that are
    /// known.
    async fn others_told(
        &mut self,
        rows: &RowsOfEntity<'a>,
        changed: &BTreeMap<EntityId, Ranges>,
        known: &BTreeMap<EntityId, Told>,
    ) -> Result<HashMap<EntityId, Vec<Report>>> {
        let near: Vec<Near<'_>> = rows
            .iter()
            .map(|(&entity_id, rows)| (entity_id, self.ranges_to_read(entity_id, rows, changed)))
            .filter_map(|(entity_id, ranges)| near_entity(self.cache, entity_id, ranges))
            .filter(|near| neighbours::may_be_told_of(near.entity))
            .collect();
        let near_refs: Vec<&Near<'_>> = near.iter().collect();
        let mut told = neighbours::told_of(self.tx, self.factory_id, &near_refs).await?;
        for report in &mut told {
            report.judge(self.after);
        }
        self.changes.rows_read += told.len();
        let mut others: HashMap<EntityId, Vec<Report>> = HashMap::new();
        for instant in told.chunk_by(|one, other| instant_of(one) == instant_of(other)) {
            for Near { entity, .. } in &near {
                let is_known =
                    known.get(&entity.id).is_some_and(|told| told.known.contains(&instant_of(&instant[0])));
                if !is_known && instant.iter().any(|report| report.tells_of() == Some(&entity.code)) {
                    others.entry(entity.id).or_default().extend_from_slice(instant);
                }
            }
        }
        Ok(others)
    }

    /// Of whole instants of workers, those that count and tell of a workstation.
    fn telling_of(&self, workstation_id: EntityId, reports: Vec<Report>) -> Vec<Observation> {
        let Some(workstation) = self.cache.entities.get(&workstation_id) else { return Vec::new() };
        let mut telling = Vec::new();
        for mut reports in neighbours::by_worker(reports).into_values() {
            reading::resolve(&mut reports);
            let here = reports.into_iter().filter(|report| report.tells_of() == Some(&workstation.code));
            telling.extend(here.map(|report| report.observation));
        }
        telling
    }

    fn told_by<'t>(&self, told: &'t mut BTreeMap<EntityId, Told>, report: &Report) -> Option<&'t mut Told> {
        let workstation = self.cache.entity(EntityType::Workstation, report.tells_of()?)?;
        Some(told.entry(workstation.id).or_default())
    }
}

fn instant_of(report: &Report) -> (EntityId, TimestampMs) {
    (report.entity_id(), report.observation.started_at_ms)
}
