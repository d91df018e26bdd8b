//! Changes of many workers and workstations at once: what is wrong with each of them, and what became of them.

use std::collections::{HashMap, HashSet};

use async_graphql::{ID, InputObject, MaybeUndefined, SimpleObject};
use domain::{
    event,
    limits::MAX_ENTITY_CHANGES,
    validate::{ID_RULE, excerpt, new_id_fault},
};

use super::entity::{EntityType, Worker, Workstation};
use crate::{
    error::{ApiError, ChangeProblem},
    graphql::scalar::BigInt,
    report,
    store::{
        Snapshot,
        access::{Access, NameEntities},
        entities::{self, EntityChange, EntityFilter, EntityPatch, UpdatedEntities},
    },
};

/// A worker or workstation, and what to change about it. A field left out stays, null clears it.
#[derive(Clone, Debug, InputObject)]
pub(super) struct EntityChangeInput {
    /// Whether it is a worker or a workstation.
    entity_type: EntityType,
    /// As events have it, such as W1.
    entity_id: ID,
    /// 1 to 64 characters.
    name: MaybeUndefined<String>,
    /// The line or area, 1 to 64 characters.
    area: MaybeUndefined<String>,
}

/// What became of the changes.
#[derive(SimpleObject)]
pub(super) struct UpdateEntitiesPayload {
    /// The factory's revision with the changes.
    revision: BigInt,
    /// How many of them were not known before.
    registered: usize,
    /// The workers that were named, in the order of the changes.
    workers: Vec<Worker>,
    /// The workstations that were named, in the order of the changes.
    workstations: Vec<Workstation>,
}

impl UpdateEntitiesPayload {
    /// What was changed in the factory with this slug.
    pub(super) fn new(factory: &str, updated: UpdatedEntities) -> Self {
        let is_worker = |entity: &entities::Entity| entity.entity_type == event::EntityType::Worker;
        let (workers, workstations) = updated.entities.into_iter().partition::<Vec<_>, _>(is_worker);
        Self {
            revision: BigInt(updated.revision.0),
            registered: updated.registered,
            workers: workers.into_iter().map(|entity| Worker::new(factory, entity)).collect(),
            workstations: workstations.into_iter().map(|entity| Workstation::new(factory, entity)).collect(),
        }
    }
}

/// The changes as the store takes them, when nothing is wrong with any of them.
pub(super) async fn judge(
    snapshot: &Snapshot,
    (access, slug): (&Access, &str),
    changes: Vec<EntityChangeInput>,
    register_new: bool,
) -> Result<Vec<EntityChange>, ApiError> {
    if !(1..=MAX_ENTITY_CHANGES).contains(&changes.len()) {
        return Err(ApiError::limit_exceeded(format!(
            "a request has 1 to {MAX_ENTITY_CHANGES} changes, but {} were sent; send more in parts",
            changes.len()
        )));
    }
    let scope = report::factory::<NameEntities>(access, snapshot, slug).await?;
    let codes: Vec<String> = changes.iter().map(|change| change.entity_id.0.clone()).collect();
    let filter = EntityFilter { codes: Some(&codes), ..EntityFilter::default() };
    let known = entities::list(snapshot, &scope, filter).await?;
    let known = known.iter().map(|entity| (entity.entity_type, entity.code.as_str())).collect();
    judged(changes, &known, register_new).map_err(ApiError::changes_refused)
}

/// What names an entity.
type Key<'a> = (event::EntityType, &'a str);

fn judged(
    changes: Vec<EntityChangeInput>,
    known: &HashSet<Key<'_>>,
    register_new: bool,
) -> Result<Vec<EntityChange>, Vec<ChangeProblem>> {
    let mut problems = Vec::new();
    let mut first_indexes = HashMap::with_capacity(changes.len());
    let mut good = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let EntityChangeInput { entity_type, entity_id: ID(code), name, area } = change;
        let entity_type = event::EntityType::from(entity_type);
        let mut refuse = |field, value: &str, allowed: String| {
            problems.push(ChangeProblem { index, field, value: excerpt(value), allowed });
        };
        if let Some(first) = first_indexes.insert((entity_type, code.clone()), index) {
            refuse("entityId", &code, format!("be named once, and change {first} names it too"));
        } else if !known.contains(&(entity_type, code.as_str())) {
            match new_id_fault(&code) {
                _ if !register_new => refuse("entityId", &code, unknown(entity_type)),
                Some(fault) => refuse("entityId", &code, format!("have {ID_RULE}; it {fault}")),
                None => {}
            }
        }
        let name = text("name", name, &mut refuse);
        let area = text("area", area, &mut refuse);
        good.push(EntityChange { entity_type, code, patch: EntityPatch { name, area } });
    }
    if problems.is_empty() { Ok(good) } else { Err(problems) }
}

fn unknown(entity_type: event::EntityType) -> String {
    let noun = match entity_type {
        event::EntityType::Worker => "worker",
        event::EntityType::Workstation => "workstation",
    };
    format!("be of a {noun} that was reported before, or registerNew be true")
}

/// A name or an area without the blanks around it.
fn text(
    field: &'static str,
    sent: MaybeUndefined<String>,
    refuse: &mut impl FnMut(&'static str, &str, String),
) -> Option<Option<String>> {
    let sent = match sent {
        MaybeUndefined::Undefined => return None,
        MaybeUndefined::Null => return Some(None),
        MaybeUndefined::Value(sent) => sent,
    };
    if let Some(fault) = new_id_fault(sent.trim()) {
        refuse(field, &sent, format!("have {ID_RULE}; it {fault}"));
    }
    Some(Some(sent.trim().to_owned()))
}
