//! What a commit changes in closed buckets, collected while it is applied and written down within it.
//!
//! New events that may reach into closed buckets are applied in steps, in each of which every worker and workstation
//! changes for one cause. So each difference is the one to the sums with those of the causes before it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    MS_PER_DAY,
    event::{EntityType, EventForm},
    id::{EntityId, FactoryId, Revision},
    ledger::{Cause, HourDeltas, closed_hours},
    time::{DurationMs, TimestampMs},
    timeline::BucketTotals,
};
use sea_orm::ConnectionTrait;

use super::{
    batch::{Batch, Part},
    row::NewRow,
};
use crate::store::{error::Result, factories::Factory, restatements};

/// What a commit changes in closed buckets.
pub(in crate::store) struct Ledger {
    at_ms: TimestampMs,
    mark_ms: TimestampMs,
    by_cause: BTreeMap<Cause, BTreeMap<(i64, EntityId), HourDeltas>>,
}

/// New rows that are applied together, and why what they change in closed buckets does.
pub(super) struct Step<'a> {
    /// In the order of their key.
    pub(super) rows: Vec<&'a NewRow<'a>>,
    causes: Causes,
}

enum Causes {
    /// Nothing closed is reached.
    None,
    /// All for one.
    One(Cause),
    /// Each entity for one.
    ByEntity(HashMap<EntityId, Cause>),
}

impl<'a> Step<'a> {
    /// Rows that reach into no closed bucket.
    pub(super) fn of_open(rows: &[&'a NewRow<'a>]) -> Self {
        Self { rows: rows.to_vec(), causes: Causes::None }
    }

    /// Why an entity changes.
    pub(super) fn cause_of(&self, entity_id: EntityId) -> Option<&Cause> {
        match &self.causes {
            Causes::None => None,
            Causes::One(cause) => Some(cause),
            Causes::ByEntity(causes) => causes.get(&entity_id),
        }
    }
}

impl Ledger {
    /// Of a commit to a factory, while the clock shows `now_ms`.
    pub(in crate::store) fn new(factory: &Factory, now_ms: TimestampMs) -> Self {
        let at_ms = factory.instant(now_ms);
        Self { at_ms, mark_ms: factory.mark(at_ms), by_cause: BTreeMap::new() }
    }

    /// The instant of the commit.
    pub(in crate::store) fn at_ms(&self) -> TimestampMs {
        self.at_ms
    }

    /// Whether a new row starts in a closed bucket.
    pub(super) fn is_reached_by(&self, row: &NewRow<'_>) -> bool {
        self.is_reached_from(Some(row.event.started_at_ms))
    }

    /// Whether something that starts at an instant may lie in closed buckets.
    pub(super) fn is_reached_from(&self, from_ms: Option<TimestampMs>) -> bool {
        from_ms.is_some_and(|from_ms| from_ms < self.mark_ms)
    }

    /// New rows cut into steps. `parts` are those of the group.
    pub(super) fn steps<'a>(&self, new: &[&'a NewRow<'a>], parts: &[&Part<'a>]) -> Vec<Step<'a>> {
        let (reaching, open): (Vec<&'a NewRow<'a>>, Vec<&'a NewRow<'a>>) =
            new.iter().partition(|row| self.may_be_reached_by(row));
        let batches: Vec<&'a Batch> = parts.iter().map(|part| part.batch).collect();
        let mut steps = steps_of(&reaching, |row| {
            let numbered = batches.get(row.part).and_then(|batch| batch.numbered.as_ref());
            numbered.map(|numbered| numbered.sender.device_code.as_str())
        });
        if !open.is_empty() {
            steps.push(Step { rows: open, causes: Causes::None });
        }
        steps
    }

    /// Whether a new row may change closed buckets. A state report may let the one before it count, at most a day before it.
    fn may_be_reached_by(&self, row: &NewRow<'_>) -> bool {
        let reach_ms = match row.event.form() {
            EventForm::Interval => DurationMs::ZERO,
            EventForm::State => DurationMs(MS_PER_DAY),
        };
        row.event.started_at_ms - reach_ms < self.mark_ms
    }

    /// Notes what a cause adds to the sums of an entity.
    pub(in crate::store) fn add(&mut self, cause: &Cause, entity_id: EntityId, sums: &BucketTotals) {
        let hours = closed_hours(sums, self.mark_ms);
        if hours.is_empty() {
            return;
        }
        if !self.by_cause.contains_key(cause) {
            self.by_cause.insert(cause.clone(), BTreeMap::new());
        }
        let Some(of_cause) = self.by_cause.get_mut(cause) else { return };
        for (hour, deltas) in hours {
            let sums = of_cause.entry((hour, entity_id)).or_default();
            for (sum, delta) in sums.iter_mut().zip(deltas) {
                *sum += delta;
            }
        }
    }

    /// Writes down what was noted, within the transaction of the commit.
    pub(in crate::store) async fn write(
        &mut self,
        tx: &impl ConnectionTrait,
        factory_id: FactoryId,
        revision: Revision,
    ) -> Result<()> {
        let mut by_cause = std::mem::take(&mut self.by_cause);
        for hours in by_cause.values_mut() {
            hours.retain(|_, deltas| deltas.iter().any(|delta| !delta.is_zero()));
        }
        by_cause.retain(|_, hours| !hours.is_empty());
        restatements::keep(tx, factory_id, (revision, self.at_ms), &by_cause).await
    }
}

/// The device and the source of late events.
type Origin<'a> = (Option<&'a str>, Option<&'a str>);

/// Rows that may reach into closed buckets, cut so that in a step every entity changes for one cause.
fn steps_of<'a>(
    rows: &[&'a NewRow<'a>],
    device_of: impl Fn(&NewRow<'_>) -> Option<&'a str>,
) -> Vec<Step<'a>> {
    let cause = |row: &'a NewRow<'a>| (device_of(row), row.event.source.as_deref());
    let told = |row: &&NewRow<'_>| {
        row.event.form() == EventForm::State && row.event.entity_type == EntityType::Worker
    };
    let causes: BTreeSet<Origin<'_>> = rows.iter().map(|row| cause(row)).collect();
    if causes.len() <= 1 || rows.iter().any(told) {
        // What workers' state reports tell may change one workstation for several causes.
        return causes
            .into_iter()
            .map(|of_step| Step {
                rows: rows.iter().copied().filter(|row| cause(row) == of_step).collect(),
                causes: Causes::One(late(of_step)),
            })
            .collect();
    }
    let mut by_entity: BTreeMap<EntityId, BTreeSet<Origin<'_>>> = BTreeMap::new();
    for row in rows {
        by_entity.entry(row.entity_id).or_default().insert(cause(row));
    }
    let most = by_entity.values().map(BTreeSet::len).max().unwrap_or(0);
    let step = |number: usize| {
        let causes: HashMap<EntityId, Origin<'_>> = by_entity
            .iter()
            .filter_map(|(entity_id, causes)| Some((*entity_id, *causes.iter().nth(number)?)))
            .collect();
        let is_in = |row: &&'a NewRow<'a>| causes.get(&row.entity_id) == Some(&cause(row));
        Step {
            rows: rows.iter().copied().filter(is_in).collect(),
            causes: Causes::ByEntity(causes.iter().map(|(id, of)| (*id, late(*of))).collect()),
        }
    };
    (0..most).map(step).collect()
}

fn late((device, source): Origin<'_>) -> Cause {
    Cause::LateEvents { device: device.map(str::to_owned), source: source.map(str::to_owned) }
}
