//! Batches become rows: what is new is inserted, its effect on every sum and the factory's revision with it, in one
//! transaction for a whole group of batches.
//!
//! Several batches of one factory are inserted together, but each is judged and numbered at its turn, as if it had
//! come alone.

mod apply;
pub(super) mod judge;

use std::collections::{BTreeMap, HashMap};

use domain::{
    event::{EntityType, Event},
    timeline::Tail,
};
use sea_orm::ConnectionTrait;

use self::judge::{Judgement, NewRow, Sighting};

use super::{
    Result, Store,
    attempts::Attempts,
    commit_log,
    devices::{self, Answers, Sender},
    entities::{self, Entity, EntityFilter},
    factories::{self, Factory},
    fault::Fault,
    intern::Names,
    transaction::Transaction,
};

/// How many factories' names and entities are remembered between groups.
const MAX_REMEMBERED_FACTORIES: usize = 64;

/// A batch whose events are valid.
#[derive(Clone, Debug)]
pub struct Batch {
    /// For which factory.
    pub factory_slug: String,
    /// In the order in which they were sent.
    pub events: Vec<Event>,
    /// When the batch came, Unix milliseconds.
    pub received_at_ms: i64,
    /// Who sent it, where the sender numbers its events.
    pub numbered: Option<Box<Numbered>>,
}

/// What a sender that numbers its events says of a batch.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// Who it is.
    pub sender: Sender,
    /// The positions, in order, of those events of the batch that were not valid.
    pub rejected: Vec<usize>,
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored now.
    Accepted,
    /// It was said before, in the same words.
    Duplicate,
    /// It was said before, in other words; these are kept beside.
    Conflict,
    /// It names one worker or workstation too many.
    EntityLimitReached,
}

/// What became of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The factory's key.
    pub factory_id: i32,
    /// The factory's revision once this batch is in.
    pub revision: i64,
    /// One for each event, in their order.
    pub verdicts: Vec<Verdict>,
}

/// What became of a group of batches.
#[derive(Debug)]
pub struct GroupStored {
    /// One for each batch, in their order; none where there is no such factory.
    pub batches: Vec<Option<Stored>>,
    /// How many stored events were read because an event was late.
    pub neighbours_read: usize,
}

/// The one writer of batches, with what it remembers between them.
pub struct Writer {
    store: Store,
    memories: HashMap<String, Memory>,
}

/// What is remembered of a factory: everything as it was at a revision, which is 0 where nothing was read yet.
#[derive(Default)]
struct Memory {
    revision: i64,
    entities: HashMap<i32, Entity>,
    /// What is known of their latest segments; those that have none here begin with their current one.
    tails: HashMap<i32, Tail>,
    ids: HashMap<EntityType, HashMap<String, i32>>,
    model_versions: Names,
    sources: Names,
}

impl Writer {
    /// A writer that remembers nothing yet.
    pub fn new(store: Store) -> Self {
        Self { store, memories: HashMap::new() }
    }

    /// Stores a group of batches in one transaction, on disk when this returns. After an error none of it is stored. What
    /// was undone because another transaction was in the way is tried again.
    pub async fn store(&mut self, batches: &[Batch]) -> Result<GroupStored> {
        let mut attempts = Attempts::default();
        let mut lookups = Lookups::WhereNeeded;
        loop {
            let outcome = self.try_store(batches, lookups).await;
            if lookups == Lookups::WhereNeeded
                && outcome.as_ref().is_err_and(|error| error.fault() == Fault::Exists)
            {
                lookups = Lookups::All;
            } else if !attempts.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_store(&mut self, batches: &[Batch], lookups: Lookups) -> Result<GroupStored> {
        let mut by_factory: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, batch) in batches.iter().enumerate() {
            by_factory.entry(&batch.factory_slug).or_default().push(index);
        }
        let mut group = GroupStored { batches: vec![None; batches.len()], neighbours_read: 0 };
        // What is remembered leaves before the work and returns after the commit: an error forgets it.
        let mut memories = Vec::with_capacity(by_factory.len());
        let tx = self.store.begin_write().await?;
        for factory in factories::lock(&tx, by_factory.keys().copied()).await? {
            let Some(indexes) = by_factory.remove(factory.slug.as_str()) else { continue };
            let remembered = self.memories.remove(&factory.slug);
            let mut memory = Memory::of(&tx, &factory, remembered).await?;
            let of_factory: Vec<&Batch> = indexes.iter().filter_map(|&index| batches.get(index)).collect();
            let (stored, neighbours_read) =
                store_in_factory(&tx, &factory, (&mut memory, lookups), &of_factory).await?;
            group.neighbours_read += neighbours_read;
            for (index, stored) in indexes.into_iter().zip(stored) {
                group.batches[index] = Some(stored);
            }
            memories.push((factory.slug, memory));
        }
        tx.commit().await?;
        if self.memories.len() + memories.len() > MAX_REMEMBERED_FACTORIES {
            self.memories.clear();
        }
        self.memories.extend(memories);
        Ok(group)
    }
}

async fn store_in_factory(
    tx: &Transaction,
    factory: &Factory,
    (memory, lookups): (&mut Memory, Lookups),
    batches: &[&Batch],
) -> Result<(Vec<Stored>, usize)> {
    let sightings = judge::identify(tx, factory.id, memory, batches).await?;
    let Judgement { verdicts, new } = judge::judge(tx, factory.id, (memory, lookups), &sightings).await?;
    let (met, neighbours_met) = apply::meet(tx, factory.id, memory, &new).await?;
    // The database inserts while the effects are added up.
    let effects = async { apply::effects(memory, &new, met) };
    let (inserted, effects) = tokio::join!(judge::insert(tx, factory.id, &new), effects);
    inserted?;
    let kept_conflicts = judge::keep_conflicts(tx, factory.id, &sightings, &verdicts, batches.len()).await?;

    let stored = number(factory, batches, &verdicts, &kept_conflicts);
    let revisions = revisions_of_entities(&sightings, &verdicts, &stored);
    let looked_up = apply::save(tx, factory.id, memory, effects, &revisions).await?;
    let revision = stored.last().map_or(factory.revision, |last| last.revision);
    if revision != factory.revision {
        if commit_log::is_kept(tx) {
            commit_log::append(tx, factory.id, revision, &accepted(&sightings, &verdicts)).await?;
        } else {
            factories::set_revision(tx, factory.id, revision).await?;
        }
    }
    memory.revision = revision;
    let numbered: Vec<_> =
        batches.iter().zip(&stored).filter_map(|(batch, stored)| answers(batch, stored)).collect();
    if !numbered.is_empty() {
        devices::keep(tx, factory.id, &numbered).await?;
    }
    Ok((stored, neighbours_met + looked_up))
}

/// What became of a batch's numbers, with its sender and when it came; none when its events have no numbers.
fn answers<'a>(batch: &'a Batch, stored: &Stored) -> Option<(&'a Sender, Answers, i64)> {
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
            revision += 1;
        }
        stored.push(Stored { factory_id: factory.id, revision, verdicts: of_batch.to_vec() });
    }
    stored
}

/// The revision of the batch that touched each entity last.
fn revisions_of_entities(
    sightings: &[Sighting<'_>],
    verdicts: &[Verdict],
    stored: &[Stored],
) -> HashMap<i32, i64> {
    let mut revisions = HashMap::new();
    for (sighting, verdict) in sightings.iter().zip(verdicts) {
        if let (Verdict::Accepted, Some(row)) = (verdict, &sighting.row) {
            revisions.insert(row.entity_id, stored[sighting.batch].revision);
        }
    }
    revisions
}

/// The accepted rows in the order of their arrival.
fn accepted<'a>(sightings: &'a [Sighting<'a>], verdicts: &[Verdict]) -> Vec<&'a NewRow<'a>> {
    let accepted = sightings.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Accepted);
    accepted.filter_map(|(sighting, _)| sighting.row.as_ref()).collect()
}

/// Which events are looked up before they are inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookups {
    /// Those that may be stored already, as far as is remembered.
    WhereNeeded,
    /// All.
    All,
}

impl Memory {
    /// Whether an event of the same identity may be stored.
    fn may_hold_its_like(&self, row: &NewRow<'_>) -> bool {
        self.entities
            .get(&row.entity_id)
            .is_none_or(|entity| row.event.started_at_ms <= entity.last_seen_at_ms && !self.has_gap_for(row))
    }

    /// Whether stored events may overlap it.
    fn may_overlap(&self, row: &NewRow<'_>) -> bool {
        self.entities
            .get(&row.entity_id)
            .is_some_and(|entity| row.event.started_at_ms < entity.last_seen_at_ms && !self.has_gap_for(row))
    }

    /// Whether it is known that nothing of any length was seen when this was.
    fn has_gap_for(&self, row: &NewRow<'_>) -> bool {
        let (from_ms, to_ms) = (row.event.started_at_ms, row.event.ended_at_ms());
        self.tails.get(&row.entity_id).is_some_and(|tail| tail.is_free(from_ms, to_ms))
    }

    /// What is known of a factory at its revision. What was remembered is brought up to date with what others have
    /// committed since: the entities they touched. Names are never changed, so those known stay true.
    async fn of(conn: &impl ConnectionTrait, factory: &Factory, remembered: Option<Self>) -> Result<Self> {
        let mut memory = remembered.unwrap_or_default();
        if memory.revision == factory.revision {
            return Ok(memory);
        }
        let changed_after = (memory.revision > 0).then_some(memory.revision);
        let changed = EntityFilter { changed_after, ..EntityFilter::default() };
        for entity in entities::list(conn, factory.id, changed).await? {
            memory.ids.entry(entity.entity_type).or_default().insert(entity.code.clone(), entity.id);
            memory.tails.remove(&entity.id);
            memory.entities.insert(entity.id, entity);
        }
        memory.revision = factory.revision;
        Ok(memory)
    }

    /// The number of an entity, registered now if it is new; none when that would be one too many.
    fn entity_id(&mut self, entity_type: EntityType, code: &str) -> Option<i32> {
        let ids = self.ids.entry(entity_type).or_default();
        if let Some(id) = ids.get(code) {
            return Some(*id);
        }
        if self.entities.len() >= entities::MAX_ENTITIES {
            return None;
        }
        // Entities are never deleted, so counting them numbers them.
        let id = self.entities.len() as i32 + 1;
        ids.insert(code.to_owned(), id);
        self.entities.insert(
            id,
            Entity {
                id,
                entity_type,
                code: code.to_owned(),
                name: None,
                area: None,
                last_seen_at_ms: i64::MIN,
                longest_duration_ms: 0,
                current: None,
                revision: 0,
            },
        );
        Some(id)
    }
}
