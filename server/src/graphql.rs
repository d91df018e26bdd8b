//! API types and resolvers, one noun per file. A resolver only unpacks what was asked; stores, reports and live
//! deliveries do the work, and no database row is ever an API type.

mod activity;
pub(crate) mod batches;
mod device;
mod entity;
mod event;
mod event_filter;
mod event_list;
mod factory;
mod factory_metrics;
pub mod guard;
mod ingest;
mod mutation;
mod query;
mod scalar;
mod sender;
mod series;
pub(crate) mod shared;
mod snapshot;
mod subscription;
mod text;
mod timeline;
pub(crate) mod variables;
mod window;
mod worker_metrics;
mod workstation_metrics;

use std::sync::Arc;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder};

#[cfg(any(feature = "kafka", feature = "amqp"))]
pub(crate) use ingest::EventIssueCode;
pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

use crate::app::App;

/// The executable API.
pub type AndonSchema = Schema<Query, Mutation, Subscription>;

/// The API on top of a running application.
pub fn schema(app: Arc<App>) -> AndonSchema {
    builder()
        .limit_depth(guard::MAX_DEPTH)
        .limit_complexity(guard::MAX_FIELDS)
        .extension(snapshot::OnePerRequest)
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
    Schema::build(Query, Mutation, Subscription)
}
