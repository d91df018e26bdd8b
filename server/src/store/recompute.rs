//! The proof and the cure: every sum recomputed from the raw events, to be compared or to be written anew.

mod hours;
mod ledger;
mod levels;
mod origins;
mod series;
mod sources;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use domain::{
    bucket::Level, event::EntityType, id::EntityId, ledger::Cause, time::TimestampMs, timeline::BucketTotals,
    totals::Totals,
};
use entity::rollup::{self, Column};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use self::{
    hours::{Hours, Seen},
    levels::{Run, Runs},
};
use super::{
    applied::Applied,
    database::Store,
    entities::{self, Entity, EntityFilter},
    error::Result,
    factories::{self, Factory},
    rollups,
    writer::ledger::Ledger,
};
use crate::clock::Clock;

/// The most differences that an audit lists: enough to see what is wrong.
pub const MAX_DIFFERENCES: usize = 1_000;

/// Something stored that is not what the raw events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The factory's slug.
    pub factory: String,
    /// The worker or workstation, and which of its sums or facts.
    pub what: String,
    /// What is stored.
    pub stored: String,
    /// What the raw events say.
    pub recomputed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { factory, what, stored, recomputed } = self;
        write!(f, "{factory}: {what}: stored {stored}, recomputed {recomputed}")
    }
}

/// Compares everything derived with the raw events it is derived from, in one snapshot. Lists at most
/// [`MAX_DIFFERENCES`].
pub async fn audit(store: &Store) -> Result<Vec<Difference>> {
    let snapshot = store.snapshot_without_limit().await?;
    let mut differences = Vec::new();
    for factory in factories::all(&snapshot).await? {
        audit_factory(&snapshot, &factory, &mut differences).await?;
    }
    differences.truncate(MAX_DIFFERENCES);
    Ok(differences)
}

async fn audit_factory(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let entities = entities::of_factory(conn, factory.id, EntityFilter::default()).await?;
    let applied = Applied::read(conn, factory.id, None).await?;
    let codes: HashMap<EntityId, &str> =
        entities.iter().map(|entity| (entity.id, entity.code.as_str())).collect();
    series::recompute(conn, factory.id, &workstations(&entities), &applied)
        .await?
        .compare(conn, factory, differences)
        .await?;
    ledger::check(conn, factory, differences).await?;
    let mut hours = Hours::new(conn, factory.id, &entities, &applied);
    let mut runs = Runs::default();
    while let Some(sums) = hours.next().await? {
        for run in runs.add(&sums) {
            compare(conn, factory, &codes, &run, differences).await?;
        }
        if differences.len() >= MAX_DIFFERENCES {
            return Ok(());
        }
    }
    for run in runs.finish() {
        compare(conn, factory, &codes, &run, differences).await?;
    }
    let (seen, last_events) = hours.into_seen();
    sources::compare(conn, factory, last_events, differences).await?;
    origins::compare(conn, factory, differences).await?;
    differences
        .extend(entities.iter().filter_map(|entity| compare_entity(factory, entity, seen.get(&entity.id))));
    Ok(())
}

async fn compare(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    codes: &HashMap<EntityId, &str>,
    run: &Run,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let stored = stored(conn, factory, run).await?;
    let keys: BTreeSet<_> = stored.keys().chain(run.sums.keys()).copied().collect();
    for key @ (bucket, entity_id) in keys {
        let of = |sums: &BTreeMap<_, Totals>| sums.get(&key).copied().unwrap_or_default();
        let (stored, recomputed) = (of(&stored), of(&run.sums));
        if stored != recomputed {
            let code = codes.get(&entity_id).copied().unwrap_or("an entity that is not registered");
            differences.push(Difference {
                factory: factory.slug.to_string(),
                what: format!("{code}, {:?} bucket {bucket}", run.level),
                stored: format!("{stored:?}"),
                recomputed: format!("{recomputed:?}"),
            });
        }
    }
    Ok(())
}

/// The stored sums of a run of buckets.
async fn stored(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    run: &Run,
) -> Result<BTreeMap<(i64, EntityId), Totals>> {
    let rows = rollup::Entity::find().filter(of_run(factory, run)).all(conn).await?;
    let sums = rows.iter().map(|row| {
        ((rollups::bucket_of_stored(row.bucket), EntityId(row.entity_id)), rollups::totals_of_row(row))
    });
    Ok(sums.collect())
}

fn of_run(factory: &Factory, run: &Run) -> Condition {
    Condition::all()
        .add(Column::FactoryId.eq(factory.id.0))
        .add(Column::Bucket.gte(rollups::stored_bucket(run.level, run.first)))
        .add(Column::Bucket.lt(rollups::stored_bucket(run.level, run.end)))
}

/// A factory's workstations by their codes.
fn workstations(entities: &[Entity]) -> BTreeMap<&str, EntityId> {
    let workstations = entities.iter().filter(|entity| entity.entity_type == EntityType::Workstation);
    workstations.map(|entity| (entity.code.as_str(), entity.id)).collect()
}

fn compare_entity(factory: &Factory, entity: &Entity, seen: Option<&Seen>) -> Option<Difference> {
    let Seen { reach, current } = seen?;
    let agrees = entity.last_seen_at_ms == reach.last_seen_at_ms
        && entity.current == *current
        // These may say more than need be, which only costs a longer look.
        && entity.frontier_ms >= reach.frontier_ms
        && entity.longest_duration_ms >= reach.longest_duration_ms
        && (entity.hides_events || !reach.hides_events);
    (!agrees).then(|| Difference {
        factory: factory.slug.to_string(),
        what: format!("{}, last seen", entity.code),
        stored: format!(
            "{} {} {:?}, longest {}, hides events: {}",
            entity.last_seen_at_ms.0,
            entity.frontier_ms.0,
            entity.current,
            entity.longest_duration_ms.0,
            entity.hides_events
        ),
        recomputed: format!("{reach:?} {current:?}"),
    })
}

/// Writes every sum anew from the raw events, each factory in one transaction, and raises its revision. Where that changes
/// closed buckets, it is written down.
pub async fn rebuild(store: &Store) -> Result<()> {
    rebuild_at(store, Clock::System.now_ms()).await
}

/// As [`rebuild`], by another clock, which shows `now_ms`.
pub async fn rebuild_at(store: &Store, now_ms: TimestampMs) -> Result<()> {
    let snapshot = store.snapshot_without_limit().await?;
    let factories = factories::all(&snapshot).await?;
    drop(snapshot);
    for factory in factories {
        rebuild_factory(store, factory.slug.as_str(), now_ms).await?;
    }
    Ok(())
}

async fn rebuild_factory(store: &Store, slug: &str, now_ms: TimestampMs) -> Result<()> {
    let mut tx = store.begin_write().await?;
    let Some(factory) = factories::lock_one(&tx, slug).await? else { return Ok(()) };
    tx.allow_long_statements().await?;
    let mut entities = entities::of_factory(&tx, factory.id, EntityFilter::default()).await?;
    let applied = Applied::read(&tx, factory.id, None).await?;
    series::recompute(&tx, factory.id, &workstations(&entities), &applied)
        .await?
        .replace(&tx, factory.id)
        .await?;
    let mut ledger = Ledger::new(&factory, now_ms);
    let mut hours = Hours::new(&tx, factory.id, &entities, &applied);
    let mut runs = Runs::default();
    while let Some(sums) = hours.next().await? {
        for run in runs.add(&sums) {
            replace(&tx, &factory, run, &mut ledger).await?;
        }
    }
    for run in runs.finish() {
        replace(&tx, &factory, run, &mut ledger).await?;
    }
    let (seen, last_events) = hours.into_seen();
    sources::replace(&tx, factory.id, last_events).await?;
    origins::complete(&tx, factory.id).await?;
    let revision = factory.revision.next();
    for entity in &mut entities {
        entity.revision = revision;
        if let Some(Seen { reach, current }) = seen.get(&entity.id) {
            entity.last_seen_at_ms = reach.last_seen_at_ms;
            entity.frontier_ms = reach.frontier_ms;
            entity.longest_duration_ms = reach.longest_duration_ms;
            entity.hides_events = reach.hides_events;
            entity.current = *current;
        }
    }
    entities::save(&tx, factory.id, &entities).await?;
    ledger.write(&tx, factory.id, revision).await?;
    factories::set_committed(&tx, factory.id, revision, ledger.at_ms()).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the sums of a run of buckets anew.
async fn replace(tx: &impl ConnectionTrait, factory: &Factory, run: Run, ledger: &mut Ledger) -> Result<()> {
    if run.first == run.end {
        return Ok(());
    }
    if run.level == Level::FiveMinutes {
        let mut changed: BTreeMap<EntityId, BucketTotals> = BTreeMap::new();
        let stored = stored(tx, factory, &run).await?;
        let before = stored.iter().map(|(key, totals)| (key, -*totals));
        for (&(bucket, entity_id), totals) in
            before.chain(run.sums.iter().map(|(key, totals)| (key, *totals)))
        {
            *changed.entry(entity_id).or_default().entry(bucket).or_default() += totals;
        }
        for (entity_id, sums) in &changed {
            ledger.add(&Cause::Rebuild, *entity_id, sums);
        }
    }
    rollup::Entity::delete_many().filter(of_run(factory, &run)).exec(tx).await?;
    rollups::add(tx, factory.id, &run.into_level_totals()).await
}

impl Run {
    fn into_level_totals(self) -> rollups::LevelTotals {
        let level: Level = self.level;
        self.sums
            .into_iter()
            .map(|((bucket, entity_id), totals)| ((level, bucket, entity_id), totals))
            .collect()
    }
}
