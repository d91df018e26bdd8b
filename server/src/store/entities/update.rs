//! What people set: the names and areas of workers and workstations, many of them in one commit.

use std::collections::HashMap;

use domain::{
    event::EntityType,
    id::{EntityId, FactoryId, Revision},
};
use entity::tracked_entity::{self as row, Column};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use serde_json::json;

use super::{Entity, EntityFilter, MAX_ENTITIES, of_factory, table};
use crate::store::{
    access::{Author, NameEntities, Scope},
    audit_log::{self, AuditAction, Record},
    database::Store,
    engine::retry::Retries,
    error::Result,
    factories,
};

/// What a change writes of an entity that is there.
const CHANGED_COLUMNS: [&str; 3] = ["name", "area", "revision"];

/// What to change about an entity: none stays, some of none clears.
#[derive(Clone, Debug, Default)]
pub struct EntityPatch {
    /// For people.
    pub name: Option<Option<String>>,
    /// The line or area.
    pub area: Option<Option<String>>,
}

/// Which entity to change, and what about it.
#[derive(Clone, Debug)]
pub struct EntityChange {
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// As sent, such as `W1`.
    pub code: String,
    /// What to change.
    pub patch: EntityPatch,
}

/// What becomes of an entity of which nothing was ever reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownEntities {
    /// Nothing is changed, not even of the others.
    Refuse,
    /// It is registered, without any event.
    Register,
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUpdated {
    /// There is no such factory.
    NoFactory,
    /// The entity of the change at this index is not registered.
    Unknown(usize),
    /// There would be more than [`MAX_ENTITIES`].
    TooMany,
}

/// What was changed.
#[derive(Clone, Debug)]
pub struct UpdatedEntities {
    /// The factory's revision with the changes.
    pub revision: Revision,
    /// The entities as they are now, in the order of the changes.
    pub entities: Vec<Entity>,
    /// How many of them are new.
    pub registered: usize,
}

impl Store {
    /// Changes what people see of entities, all in one commit or none, and raises the factory's revision by one. Each entity is
    /// named once.
    pub async fn update_entities(
        &self,
        scope: &Scope<NameEntities>,
        changes: &[EntityChange],
        unknown: UnknownEntities,
        author: &Author,
    ) -> Result<std::result::Result<UpdatedEntities, NotUpdated>> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_update_entities(scope.factory_id(), changes, unknown, author).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_update_entities(
        &self,
        factory_id: FactoryId,
        changes: &[EntityChange],
        unknown: UnknownEntities,
        author: &Author,
    ) -> Result<std::result::Result<UpdatedEntities, NotUpdated>> {
        let tx = self.begin_write().await?;
        let Some(factory) = factories::lock_by_id(&tx, factory_id).await? else {
            return Ok(Err(NotUpdated::NoFactory));
        };
        let mut known = known(&tx, factory_id, changes).await?;
        let new: Vec<usize> =
            (0..changes.len()).filter(|index| !known.contains_key(&key(&changes[*index]))).collect();
        if let (Some(index), UnknownEntities::Refuse) = (new.first(), unknown) {
            return Ok(Err(NotUpdated::Unknown(*index)));
        }
        let (count, last_id) = if new.is_empty() { (0, 0) } else { count(&tx, factory_id).await? };
        if count + new.len() > MAX_ENTITIES {
            return Ok(Err(NotUpdated::TooMany));
        }
        for (place, index) in new.iter().enumerate() {
            let (entity_type, code) = key(&changes[*index]);
            let id = EntityId(last_id + place as i32 + 1);
            known.insert((entity_type, code), Entity::unseen(id, entity_type, code));
        }
        let revision = factory.revision.next();
        let entities: Vec<Entity> =
            changes.iter().filter_map(|change| changed(&mut known, change, revision)).collect();
        save(&tx, factory_id, &entities).await?;
        factories::set_revision(&tx, factory_id, revision).await?;
        let done = done(factory_id, changes, new.len());
        audit_log::append(&tx, author, Record { revision: revision.0, ..done }).await?;
        tx.commit().await?;
        Ok(Ok(UpdatedEntities { revision, entities, registered: new.len() }))
    }
}

/// How many of the changed entities are named in the audit log.
const MAX_NAMED: usize = 50;

/// What is written down of changes.
fn done(factory_id: FactoryId, changes: &[EntityChange], registered: usize) -> Record {
    let target = match changes {
        [change] => change.code.clone(),
        changes => format!("{} workers and workstations", changes.len()),
    };
    let named = changes.iter().take(MAX_NAMED).map(|change| {
        let EntityPatch { name, area } = &change.patch;
        json!({ "id": change.code, "name": name, "area": area })
    });
    let details = json!({ "registered": registered, "changes": named.collect::<Vec<_>>() });
    Record::done(Some(factory_id), AuditAction::UpdateEntities, target, details)
}

/// What names an entity.
type Key<'a> = (EntityType, &'a str);

fn key(change: &EntityChange) -> Key<'_> {
    (change.entity_type, &change.code)
}

/// Those of the named entities that are registered.
async fn known<'a>(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    changes: &'a [EntityChange],
) -> Result<HashMap<Key<'a>, Entity>> {
    let codes: Vec<String> = changes.iter().map(|change| change.code.clone()).collect();
    let filter = EntityFilter { codes: Some(&codes), ..EntityFilter::default() };
    let listed = of_factory(conn, factory_id, filter).await?.into_iter();
    let mut listed: HashMap<(EntityType, String), Entity> =
        listed.map(|entity| ((entity.entity_type, entity.code.clone()), entity)).collect();
    let named = |change: &'a EntityChange| {
        Some((key(change), listed.remove(&(change.entity_type, change.code.clone()))?))
    };
    Ok(changes.iter().filter_map(named).collect())
}

/// How many entities there are, and the highest number that one has.
async fn count(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<(usize, i32)> {
    let counted: Option<(i64, Option<i32>)> = row::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "entities")
        .column_as(Column::Id.max(), "last_id")
        .filter(Column::FactoryId.eq(factory_id.0))
        .into_tuple()
        .one(conn)
        .await?;
    let (count, last_id) = counted.unwrap_or_default();
    Ok((usize::try_from(count).unwrap_or(MAX_ENTITIES), last_id.unwrap_or_default()))
}

/// The entity with what its change says.
fn changed<'a>(
    known: &mut HashMap<Key<'a>, Entity>,
    change: &'a EntityChange,
    revision: Revision,
) -> Option<Entity> {
    let mut entity = known.remove(&key(change))?;
    let EntityPatch { name, area } = change.patch.clone();
    entity.name = name.unwrap_or(entity.name);
    entity.area = area.unwrap_or(entity.area);
    entity.revision = revision;
    Some(entity)
}

async fn save(conn: &impl ConnectionTrait, factory_id: FactoryId, entities: &[Entity]) -> Result<()> {
    let rows: Vec<(FactoryId, &Entity)> = entities.iter().map(|entity| (factory_id, entity)).collect();
    table().upsert_columns(conn, &rows, &CHANGED_COLUMNS).await
}
