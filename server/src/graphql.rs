//! The GraphQL API: types and resolvers, a folder per capability. A resolver only unpacks what was asked; stores, reports
//! and live deliveries do the work, and no database row is ever an API type.

mod access;
pub(crate) mod budget;
mod context;
mod decisions;
mod deliveries;
mod devices;
pub(crate) mod events;
mod factories;
mod floor;
pub mod guard;
mod meaning;
mod node;
mod rows;
mod scalar;
pub(crate) mod shared;
mod sources;
mod text;
pub(crate) mod variables;
mod window;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema, SchemaBuilder};

use crate::app::App;

/// The executable API.
pub type AndonSchema = Schema<Query, Mutation, Subscription>;

/// What can be asked. Everything asked in one request is read from one state of the database.
#[derive(Default, MergedObject)]
pub struct Query(
    factories::FactoryQuery,
    floor::FloorQuery,
    events::EventQuery,
    decisions::DecisionQuery,
    devices::DeviceQuery,
    sources::SourceQuery,
    node::NodeQuery,
    access::AccessQuery,
);

/// What can be changed. When a mutation answers, the change is durable.
#[derive(Default, MergedObject)]
pub struct Mutation(
    factories::FactoryMutation,
    events::EventMutation,
    decisions::DecisionMutation,
    access::AccessMutation,
);

/// Each subscription first delivers the whole current answer, then, as events are stored (by any replica) or as time moves
/// the window, what changed. The first change is delivered at once, further ones conflated to at most one delivery per
/// 100 ms; the last state is always delivered. `revision` never goes down within a subscription.
#[derive(Default, MergedSubscription)]
pub struct Subscription(floor::FloorSubscription, events::EventSubscription, decisions::DecisionSubscription);

/// The API on top of a running application.
pub fn schema(app: Arc<App>) -> AndonSchema {
    builder()
        .limit_depth(guard::MAX_DEPTH)
        .limit_complexity(guard::MAX_FIELDS)
        .extension(context::PerRequest)
        .data(app)
        .finish()
}

/// The API in the schema definition language, as committed in `schema.graphql`.
pub fn sdl() -> String {
    builder()
        .finish()
        .sdl_with_options(SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}
