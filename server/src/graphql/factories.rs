//! Factories and the workers and workstations that are registered in them: their names and settings. What follows a commit
//! is done even when the client has disconnected.

mod changes;
mod entity;
mod factory;
mod utc_offset;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use domain::event;

use self::{
    changes::{EntityChangeInput, UpdateEntitiesPayload},
    entity::UpdateEntityInput,
    factory::{CreateFactoryInput, UpdateFactoryInput},
};
pub(super) use self::{
    entity::{EntityType, Worker, Workstation},
    factory::{Factory, UnitsBasis, sees_names},
};
use super::{
    context::{access, app, author, begin, charge, known_factory, snapshot},
    text::quoted,
};
use crate::{
    app::App,
    demo,
    error::{ApiError, ErrorCode},
    report::{self, ReportError},
    store::{
        access::{Access, Author, ChangeSettings, NameEntities},
        entities::{
            Entity, EntityChange, EntityPatch, MAX_ENTITIES, NotUpdated, UnknownEntities, UpdatedEntities,
        },
        factories::{FactoryPatch, MAX_FACTORIES, NewFactory, NotCreated},
    },
};

/// Queries of factories.
#[derive(Default)]
pub(super) struct FactoryQuery;

#[Object]
impl FactoryQuery {
    /// The factories the caller may see, in the order of their factoryIds.
    async fn factories(&self, ctx: &Context<'_>) -> Result<Vec<Factory>, ApiError> {
        let snapshot = snapshot(ctx).await?;
        let scopes = report::factories(access(ctx), &snapshot).await?.into_iter();
        Ok(scopes.map(|scope| Factory::new(scope, snapshot.clone())).collect())
    }

    /// The factory with this factoryId, or null.
    async fn factory(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Factory>, ApiError> {
        let known = known_factory(ctx, &id).await?;
        Ok(known.map(|(snapshot, scope)| Factory::new(scope, snapshot)))
    }
}

/// Changes of factories, workers and workstations.
#[derive(Default)]
pub(super) struct FactoryMutation;

#[Object]
impl FactoryMutation {
    /// Creates a factory without workers and workstations.
    async fn create_factory(
        &self,
        ctx: &Context<'_>,
        input: CreateFactoryInput,
    ) -> Result<Factory, ApiError> {
        create_factory(app(ctx), (access(ctx), &author(ctx)), input.try_into()?).await
    }

    /// Creates the factory "demo", fills yesterday and today with what simulated cameras report, and lets them report until the
    /// server ends; `andon serve --demo` goes on with it. For trying things out.
    async fn create_demo_factory(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "IANA name; decides where a day begins.", default = "UTC")] time_zone: String,
    ) -> Result<Factory, ApiError> {
        let (app, time_zone) = (app(ctx), factory::time_zone(&time_zone)?);
        let new = demo::new_factory(time_zone);
        let factory = create_factory(app, (access(ctx), &author(ctx)), new).await?;
        tokio::spawn(demo::run(app.clone(), time_zone));
        Ok(factory)
    }

    /// Changes a factory. A field left out stays.
    async fn update_factory(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        input: UpdateFactoryInput,
    ) -> Result<Factory, ApiError> {
        let patch = input.try_into()?;
        run_detached(update_factory(app(ctx).clone(), asked(ctx, &factory_id), patch)).await
    }

    /// Entities are registered by their first event or by updateEntities; this sets what people see. A field left out stays, null
    /// clears it.
    async fn update_worker(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        worker_id: ID,
        input: UpdateEntityInput,
    ) -> Result<Worker, ApiError> {
        let patch = input.try_into()?;
        let update = update_entity(
            app(ctx).clone(),
            asked(ctx, &factory_id),
            event::EntityType::Worker,
            worker_id.0,
            patch,
        );
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
        let entity_type = event::EntityType::Workstation;
        let asked = asked(ctx, &factory_id);
        let update = update_entity(app(ctx).clone(), asked, entity_type, workstation_id.0, patch);
        Ok(Workstation::new(&factory_id, run_detached(update).await?))
    }

    /// Changes 1 to 5 000 workers and workstations at once, each named once: all of them, in one commit, or none. What is wrong is
    /// told in `extensions.problems`, with the index of each change, its field, its value and what is allowed.
    async fn update_entities(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        changes: Vec<EntityChangeInput>,
        #[graphql(
            desc = "Whether those of which nothing was ever reported are registered, so that they have their names before their \
                    first event; otherwise they are refused.",
            default = false
        )]
        register_new: bool,
    ) -> Result<UpdateEntitiesPayload, ApiError> {
        charge(ctx, changes.len())?;
        let changes =
            changes::judge(&*begin(app(ctx)).await?, (access(ctx), &factory_id), changes, register_new)
                .await?;
        let unknown = if register_new { UnknownEntities::Register } else { UnknownEntities::Refuse };
        let update = update_entities(app(ctx).clone(), asked(ctx, &factory_id), changes, unknown);
        Ok(UpdateEntitiesPayload::new(&factory_id, run_detached(update).await?))
    }
}

/// Who asks for a change, and of which factory, apart from the request.
struct Asked {
    access: Access,
    author: Author,
    slug: String,
}

fn asked(ctx: &Context<'_>, factory_id: &str) -> Asked {
    Asked { access: access(ctx).clone(), author: author(ctx), slug: factory_id.to_owned() }
}

/// Runs a write and its announcement to its end in a task of its own, even when the client disconnects meanwhile.
async fn run_detached<T: Send + 'static>(
    write: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(write).await.map_err(|panic| ApiError::internal(&panic))?
}

async fn create_factory(
    app: &App,
    (access, author): (&Access, &Author),
    new: NewFactory,
) -> Result<Factory, ApiError> {
    let slug = quoted(new.slug.as_str());
    let created = app.store.create_factory(access, new, author).await?.map_err(|refused| match refused {
        NotCreated::NotPermitted => {
            let message =
                "only an operator of this server creates factories; ask one, or ask for a grant in a factory";
            ApiError::new(ErrorCode::Forbidden, message)
        }
        NotCreated::SlugTaken => {
            let message = format!(
                "there is already a factory {slug}; choose another id, or use updateFactory to change it"
            );
            ApiError::new(ErrorCode::AlreadyExists, message)
        }
        NotCreated::TooMany => ApiError::limit_exceeded(format!(
            "there are {MAX_FACTORIES} factories, and at most so many may be"
        )),
    })?;
    app.access.take_in_changes().await;
    read_back(app, &access.administering(&created), created.slug.as_str()).await
}

async fn update_factory(
    app: Arc<App>,
    Asked { access, author, slug }: Asked,
    patch: FactoryPatch,
) -> Result<Factory, ApiError> {
    let scope = report::factory::<ChangeSettings>(&access, &*begin(&app).await?, &slug).await?;
    let updated = app.store.update_factory(&scope, patch, &author).await?;
    let updated = updated.ok_or_else(|| ApiError::factory_not_found(&slug))?;
    app.live.announce(updated.id, updated.revision);
    read_back(&app, &access, &slug).await
}

/// The factory and its entities as of one snapshot: it has the change, and perhaps a later one.
async fn read_back(app: &App, access: &Access, slug: &str) -> Result<Factory, ApiError> {
    let snapshot = begin(app).await?;
    Ok(Factory::new(report::factory(access, &snapshot, slug).await?, snapshot))
}

async fn update_entity(
    app: Arc<App>,
    asked: Asked,
    entity_type: event::EntityType,
    code: String,
    patch: EntityPatch,
) -> Result<Entity, ApiError> {
    let change = EntityChange { entity_type, code, patch };
    let mut updated = update_entities(app, asked, vec![change], UnknownEntities::Refuse).await?;
    updated.entities.pop().ok_or_else(|| ApiError::internal(&"a change came back without its entity"))
}

async fn update_entities(
    app: Arc<App>,
    Asked { access, author, slug }: Asked,
    changes: Vec<EntityChange>,
    unknown: UnknownEntities,
) -> Result<UpdatedEntities, ApiError> {
    let scope = report::factory::<NameEntities>(&access, &*begin(&app).await?, &slug).await?;
    let updated = app.store.update_entities(&scope, &changes, unknown, &author).await?;
    let updated = updated.map_err(|refused| match refused {
        NotUpdated::NoFactory => ApiError::factory_not_found(&slug),
        NotUpdated::Unknown(index) => {
            let EntityChange { entity_type, code, .. } = changes[index].clone();
            ReportError::EntityNotFound { entity_type, code }.into()
        }
        NotUpdated::TooMany => ApiError::limit_exceeded(format!(
            "a factory has at most {MAX_ENTITIES} workers and workstations, and these would be more; nothing was changed"
        )),
    })?;
    app.live.announce(scope.factory().id, updated.revision);
    Ok(updated)
}
