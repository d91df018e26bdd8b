//! Batches become rows: what is new is inserted, its effect on every sum and the factory's revision with it, in one
//! transaction for a whole group of batches.
//!
//! Several batches of one factory are inserted together, but each is judged and numbered at its turn, as if it had
//! come alone.

mod apply;
mod batch;
mod cache;
pub(super) mod judge;
mod remove;
pub(super) mod row;

use std::collections::{BTreeMap, HashMap};

use domain::{
    id::{EntityId, FactorySlug, Revision},
    time::TimestampMs,
};

pub use self::batch::{Batch, GroupStored, Numbered, Stored, Verdict};
use self::{
    cache::Cache,
    judge::{Candidate, Judgement, Lookups},
    row::NewRow,
};
use super::{
    commit_log,
    database::Store,
    devices::{self, Answers, Sender},
    engine::{fault::Fault, retry::Retries, transaction::Transaction},
    error::Result,
    factories::{self, Factory},
};

/// How many factories' names and entities are cached between groups.
const MAX_CACHED_FACTORIES: usize = 64;

/// The one writer of events, with what it keeps in memory between commits.
pub struct Writer {
    store: Store,
    caches: HashMap<FactorySlug, Cache>,
}

impl Writer {
    /// A writer with an empty cache.
    pub fn new(store: Store) -> Self {
        Self { store, caches: HashMap::new() }
    }

    /// Stores a group of batches in one transaction, on disk when this returns. After an error none of it is stored. What
    /// was undone because another transaction was in the way is tried again.
    pub async fn store(&mut self, batches: &[Batch]) -> Result<GroupStored> {
        let mut retries = Retries::default();
        let mut lookups = Lookups::WhereNeeded;
        loop {
            let outcome = self.try_store(batches, lookups).await;
            if lookups == Lookups::WhereNeeded
                && outcome.as_ref().is_err_and(|error| error.fault() == Fault::Exists)
            {
                lookups = Lookups::All;
            } else if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_store(&mut self, batches: &[Batch], lookups: Lookups) -> Result<GroupStored> {
        let mut by_factory: BTreeMap<&FactorySlug, Vec<usize>> = BTreeMap::new();
        for (index, batch) in batches.iter().enumerate() {
            by_factory.entry(&batch.factory_slug).or_default().push(index);
        }
        let mut group = GroupStored { batches: vec![None; batches.len()], neighbours_read: 0 };
        // A cache is taken out before the work and put back after the commit: an error drops it.
        let mut caches = Vec::with_capacity(by_factory.len());
        let tx = self.store.begin_write().await?;
        for factory in factories::lock(&tx, by_factory.keys().map(|slug| slug.as_str())).await? {
            let Some(indexes) = by_factory.remove(&factory.slug) else { continue };
            let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
            let of_factory: Vec<&Batch> = indexes.iter().filter_map(|&index| batches.get(index)).collect();
            let (stored, neighbours_read) =
                store_in_factory(&tx, &factory, (&mut cache, lookups), &of_factory).await?;
            group.neighbours_read += neighbours_read;
            for (index, stored) in indexes.into_iter().zip(stored) {
                group.batches[index] = Some(stored);
            }
            caches.push((factory.slug, cache));
        }
        tx.commit().await?;
        self.put_back(caches);
        Ok(group)
    }

    fn put_back(&mut self, caches: Vec<(FactorySlug, Cache)>) {
        if self.caches.len() + caches.len() > MAX_CACHED_FACTORIES {
            self.caches.clear();
        }
        self.caches.extend(caches);
    }
}

async fn store_in_factory(
    tx: &Transaction,
    factory: &Factory,
    (cache, lookups): (&mut Cache, Lookups),
    batches: &[&Batch],
) -> Result<(Vec<Stored>, usize)> {
    let candidates = judge::identify(tx, factory.id, cache, batches).await?;
    let Judgement { verdicts, new } = judge::judge(tx, factory.id, (cache, lookups), &candidates).await?;
    let (overlapping, overlaps_read) = apply::find_overlaps(tx, factory.id, cache, &new).await?;
    // The database inserts while the effects are added up.
    let effects = async { apply::effects(cache, &apply::insertions(&new), overlapping) };
    let (inserted, effects) = tokio::join!(judge::insert(tx, factory.id, &new), effects);
    inserted?;
    let kept_conflicts = judge::keep_conflicts(tx, factory.id, &candidates, &verdicts, batches.len()).await?;

    let stored = number(factory, batches, &verdicts, &kept_conflicts);
    let revisions = revisions_of_entities(&candidates, &verdicts, &stored);
    let looked_up =
        apply::save(tx, factory.id, cache, effects, |entity_id| revisions.get(&entity_id).copied()).await?;
    let revision = stored.last().map_or(factory.revision, |last| last.revision);
    if revision != factory.revision {
        if commit_log::is_kept(tx) {
            commit_log::append(tx, factory.id, revision, &accepted(&candidates, &verdicts)).await?;
        } else {
            factories::set_revision(tx, factory.id, revision).await?;
        }
    }
    cache.revision = revision;
    let numbered: Vec<_> =
        batches.iter().zip(&stored).filter_map(|(batch, stored)| answers(batch, stored)).collect();
    if !numbered.is_empty() {
        devices::keep(tx, factory.id, &numbered).await?;
    }
    Ok((stored, overlaps_read + looked_up))
}

/// What became of a batch's numbers, with its sender and when it came; none when its events have no numbers.
fn answers<'a>(batch: &'a Batch, stored: &Stored) -> Option<(&'a Sender, Answers, TimestampMs)> {
    let Numbered { sender, rejected } = batch.numbered.as_deref()?;
    let mut rejected = rejected.iter().peekable();
    let mut verdicts = stored.verdicts.iter();
    // Those that were not valid come back into their places.
    let are_refused = (0..).map_while(|position| match rejected.next_if(|rejected| **rejected == position) {
        Some(_) => Some(true),
        None => verdicts.next().map(|verdict| !matches!(verdict, Verdict::Accepted | Verdict::Duplicate)),
    });
    Some((sender, Answers::new(sender.first_sequence, are_refused), batch.received_at_ms))
}

/// Gives each batch the revision at its turn: the next one if it stored anything.
fn number(
    factory: &Factory,
    batches: &[&Batch],
    mut verdicts: &[Verdict],
    kept_conflicts: &[u64],
) -> Vec<Stored> {
    let mut revision = factory.revision;
    let mut stored = Vec::with_capacity(batches.len());
    for (batch, kept_conflicts) in batches.iter().zip(kept_conflicts) {
        let (of_batch, rest) = verdicts.split_at(batch.events.len());
        verdicts = rest;
        if *kept_conflicts > 0 || of_batch.contains(&Verdict::Accepted) {
            revision = revision.next();
        }
        stored.push(Stored { factory_id: factory.id, revision, verdicts: of_batch.to_vec() });
    }
    stored
}

/// The revision of the batch that touched each entity last.
fn revisions_of_entities(
    candidates: &[Candidate<'_>],
    verdicts: &[Verdict],
    stored: &[Stored],
) -> HashMap<EntityId, Revision> {
    let mut revisions = HashMap::new();
    for (candidate, verdict) in candidates.iter().zip(verdicts) {
        if let (Verdict::Accepted, Ok(row)) = (verdict, &candidate.row) {
            revisions.insert(row.entity_id, stored[candidate.batch].revision);
        }
    }
    revisions
}

/// The accepted rows in the order of their arrival.
fn accepted<'a>(candidates: &'a [Candidate<'a>], verdicts: &[Verdict]) -> Vec<&'a NewRow<'a>> {
    let accepted = candidates.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Accepted);
    accepted.filter_map(|(candidate, _)| candidate.row.as_ref().ok()).collect()
}
