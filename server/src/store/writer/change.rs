//! What new events change: of each entity what counted near them before, and what counts now.
//!
//! * An event past its entity's frontier touches nothing that is stored, so it is alone. Any other is judged among its
//!   neighbours, which alone are read.
//! * Workers come first, because what their state reports tell of workstations is known then.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use domain::{
    event::{EntityType, EventForm},
    id::{EntityId, FactoryId},
    reading, state,
    time::{DurationMs, TimestampMs},
    timeline::{self, Counted, Observation, Standing},
};
use entity::event;
use sea_orm::ConnectionTrait;

use super::{cache::Cache, followed::Followed, row::NewRow};
use crate::store::{
    applied::{Region, Span},
    decided::Decided,
    error::Result,
    name_order,
    neighbours::{self, Near, SpanEvents},
    reach::Reach,
    report::{Report, SeriesKey, identity_of},
    series::OpenReport,
};

/// What changes of one entity.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// What counted near it before, and what counts there now, in the order of time.
    pub(super) spans: Vec<ChangedSpan>,
    /// What is newly known of its events.
    pub(super) reach: Reach,
    /// The latest end of what serves near it, before and now.
    pub(super) last_served_ms: BeforeAndAfter<Option<TimestampMs>>,
}

impl Change {
    fn add(&mut self, other: Self) {
        self.spans.extend(other.spans);
        self.reach = self.reach.and(other.reach);
        self.last_served_ms.before = self.last_served_ms.before.max(other.last_served_ms.before);
        self.last_served_ms.after = self.last_served_ms.after.max(other.last_served_ms.after);
    }
}

/// What counted of an entity in a span whose buckets are all counted alike, and what counts there now.
#[derive(Debug)]
pub(super) struct ChangedSpan {
    pub(super) before: SpanEvents,
    pub(super) after: SpanEvents,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BeforeAndAfter<T> {
    pub(super) before: T,
    pub(super) after: T,
}

/// What a group's new events change.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// The new rows in the order of their key.
    pub(super) rows: Vec<Cow<'a, event::Model>>,
    /// The stored state reports that count for another time now.
    pub(super) ended: Vec<event::Model>,
    /// The latest state reports of the series that have a new one.
    pub(super) open: Vec<OpenReport>,
    /// By entity.
    pub(super) by_entity: BTreeMap<EntityId, Change>,
    /// The earliest stored instant that a new report follows right after: nothing changes before it that is not new itself.
    pub(super) ended_from_ms: Option<TimestampMs>,
    /// How many stored events were read to find out.
    pub(super) rows_read: usize,
}

impl Changes<'_> {
    fn add(&mut self, other: Self) {
        let Changes { rows, ended, open, by_entity, rows_read, ended_from_ms: _ } = other;
        self.rows.extend(rows);
        // What reaches over a boundary was found on both sides of it.
        let is_new = |row: &event::Model, known: &[event::Model]| {
            known.iter().all(|known| identity_of(known) != identity_of(row))
        };
        let ended: Vec<event::Model> = ended.into_iter().filter(|row| is_new(row, &self.ended)).collect();
        self.ended.extend(ended);
        self.open.extend(open);
        for (entity_id, change) in by_entity {
            self.by_entity.entry(entity_id).or_default().add(change);
        }
        self.rows_read += rows_read;
    }
}

/// Finds out what new events change, before they are inserted.
pub(super) async fn find<'a>(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &Cache,
    new: &[&'a NewRow<'a>],
) -> Result<Changes<'a>> {
    let followed = Followed::find(tx, factory_id, new).await?;
    let open = new_open(&followed, new);
    let mut changes = Changes::default();
    for Region { span, decided } in cache.applied.regions() {
        let (mut workers, mut workstations) = (RowsOfEntity::new(), RowsOfEntity::new());
        for row in new.iter().filter(|row| may_change(row, span)) {
            let of_type =
                if row.event.entity_type == EntityType::Worker { &mut workers } else { &mut workstations };
            of_type.entry(row.entity_id).or_default().push(row);
        }
        if workers.is_empty() && workstations.is_empty() {
            continue;
        }
        let mut finder = Finder {
            tx,
            factory_id,
            cache,
            span,
            before: decided,
            after: decided,
            open: open.clone(),
            followed: &followed,
            decided: BTreeMap::new(),
            changes: Changes::default(),
        };
        let told = finder.find_of_workers(&workers).await?;
        finder.find_of_workstations(workstations, told).await?;
        changes.add(finder.changes);
    }
    let rows = new.iter().map(|row| match row.event.form() {
        EventForm::Interval => Ok(Cow::Borrowed(&row.row)),
        EventForm::State => Ok(Cow::Owned(followed.new_report(row)?.row)),
    });
    changes.rows = rows.collect::<Result<_>>()?;
    changes.ended_from_ms = followed.ended().iter().map(|ended| ended.at_ms).min();
    Ok(changes)
}

/// Whether a new event can change anything in a span: at most a day before its start, where it ends a state report, and up to a
/// day after it, where another reading of it is that long.
fn may_change(row: &NewRow<'_>, span: Span) -> bool {
    let (at_ms, day_ms) = (row.event.started_at_ms, DurationMs(domain::MS_PER_DAY));
    let before_ms = if row.event.form() == EventForm::State { day_ms } else { DurationMs::ZERO };
    span == Span::ALL || span.cut((at_ms - before_ms, at_ms + day_ms + DurationMs(1))).is_some()
}

/// Finds out what it changes of the stored events of entities in a span that something else is decided of ranges of it. `open`
/// are the latest reports of their series.
pub(super) async fn find_decided(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &Cache,
    span: Span,
    (before, after): (&Decided, &Decided),
    ranges: BTreeMap<EntityId, Ranges>,
    open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>>,
) -> Result<Changes<'static>> {
    let is_worker = |entity_id: &EntityId| {
        cache.entities.get(entity_id).is_some_and(|entity| entity.entity_type == EntityType::Worker)
    };
    let none = |entity_id: &EntityId| (*entity_id, Vec::new());
    let workers = ranges.keys().filter(|id| is_worker(id)).map(none).collect();
    let workstations = ranges.keys().filter(|id| !is_worker(id)).map(none).collect();
    let (followed, changes) = (Followed::default(), Changes::default());
    let mut finder = Finder {
        tx,
        factory_id,
        cache,
        span,
        before,
        after,
        followed: &followed,
        decided: ranges,
        open,
        changes,
    };
    let told = finder.find_of_workers(&workers).await?;
    finder.find_of_workstations(workstations, told).await?;
    Ok(finder.changes)
}

/// The instants of the new reports that nothing follows yet, by entity.
fn new_open(followed: &Followed, new: &[&NewRow<'_>]) -> BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>> {
    let mut open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>> = BTreeMap::new();
    for row in new.iter().filter(|row| row.event.form() == EventForm::State) {
        open.entry(row.entity_id).or_insert_with(|| followed.open(row.entity_id).collect());
    }
    open
}

type RowsOfEntity<'a> = BTreeMap<EntityId, Vec<&'a NewRow<'a>>>;
pub(super) type Ranges = Vec<(TimestampMs, TimestampMs)>;

/// An entity's stored events near its new ones as they were, and with the new ones as they are.
struct Reports {
    before: Vec<Report>,
    after: Vec<Report>,
}

impl Reports {
    fn observations(&mut self) -> impl Iterator<Item = &mut Observation> {
        self.before.iter_mut().chain(&mut self.after).map(AsMut::as_mut)
    }
}

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

struct Finder<'a, 'c, C> {
    tx: &'c C,
    factory_id: FactoryId,
    cache: &'c Cache,
    /// Where it looks.
    span: Span,
    /// What was decided before, and what is now.
    before: &'c Decided,
    after: &'c Decided,
    followed: &'c Followed,
    /// The spans in which something else is decided.
    decided: BTreeMap<EntityId, Ranges>,
    /// The latest instants of series, where they may say something else now.
    open: BTreeMap<EntityId, Vec<(SeriesKey, TimestampMs)>>,
    changes: Changes<'a>,
}

impl<'a, C: ConnectionTrait> Finder<'a, '_, C> {
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
            self.add_change(entity_id, (observations(before), observations(after)), (reach, last_served_ms));
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
            self.add_change(entity_id, (before, after), (reach, last_served_ms));
        }
        Ok(())
    }

    /// The stored events of entities near their new ones, those that these end, and those in further spans.
    async fn stored(
        &mut self,
        rows: &RowsOfEntity<'a>,
        further: &mut BTreeMap<EntityId, Ranges>,
    ) -> Result<HashMap<EntityId, Vec<Report>>> {
        let mut near: BTreeMap<EntityId, Ranges> = BTreeMap::new();
        let mut instants: Vec<(EntityId, TimestampMs)> = Vec::new();
        for (&entity_id, rows) in rows {
            let ranges = self.ranges_to_read(entity_id, rows, further);
            near.insert(entity_id, ranges);
        }
        for ended in self.followed.ended().iter().filter(|ended| rows.contains_key(&ended.series.entity_id)) {
            let entity_id = ended.series.entity_id;
            let entity = self.cache.entities.get(&entity_id);
            if entity.is_some_and(|entity| entity.frontier_ms <= ended.at_ms) {
                instants.push((entity_id, ended.at_ms));
            } else {
                let ended = (ended.at_ms, ended.until_ms);
                near.entry(entity_id).or_default().push(ended);
                further.entry(entity_id).or_default().push(ended);
            }
        }
        let mut found = self.read(&near).await?;
        // What counts instead of a longer reading, or no longer instead of it, changes that one's whole span.
        let longer = self.longer_readings(rows, &near, &found);
        if !longer.is_empty() {
            let again: BTreeMap<EntityId, Ranges> = longer
                .iter()
                .map(|(entity_id, longer)| {
                    let known = near.get(entity_id).into_iter().flatten();
                    (*entity_id, known.chain(longer).copied().collect())
                })
                .collect();
            found.extend(self.read(&again).await?);
            for (entity_id, longer) in longer {
                further.entry(entity_id).or_default().extend(longer);
            }
        }
        let ended = neighbours::at(self.tx, self.factory_id, instants).await?;
        self.changes.rows_read += ended.len();
        for report in ended {
            let reports = found.entry(report.entity_id()).or_default();
            if reports.iter().all(|known| known.identity() != report.identity()) {
                reports.push(report);
            }
        }
        Ok(found)
    }

    async fn read(&mut self, near: &BTreeMap<EntityId, Ranges>) -> Result<HashMap<EntityId, Vec<Report>>> {
        let near: Vec<Near<'_>> = near
            .iter()
            .filter_map(|(entity_id, ranges)| near_entity(self.cache, *entity_id, ranges.clone()))
            .collect();
        let (found, rows_read) = neighbours::stored(self.tx, self.factory_id, &near).await?;
        self.changes.rows_read += rows_read;
        Ok(found)
    }

    /// The spans of stored readings of facts that change, as far as they reach out of what was read.
    fn longer_readings(
        &self,
        rows: &RowsOfEntity<'a>,
        near: &BTreeMap<EntityId, Ranges>,
        found: &HashMap<EntityId, Vec<Report>>,
    ) -> BTreeMap<EntityId, Ranges> {
        let mut longer: BTreeMap<EntityId, Ranges> = BTreeMap::new();
        for (entity_id, reports) in found {
            let new = rows.get(entity_id).into_iter().flatten().map(|row| row.event.started_at_ms);
            let judged = reports.iter().map(|report| &report.observation).filter(|observation| {
                self.before.standing(*entity_id, observation) != self.after.standing(*entity_id, observation)
            });
            let changed: HashSet<TimestampMs> =
                new.chain(judged.map(|observation| observation.started_at_ms)).collect();
            let read = near.get(entity_id).map(Vec::as_slice).unwrap_or_default();
            let spans = reports
                .iter()
                .map(|report| (report.observation.started_at_ms, report.observation.ended_at_ms()))
                .filter(|span| span.0 < span.1 && changed.contains(&span.0))
                .filter(|span| !read.iter().any(|range| range.0 <= span.0 && span.1 <= range.1));
            let spans: Ranges = spans.collect();
            if !spans.is_empty() {
                longer.insert(*entity_id, spans);
            }
        }
        longer
    }

    /// The spans in which what is stored of an entity has to be looked at.
    fn ranges_to_read(
        &self,
        entity_id: EntityId,
        rows: &[&NewRow<'_>],
        further: &BTreeMap<EntityId, Ranges>,
    ) -> Ranges {
        let of_rows = rows.iter().map(|row| {
            let from_ms = row.event.started_at_ms;
            let to_ms = match self.followed.next_ms(row) {
                // Until then it may count.
                Some(next_ms) => next_ms.min(from_ms + DurationMs(domain::MS_PER_DAY)),
                None => row.event.ended_at_ms(),
            };
            (from_ms, to_ms.max(from_ms + DurationMs(1)))
        });
        let further = further.get(&entity_id).into_iter().flatten().copied();
        of_rows
            .chain(further)
            .filter(|range| self.cache.may_hold_events(entity_id, range.0, range.1))
            .collect()
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

    /// Puts new events to the stored ones, which they may end.
    fn with_new(&mut self, stored: Vec<Report>, new: &[&NewRow<'_>]) -> Result<Reports> {
        let mut before = stored;
        let mut after = Vec::with_capacity(before.len() + new.len());
        for report in &mut before {
            report.judge(self.before);
            let mut now = report.clone();
            now.judge(self.after);
            match self.followed.duration_ms(report) {
                Some(duration_ms) if duration_ms != report.observation.duration_ms => {
                    let ended = now.lasting(duration_ms);
                    self.changes.ended.push(ended.row.clone());
                    after.push(ended);
                }
                _ => after.push(now),
            }
        }
        for row in new {
            let mut report = self.followed.new_report(row)?;
            report.judge(self.after);
            after.push(report);
        }
        Ok(Reports { before, after })
    }

    fn serves_here(&self, report: &Report) -> bool {
        report.observation.standing == Standing::Serving && self.span.holds(report.observation.started_at_ms)
    }

    /// How far those of stored events reach that start in the span.
    fn reach_of(&self, reports: &[Report]) -> Reach {
        Reach::of(reports.iter().filter(|report| self.span.holds(report.observation.started_at_ms)))
    }

    fn last_served_ms(&self, reports: &Reports) -> BeforeAndAfter<Option<TimestampMs>> {
        BeforeAndAfter {
            before: neighbours::last_served_ms(&reports.before, self.span),
            after: neighbours::last_served_ms(&reports.after, self.span),
        }
    }

    fn add_change(
        &mut self,
        entity_id: EntityId,
        (before, after): (Vec<Observation>, Vec<Observation>),
        (reach, last_served_ms): (Reach, BeforeAndAfter<Option<TimestampMs>>),
    ) {
        let reports = before.iter().chain(&after).map(|report| (report.started_at_ms, report.ended_at_ms()));
        let decided = self.decided.get(&entity_id).into_iter().flatten().copied();
        let hull = reports.chain(decided).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let with_corrections = |reports, decided: &Decided| {
            let corrections = hull.map(|hull| decided.corrections(entity_id, hull)).unwrap_or_default();
            SpanEvents { span: self.span, reports, corrections }
        };
        let before = with_corrections(before, self.before);
        let after = with_corrections(after, self.after);
        self.changes
            .by_entity
            .insert(entity_id, Change { spans: vec![ChangedSpan { before, after }], reach, last_served_ms });
    }

    /// Whether new events of an entity, in the order of their key, are intervals each of which is a fact of its own and counts
    /// as it is.
    fn is_plain(&self, entity_id: EntityId, new: &[&NewRow<'_>]) -> bool {
        let is_untouched = |row: &&&NewRow<'_>| {
            self.after.is_empty()
                || self
                    .after
                    .corrections(entity_id, (row.event.started_at_ms, row.event.ended_at_ms()))
                    .is_empty()
                    && Report::of_row(row.row.clone()).is_ok_and(|report| {
                        self.after.standing(entity_id, &report.observation) == Standing::Serving
                    })
        };
        !self.decided.contains_key(&entity_id)
            && are_facts(new)
            && new.iter().filter(is_untouched).count() == new.len()
    }

    /// New events that touch nothing stored, and not each other's facts.
    fn add_plain(&mut self, entity_id: EntityId, new: &[&NewRow<'_>]) -> Result<()> {
        let nothing = |reports| SpanEvents { span: self.span, reports, corrections: Vec::new() };
        let mut changed =
            ChangedSpan { before: nothing(Vec::new()), after: nothing(Vec::with_capacity(new.len())) };
        let mut change = Change::default();
        for row in new {
            let report = self.followed.new_report(row)?;
            if self.span.holds(report.observation.started_at_ms) {
                change.reach.add_stored(&report.observation);
            }
            changed.after.reports.push(report.observation);
        }
        change.spans.push(changed);
        self.changes.by_entity.insert(entity_id, change);
        Ok(())
    }

    /// Keeps what the latest reports of an entity's series say, where that is new.
    fn keep_open(&mut self, entity_id: EntityId, reports: &[Report]) {
        for (series, at_ms) in self.open.remove(&entity_id).unwrap_or_default() {
            let of_series = |report: &&Report| {
                report.series() == Some(series) && report.observation.started_at_ms == at_ms
            };
            if !self.span.holds(at_ms) || !reports.iter().any(|report| of_series(&report)) {
                continue;
            }
            let serves = |report: &&Report| report.observation.standing == Standing::Serving;
            let candidates: Vec<&Report> = reports.iter().filter(of_series).filter(serves).collect();
            let latest = state::latest_open(candidates.iter().map(|report| &report.observation));
            let latest = candidates.iter().find(|report| Some(&report.observation) == latest);
            let workstation = latest
                .and_then(|latest| latest.tells_of())
                .and_then(|code| self.cache.entity(EntityType::Workstation, code));
            self.changes.open.push(OpenReport {
                key: series,
                at_ms,
                observation: latest.map(|latest| latest.observation.clone()),
                workstation_id: workstation.map(|workstation| workstation.id),
            });
        }
    }
}

fn near_entity(cache: &Cache, entity_id: EntityId, ranges: Ranges) -> Option<Near<'_>> {
    let entity = cache.entities.get(&entity_id)?;
    (!ranges.is_empty()).then(|| Near { entity, ranges: timeline::merged(ranges) })
}

fn instant_of(report: &Report) -> (EntityId, TimestampMs) {
    (report.entity_id(), report.observation.started_at_ms)
}

fn observations(reports: Vec<Report>) -> Vec<Observation> {
    reports.into_iter().map(|report| report.observation).collect()
}

/// Whether new events of an entity, in the order of their key, are intervals each of which is a fact of its own.
fn are_facts(new: &[&NewRow<'_>]) -> bool {
    let fact = |row: &NewRow<'_>| (row.event.started_at_ms, row.event.event_type);
    new.iter().all(|row| row.event.form() == EventForm::Interval)
        && new.windows(2).all(|pair| {
            fact(pair[0]) != fact(pair[1]) || pair[0].event.event_code != pair[1].event.event_code
        })
}
