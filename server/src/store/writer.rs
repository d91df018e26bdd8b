//! Batches become rows: what is new is inserted, its effect on every sum and the factory's revision with it, in one
//! transaction for a whole group of batches, or for a part of one that is too much work for a single transaction.
//!
//! * Several parts of one factory are inserted together, but each is judged and numbered at its turn, as if it had come
//!   alone.
//! * A transaction looks for what its late events may overlap in about [`MAX_BUCKETS_READ`] buckets, and changes closed
//!   buckets for [`MAX_CAUSES`] causes; events past that are left for the next one.

mod apply;
mod batch;
mod cache;
mod change;
mod conflicts;
mod decide;
mod followed;
pub(super) mod judge;
mod latest;
pub(super) mod ledger;
mod origins;
pub(super) mod row;

use std::collections::{BTreeMap, HashMap};

use domain::{
    id::{CredentialId, EntityId, FactoryId, FactorySlug, Revision},
    time::TimestampMs,
};

pub use self::batch::{Batch, GroupStored, Numbered, Part, Stored, Verdict};
pub use self::conflicts::{MAX_CONFLICTS, MAX_CONFLICTS_OF_EVENT};
pub use self::decide::SliceApplied;
use self::decide::SliceSize;
pub(super) use self::decide::matching_example;
use self::{
    cache::Cache,
    change::Changes,
    judge::{Candidate, Judgement},
    ledger::{Ledger, Step},
    row::NewRow,
};
use super::{
    audit_log, commit_log,
    database::Store,
    devices::{self, Answers, Sender},
    engine::{retry::Retries, transaction::Transaction},
    error::Result,
    factories::{self, Factory},
    issues::{self, Issues},
    series, sources,
};
use crate::clock::Clock;
use entity::event;

/// How many factories' names and entities are cached between groups.
const MAX_CACHED_FACTORIES: usize = 64;

/// How many names and entities of all factories are cached between groups, beside those of the last group: some tens of
/// megabytes.
const MAX_CACHED: usize = 100_000;

/// In how many buckets of single entities a transaction looks for events that late ones may overlap: some 100 ms. A late
/// event of an entity that once had an event of a day looks in 288, however short it is.
const MAX_BUCKETS_READ: i64 = 50_000;

/// For how many causes a transaction changes closed buckets: each may be a step of its own, of some milliseconds.
const MAX_CAUSES: usize = 64;

/// The one writer of events, with what it keeps in memory between commits.
pub struct Writer {
    store: Store,
    clock: Clock,
    caches: HashMap<FactorySlug, Cache>,
    slice_size: SliceSize,
}

impl Writer {
    /// A writer with an empty cache, whose commits have the time of the operating system's clock.
    pub fn new(store: Store) -> Self {
        Self::with_clock(store, Clock::System)
    }

    /// The same by another clock.
    pub fn with_clock(store: Store, clock: Clock) -> Self {
        Self { store, clock, caches: HashMap::new(), slice_size: SliceSize::default() }
    }

    /// It, counting at most so many events again at a time when something is decided about more.
    #[must_use]
    pub fn with_slices(self, max_slice_events: u64) -> Self {
        Self { slice_size: SliceSize::new(max_slice_events), ..self }
    }

    /// Stores parts of batches in one transaction, on disk when this returns. Parts of one batch are in different groups,
    /// one after the other. After an error none of the group is stored. What was undone because another transaction was in
    /// the way is tried again.
    pub async fn store(&mut self, parts: &[Part<'_>]) -> Result<GroupStored> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_store(parts).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_store(&mut self, parts: &[Part<'_>]) -> Result<GroupStored> {
        let mut by_factory: BTreeMap<&FactorySlug, Vec<usize>> = BTreeMap::new();
        for (index, part) in parts.iter().enumerate() {
            by_factory.entry(&part.batch.factory_slug).or_default().push(index);
        }
        let mut group = GroupStored { parts: vec![None; parts.len()], neighbours_read: 0 };
        // A cache is taken out before the work and put back after the commit: an error drops it.
        let mut caches = Vec::with_capacity(by_factory.len());
        let tx = self.store.begin_write().await?;
        for factory in factories::lock(&tx, by_factory.keys().map(|slug| slug.as_str())).await? {
            let Some(indexes) = by_factory.remove(&factory.slug) else { continue };
            let mut cache = Cache::of(&tx, &factory, self.caches.remove(&factory.slug)).await?;
            let of_factory: Vec<&Part<'_>> = indexes.iter().filter_map(|&index| parts.get(index)).collect();
            let now_ms = self.clock.now_ms();
            let (stored, neighbours_read) =
                store_in_factory(&tx, (&factory, now_ms), &mut cache, &of_factory).await?;
            group.neighbours_read += neighbours_read;
            for (index, stored) in indexes.into_iter().zip(stored) {
                group.parts[index] = Some(stored);
            }
            caches.push((factory.slug, cache));
        }
        tx.commit().await?;
        self.put_back(caches);
        Ok(group)
    }

    fn put_back(&mut self, mut caches: Vec<(FactorySlug, Cache)>) {
        for (_, cache) in &mut caches {
            cache.forget_unsaved();
        }
        let cached: usize = self.caches.values().map(Cache::len).sum();
        if self.caches.len() + caches.len() > MAX_CACHED_FACTORIES || cached > MAX_CACHED {
            self.caches.clear();
        }
        self.caches.extend(caches);
    }
}

async fn store_in_factory(
    tx: &Transaction,
    (factory, now_ms): (&Factory, TimestampMs),
    cache: &mut Cache,
    parts: &[&Part<'_>],
) -> Result<(Vec<Stored>, usize)> {
    let mut ledger = Ledger::new(factory, now_ms);
    let candidates = judge::identify(tx, factory, cache, parts, &ledger).await?;
    let Judgement { verdicts, new } = judge::judge(tx, factory.id, cache, &candidates).await?;
    let kept_conflicts = conflicts::keep(tx, factory, &candidates, &verdicts, parts.len()).await?;
    let stored = number(factory, &candidates, &verdicts, &kept_conflicts);
    let revisions = revisions_of_entities(&candidates, &verdicts, &stored);
    let revision = stored.last().map_or(factory.revision, |last| last.revision);
    // A workstation that workers tell of has the revision of the last part.
    let revision_of = |entity_id| revisions.get(&entity_id).copied().unwrap_or(revision);

    // When entities were last seen is looked for by them.
    origins::keep(tx, factory, cache, &new, parts).await?;
    let rows_read = apply_new(tx, factory.id, cache, (&new, parts), &mut ledger, revision_of).await?;
    sources::keep(tx, factory.id, apply::last_events(&new)).await?;
    ledger.write(tx, factory.id, revision).await?;
    if revision != factory.revision {
        let at_ms = ledger.at_ms();
        if commit_log::is_kept(tx) {
            let accepted = accepted(&candidates, &verdicts);
            commit_log::append(tx, factory.id, (revision, at_ms), &accepted).await?;
        } else {
            factories::set_committed(tx, factory.id, revision, at_ms).await?;
        }
    }
    cache.revision = revision;
    let numbered: Vec<_> =
        parts.iter().zip(&stored).filter_map(|(part, stored)| answers(part, stored)).collect();
    if !numbered.is_empty() {
        devices::keep(tx, factory.id, &numbered).await?;
    }
    issues::keep(tx, factory.id, &issues_of(parts, &stored)).await?;
    audit_log::count_ingested(tx, factory.id, now_ms, sent(parts, &stored)).await?;
    Ok((stored, rows_read))
}

/// Who sent the parts, where that is known, and how many events of each were stored.
fn sent(parts: &[&Part<'_>], stored: &[Stored]) -> impl Iterator<Item = (CredentialId, usize)> {
    let with_stored = parts.iter().zip(stored);
    with_stored.filter_map(|(part, stored)| {
        let is_accepted = |verdict: &&Verdict| **verdict == Verdict::Accepted;
        Some((part.batch.credential_id?, stored.verdicts.iter().filter(is_accepted).count()))
    })
}

/// Stores the new rows of a group with what they change, and answers with how many stored events were read for it. What may
/// reach into closed buckets is taken cause by cause, all else at once.
async fn apply_new<'a>(
    tx: &Transaction,
    factory_id: FactoryId,
    cache: &mut Cache,
    (new, parts): (&[&'a NewRow<'a>], &'a [&'a Part<'a>]),
    ledger: &mut Ledger,
    revision_of: impl Fn(EntityId) -> Revision,
) -> Result<usize> {
    let mut steps = vec![Step::of_open(new)];
    let mut found = None;
    let mut rows_read = 0;
    if new.iter().any(|row| ledger.is_reached_by(row)) {
        steps = ledger.steps(new, parts);
    } else {
        let changes = change::find(tx, factory_id, cache, new).await?;
        if ledger.is_reached_from(changes.ended_from_ms) {
            rows_read += changes.rows_read;
            steps = ledger.steps(new, parts);
        } else {
            found = Some(changes);
        }
    }
    for step in steps {
        let changes = match found.take() {
            Some(changes) => changes,
            None => change::find(tx, factory_id, cache, &step.rows).await?,
        };
        cache.latest_reports.add(&cache.entities, changes.rows.iter().map(AsRef::as_ref));
        // The database inserts while the effects are added up.
        let effects = async {
            apply::effects(cache, &changes.by_entity, |entity_id, sums| {
                if let Some(cause) = step.cause_of(entity_id) {
                    ledger.add(cause, entity_id, sums);
                }
            })
        };
        let (inserted, effects) = tokio::join!(insert(tx, factory_id, &changes), effects);
        inserted?;
        rows_read += changes.rows_read + apply::save(tx, factory_id, cache, effects, &revision_of).await?;
    }
    Ok(rows_read)
}

/// Writes the events of a group, and what they change of stored ones.
async fn insert(tx: &Transaction, factory_id: FactoryId, changes: &Changes<'_>) -> Result<()> {
    let rows: Vec<&event::Model> = changes.rows.iter().map(AsRef::as_ref).collect();
    judge::insert(tx, factory_id, &rows).await?;
    series::update_durations(tx, factory_id, &changes.ended).await?;
    series::keep(tx, factory_id, &changes.open).await
}

/// The events of a group that are not stored. Those of a batch that are not valid belong to its first part.
fn issues_of(parts: &[&Part<'_>], stored: &[Stored]) -> Issues {
    let mut issues = Issues::default();
    for (part, stored) in parts.iter().zip(stored) {
        let Batch { events, received_at_ms, numbered, issues: rejected, .. } = part.batch;
        let device = numbered.as_ref().map(|numbered| numbered.sender.device_code.as_str());
        let is_begun = !stored.verdicts.is_empty() || events.is_empty();
        if part.range.start == 0 && is_begun {
            issues.merge(rejected, device);
        }
        let judged = part.events().iter().zip(&stored.verdicts);
        let refused =
            judged.filter(|(_, verdict)| !matches!(verdict, Verdict::Accepted | Verdict::Duplicate));
        let mut of_part = Issues::default();
        for (event, verdict) in refused {
            of_part.add_verdict(event, *verdict, *received_at_ms);
        }
        issues.merge(&of_part, device);
    }
    issues
}

/// What became of the numbers of a part, with their sender and when they came; none when its events have no numbers, or
/// when all of them are left for the next transaction.
fn answers<'a>(part: &Part<'a>, stored: &Stored) -> Option<(&'a Sender, Answers, TimestampMs)> {
    let Batch { events, received_at_ms, numbered, .. } = part.batch;
    let numbered = numbered.as_deref()?;
    let judged = part.range.start..part.range.start + stored.verdicts.len();
    if judged.is_empty() && !part.range.is_empty() {
        return None;
    }
    let (first, rejected) = numbered.positions(judged, events.len());
    let mut rejected = rejected.iter().peekable();
    let mut verdicts = stored.verdicts.iter();
    // Those that were not valid come back into their places.
    let are_refused =
        (first..).map_while(|position| match rejected.next_if(|rejected| **rejected == position) {
            Some(_) => Some(true),
            None => verdicts.next().map(|verdict| !matches!(verdict, Verdict::Accepted | Verdict::Duplicate)),
        });
    let Numbered { sender, .. } = numbered;
    Some((sender, Answers::new(sender.first_sequence + first as i64, are_refused), *received_at_ms))
}

/// Gives each part the revision at its turn: the next one if it stored anything.
fn number(
    factory: &Factory,
    mut candidates: &[Candidate<'_>],
    mut verdicts: &[Verdict],
    kept_conflicts: &[u64],
) -> Vec<Stored> {
    let mut revision = factory.revision;
    let mut stored = Vec::with_capacity(kept_conflicts.len());
    for (part, kept_conflicts) in kept_conflicts.iter().enumerate() {
        let judged = candidates.partition_point(|candidate| candidate.part <= part);
        let (of_part, rest) = verdicts.split_at(judged);
        (candidates, verdicts) = (&candidates[judged..], rest);
        if *kept_conflicts > 0 || of_part.contains(&Verdict::Accepted) {
            revision = revision.next();
        }
        stored.push(Stored { factory_id: factory.id, revision, verdicts: of_part.to_vec() });
    }
    stored
}

/// The revision of the part that touched each entity last.
fn revisions_of_entities(
    candidates: &[Candidate<'_>],
    verdicts: &[Verdict],
    stored: &[Stored],
) -> HashMap<EntityId, Revision> {
    let mut revisions = HashMap::new();
    for (candidate, verdict) in candidates.iter().zip(verdicts) {
        if let (Verdict::Accepted, Ok(row)) = (verdict, &candidate.row) {
            revisions.insert(row.entity_id, stored[candidate.part].revision);
        }
    }
    revisions
}

/// The accepted rows in the order of their arrival.
fn accepted<'a>(candidates: &'a [Candidate<'a>], verdicts: &[Verdict]) -> Vec<&'a NewRow<'a>> {
    let accepted = candidates.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Accepted);
    accepted.filter_map(|(candidate, _)| candidate.row.as_ref().ok()).collect()
}
