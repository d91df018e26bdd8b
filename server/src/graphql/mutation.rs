//! The root of all mutations. What follows a commit is done even when the client has disconnected.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use domain::event::EntityType;

use super::{
    batches::Batches,
    entity::{UpdateEntityInput, Worker, Workstation},
    event::EventInput,
    factory::{CreateFactoryInput, Factory, UpdateFactoryInput},
    ingest::IngestEventsPayload,
    sender::SenderInput,
    snapshot::{app, begin},
    text::quoted,
};
use crate::{
    app::App,
    error::{ApiError, ErrorCode},
    report::{self, ReportError},
    store::{
        entities::{Entity, EntityPatch},
        factories::{FactoryPatch, NewFactory},
    },
};

/// The root of all mutations.
pub struct Mutation;

/// What can be changed. When a mutation answers, the change is durable.
#[Object]
impl Mutation {
    /// Creates a factory without workers and workstations.
    async fn create_factory(
        &self,
        ctx: &Context<'_>,
        input: CreateFactoryInput,
    ) -> Result<Factory, ApiError> {
        create_factory(app(ctx), input.try_into()?).await
    }

    /// Changes a factory. A field left out stays.
    async fn update_factory(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        input: UpdateFactoryInput,
    ) -> Result<Factory, ApiError> {
        let patch = input.try_into()?;
        run_detached(update_factory(app_of(ctx), factory_id.0, patch)).await
    }

    /// Entities are registered by their first event; these set what people see. A field left out stays, null clears it.
    async fn update_worker(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        worker_id: ID,
        input: UpdateEntityInput,
    ) -> Result<Worker, ApiError> {
        let patch = input.try_into()?;
        let update = update_entity(app_of(ctx), factory_id.0.clone(), EntityType::Worker, worker_id.0, patch);
        Ok(Worker::new(&factory_id, run_detached(update).await?))
    }

    /// As updateWorker.
    async fn update_workstation(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        workstation_id: ID,
        input: UpdateEntityInput,
    ) -> Result<Workstation, ApiError> {
        let patch = input.try_into()?;
        let entity_type = EntityType::Workstation;
        let update = update_entity(app_of(ctx), factory_id.0.clone(), entity_type, workstation_id.0, patch);
        Ok(Workstation::new(&factory_id, run_detached(update).await?))
    }

    /// Store a batch of at most 10 000 events. When this answers, every accepted event is durable. Sending a batch again,
    /// whole or in part, in any order, changes no metric. A sender that numbers its events says which ones they are, with
    /// or without events.
    async fn ingest_events(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        events: Vec<EventInput>,
        sender: Option<SenderInput>,
    ) -> Result<IngestEventsPayload, ApiError> {
        let sender = sender.map(TryInto::try_into).transpose()?;
        let ingest = &app(ctx).ingest;
        let batch = match Batches::argument(ctx, "events") {
            Some(batch) => batch?,
            None => ingest.judge::<String>(events.into_iter().map(Into::into).collect())?,
        };
        Ok(ingest.store_from(sender, &factory_id, batch).await?.into())
    }
}

fn app_of(ctx: &Context<'_>) -> Arc<App> {
    ctx.data_unchecked::<Arc<App>>().clone()
}

/// Runs a write and its announcement to its end in a task of its own, even when the client disconnects meanwhile.
async fn run_detached<T: Send + 'static>(
    write: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(write).await.map_err(|panic| ApiError::internal(&panic))?
}

async fn create_factory(app: &App, new: NewFactory) -> Result<Factory, ApiError> {
    let slug = quoted(&new.slug);
    let created = app.store.create_factory(new).await?.ok_or_else(|| {
        let message = format!(
            "there is already a factory {slug}; choose another id, or use updateFactory to change it"
        );
        ApiError::new(ErrorCode::AlreadyExists, message)
    })?;
    read_back(app, &created.slug).await
}

async fn update_factory(app: Arc<App>, slug: String, patch: FactoryPatch) -> Result<Factory, ApiError> {
    let updated = app.store.update_factory(&slug, patch).await?;
    let updated = updated.ok_or_else(|| ApiError::factory_not_found(&slug))?;
    app.live.announce(updated.id, updated.revision);
    read_back(&app, &slug).await
}

/// The factory and its entities as of one snapshot: it has the change, and perhaps a later one.
async fn read_back(app: &App, slug: &str) -> Result<Factory, ApiError> {
    let snapshot = begin(app).await?;
    Ok(Factory::new(report::factory(&snapshot, slug).await?, snapshot))
}

async fn update_entity(
    app: Arc<App>,
    slug: String,
    entity_type: EntityType,
    code: String,
    patch: EntityPatch,
) -> Result<Entity, ApiError> {
    let factory_id = report::factory(&*begin(&app).await?, &slug).await?.factory().id;
    let updated = app.store.update_entity(factory_id, entity_type, &code, patch).await?;
    let updated = updated.ok_or(ReportError::EntityNotFound { entity_type, code })?;
    app.live.announce(factory_id, updated.revision);
    Ok(updated)
}
