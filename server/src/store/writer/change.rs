//! What new events change: of each entity what counted near them before, and what counts now.
//!
//! * An event past its entity's frontier touches nothing that is stored, so it is alone. Any other is judged among its
//!   neighbours, which alone are read.
//! * Workers come first, because what their state reports tell of workstations is known then.

mod finder;
mod near;
mod told;

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    event::{EntityType, EventForm},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
};
use entity::event;
use sea_orm::ConnectionTrait;

use self::finder::Finder;
use super::{cache::Cache, followed::Followed, row::NewRow};
use crate::store::{
    applied::{Region, Span},
    decided::Decided,
    error::Result,
    neighbours::SpanEvents,
    reach::Reach,
    report::{SeriesKey, identity_of},
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
    /// Where all that counts is known; none where that is wherever something changed. What is told of a workstation may reach
    /// further, and there others may tell of it, too.
    pub(super) known: Option<Ranges>,
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
        // Most changes lie on one side of every boundary.
        if self.by_entity.is_empty() {
            *self = other;
            return;
        }
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
    let followed = Followed::find(tx, factory_id, cache, new).await?;
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
        finder.find(&workers, workstations).await?;
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
    finder.find(&workers, workstations).await?;
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
