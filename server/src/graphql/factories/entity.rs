//! Workers and workstations: who and what is seen on the floor.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, SimpleObject};

use crate::{
    error::ApiError,
    graphql::{
        node::{NodeId, NodeObject},
        text::name,
    },
    store::entities::{Entity, EntityPatch},
};

/// Whether a worker or a workstation was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::EntityType")]
pub(crate) enum EntityType {
    /// A person.
    Worker,
    /// A machine or a place of work.
    Workstation,
}

/// Someone who works on the floor, registered by their first event or by updateEntities.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Worker {
    /// Unique over all types and factories, opaque.
    pub(crate) id: ID,
    /// As sent, such as W1.
    worker_id: ID,
    /// What people call them.
    name: Option<String>,
    /// The line or area shown on boards and filtered by.
    area: Option<String>,
}

impl Worker {
    /// A worker of the factory with this slug.
    pub(crate) fn new(factory: &str, entity: Entity) -> Self {
        let id = NodeId::new(factory, NodeObject::Worker(&entity.code)).into();
        Self { id, worker_id: ID(entity.code), name: entity.name, area: entity.area }
    }
}

/// A machine or a place of work, registered by its first event or by updateEntities.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Workstation {
    /// Unique over all types and factories, opaque.
    pub(crate) id: ID,
    /// As sent, such as S1.
    workstation_id: ID,
    /// What people call it.
    name: Option<String>,
    /// The line or area shown on boards and filtered by.
    area: Option<String>,
}

impl Workstation {
    /// A workstation of the factory with this slug.
    pub(crate) fn new(factory: &str, entity: Entity) -> Self {
        let id = NodeId::new(factory, NodeObject::Workstation(&entity.code)).into();
        Self { id, workstation_id: ID(entity.code), name: entity.name, area: entity.area }
    }
}

/// What people see of a worker or workstation. A field left out stays, null clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateEntityInput {
    /// 1 to 64 characters.
    name: MaybeUndefined<String>,
    /// The line or area, 1 to 64 characters.
    area: MaybeUndefined<String>,
}

impl TryFrom<UpdateEntityInput> for EntityPatch {
    type Error = ApiError;

    fn try_from(input: UpdateEntityInput) -> Result<Self, ApiError> {
        Ok(Self { name: field("name", input.name)?, area: field("area", input.area)? })
    }
}

fn field(field: &str, sent: MaybeUndefined<String>) -> Result<Option<Option<String>>, ApiError> {
    match sent {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(sent) => Ok(Some(Some(name(field, &sent)?))),
    }
}
