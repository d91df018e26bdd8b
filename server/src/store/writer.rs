//! Batches become rows: what is new is inserted, its effect on every sum and the factory's revision with it, in one
//! transaction for a whole group of batches.
//!
//! Several batches of one factory are inserted together, but each is judged and numbered at its turn, as if it had
//! come alone.

mod apply;
mod judge;

use std::collections::HashMap;

use domain::event::{EntityType, Event};
use sea_orm::ConnectionTrait;

use super::{
    Result, Store,
    entities::{self, Entity, EntityFilter},
    factories::{self, Factory},
    intern::Names,
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

/// What is remembered of a factory. It holds only as long as the factory's revision is the one it was read at.
struct Memory {
    revision: i64,
    entities: HashMap<i32, Entity>,
    ids: HashMap<EntityType, HashMap<String, i32>>,
    model_versions: Names,
    sources: Names,
}

impl Writer {
    /// A writer that remembers nothing yet.
    pub fn new(store: Store) -> Self {
        Self { store, memories: HashMap::new() }
    }

    /// Stores a group of batches in one transaction, on disk when this returns. After an error none of it is stored.
    pub async fn store(&mut self, batches: &[Batch]) -> Result<GroupStored> {
        let mut by_factory: Vec<(&str, Vec<usize>)> = Vec::new();
        for (index, batch) in batches.iter().enumerate() {
            match by_factory.iter_mut().find(|(slug, _)| *slug == batch.factory_slug) {
                Some((_, indexes)) => indexes.push(index),
                None => by_factory.push((&batch.factory_slug, vec![index])),
            }
        }
        let mut group = GroupStored { batches: vec![None; batches.len()], neighbours_read: 0 };
        // What is remembered leaves before the work and returns after the commit: an error forgets it.
        let mut memories = Vec::with_capacity(by_factory.len());
        let tx = self.store.begin_write().await?;
        for (slug, indexes) in by_factory {
            let Some(factory) = factories::by_slug(&tx, slug).await? else { continue };
            let mut memory = match self.memories.remove(slug) {
                Some(memory) if memory.revision == factory.revision => memory,
                _ => Memory::read(&tx, &factory).await?,
            };
            let of_factory: Vec<&Batch> = indexes.iter().filter_map(|&index| batches.get(index)).collect();
            let (stored, neighbours_read) = store_in_factory(&tx, &factory, &mut memory, &of_factory).await?;
            group.neighbours_read += neighbours_read;
            for (index, stored) in indexes.into_iter().zip(stored) {
                group.batches[index] = Some(stored);
            }
            memories.push((slug.to_owned(), memory));
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
    tx: &impl ConnectionTrait,
    factory: &Factory,
    memory: &mut Memory,
    batches: &[&Batch],
) -> Result<(Vec<Stored>, usize)> {
    let sightings = judge::identify(tx, factory.id, memory, batches).await?;
    let (met, neighbours_met) = apply::meet(tx, factory.id, memory, &sightings).await?;
    let verdicts = judge::insert_and_judge(tx, factory.id, &sightings).await?;
    let kept_conflicts = judge::keep_conflicts(tx, &sightings, &verdicts, batches.len()).await?;

    let mut stored: Vec<Stored> = Vec::with_capacity(batches.len());
    let mut verdicts_left = verdicts.as_slice();
    let mut revision = factory.revision;
    for (batch, kept_conflicts) in batches.iter().zip(kept_conflicts) {
        let (of_batch, rest) = verdicts_left.split_at(batch.events.len());
        verdicts_left = rest;
        if kept_conflicts > 0 || of_batch.contains(&Verdict::Accepted) {
            revision += 1;
        }
        stored.push(Stored { factory_id: factory.id, revision, verdicts: of_batch.to_vec() });
    }
    let revisions: Vec<i64> = stored.iter().map(|stored| stored.revision).collect();
    let looked_up =
        apply::add_effects(tx, factory.id, memory, (&sightings, &verdicts), met, &revisions).await?;
    if revision != factory.revision {
        factories::set_revision(tx, factory.id, revision).await?;
    }
    memory.revision = revision;
    Ok((stored, neighbours_met + looked_up))
}

impl Memory {
    async fn read(conn: &impl ConnectionTrait, factory: &Factory) -> Result<Self> {
        let mut memory = Self {
            revision: factory.revision,
            entities: HashMap::new(),
            ids: HashMap::new(),
            model_versions: Names::default(),
            sources: Names::default(),
        };
        for entity in entities::list(conn, factory.id, EntityFilter::default()).await? {
            memory.ids.entry(entity.entity_type).or_default().insert(entity.code.clone(), entity.id);
            memory.entities.insert(entity.id, entity);
        }
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
