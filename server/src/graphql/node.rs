//! Objects that a client can keep by one id, and fetch again by it: the Global Object Identification that Relay asks of a
//! server, by which the caches of Apollo Client and urql work too.
//!
//! Such caches take whatever has the same `__typename` and `id` for one object, in all answers. So an object whose fields
//! follow from its id alone has an `id` and is a [`Node`]; what depends on a window or another argument, as a row of metrics
//! does, has none, and names what it is about by the ids that people know.

mod id;

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use domain::event::EntityType;

pub(super) use self::id::{NodeId, Object as NodeObject};
use super::{
    context::{access, app, known_factory},
    devices::{self, Device},
    factories::{Factory, Worker, Workstation, sees_names},
};
use crate::{
    error::ApiError,
    store::{
        Snapshot,
        access::{Scope, SeeFigures},
        entities,
    },
};

/// An object that can be kept and fetched again by its id. What has no `id`, such as a row of metrics, depends on a window or on
/// other arguments and belongs to its answer alone.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "&ID",
    desc = "Unique over all types and factories, the same for ever, opaque. Arguments take the ids of single types instead, such \
            as factoryId and workerId."
))]
pub(crate) enum Node {
    /// A factory.
    Factory(Box<Factory>),
    /// A worker.
    Worker(Worker),
    /// A workstation.
    Workstation(Workstation),
    /// A device.
    Device(Box<Device>),
}

/// The query of any object.
#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id, or null when there is none.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>, ApiError> {
        match NodeId::parse(&id) {
            Some(id) => find(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// What the caller sees of the factory that an id is of.
async fn factory_of(
    ctx: &Context<'_>,
    id: &NodeId<'_>,
) -> Result<Option<(Arc<Snapshot>, Scope<SeeFigures>)>, ApiError> {
    known_factory(ctx, id.factory).await
}

async fn find(ctx: &Context<'_>, id: NodeId<'_>) -> Result<Option<Node>, ApiError> {
    Ok(match id.object {
        NodeObject::Factory => {
            let Some((snapshot, scope)) = factory_of(ctx, &id).await? else { return Ok(None) };
            Some(Node::Factory(Box::new(Factory::new(scope, snapshot))))
        }
        NodeObject::Worker(code) => {
            let Some((snapshot, scope)) = factory_of(ctx, &id).await? else { return Ok(None) };
            if !sees_names(access(ctx), &scope) {
                return Ok(None);
            }
            let worker = entities::by_code(&*snapshot, &scope, EntityType::Worker, code).await?;
            worker.map(|worker| Node::Worker(Worker::new(id.factory, worker)))
        }
        NodeObject::Workstation(code) => {
            let Some((snapshot, scope)) = factory_of(ctx, &id).await? else { return Ok(None) };
            let workstation = entities::by_code(&*snapshot, &scope, EntityType::Workstation, code).await?;
            workstation.map(|workstation| Node::Workstation(Workstation::new(id.factory, workstation)))
        }
        NodeObject::Device(code) => {
            let Some((snapshot, scope)) = known_factory(ctx, id.factory).await? else { return Ok(None) };
            let device = devices::find(&snapshot, &scope, code, app(ctx).clock.now_ms()).await?;
            device.map(|device| Node::Device(Box::new(device)))
        }
    })
}
