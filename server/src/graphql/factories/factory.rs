//! Factories: what they are called, where their days begin and whose units count.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use domain::{
    access::SMALLEST_TEAMS, closing::MAX_GRACE_HOURS, event::EntityType, id::FactorySlug,
    validate::MAX_HOLD_MINUTES, zone::Zone,
};

use super::{
    entity::{Worker, Workstation},
    utc_offset::{UtcOffset, utc_offsets},
};
use crate::{
    error::ApiError,
    graphql::{
        context::{access, app, charge},
        node::{NodeId, NodeObject},
        scalar::BigInt,
        text::{name, quoted, slug},
    },
    store::{
        Snapshot,
        access::{Access, NameEntities, Scope, SeeFigures},
        entities::{self, Entity, EntityFilter},
        factories::{FactoryPatch, NewFactory},
    },
};

/// A factory floor: the workers and workstations that are measured together.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Factory {
    /// Unique over all types and factories, opaque.
    pub(crate) id: ID,
    /// As chosen when it was created.
    factory_id: ID,
    /// For people.
    name: String,
    /// IANA name; decides where a day begins.
    time_zone: String,
    /// Whose units are the factory's.
    units_basis: UnitsBasis,
    /// For how many minutes a state report without holdMinutes counts at most until the next one of its series; the time after it
    /// was not observed. Reports keep what was set when they came.
    state_hold_minutes: u16,
    /// For how many hours after its end a span of five minutes stays open: what changes in it later is a restatement.
    finality_grace_hours: u16,
    /// The figures of fewer workers than this together are hidden from whoever sees no single worker.
    smallest_team: u16,
    /// Grows with every committed change that a reader can see; gaps are allowed, so compare it and do nothing else with it.
    revision: BigInt,
    /// How many contradictions of stored events are kept, each once: the newest 10 of an event, the newest 100 000 of all.
    kept_conflicts: BigInt,
    /// How many were dropped, the oldest first, because there were more.
    dropped_conflicts: BigInt,
    #[graphql(skip)]
    scope: Scope<SeeFigures>,
    #[graphql(skip)]
    snapshot: Arc<Snapshot>,
}

#[ComplexObject]
impl Factory {
    /// What the time zone's clocks show, compared with UTC: each offset since 2000, and those of the next two years. With
    /// them a client begins days where the server does, however old its own rules are.
    #[expect(clippy::unused_async, reason = "the fields of a complex object are futures")]
    async fn utc_offsets(&self, ctx: &Context<'_>) -> Result<Vec<UtcOffset>, ApiError> {
        let offsets = utc_offsets(self.scope.factory().time_zone, app(ctx).clock.now_ms());
        charge(ctx, offsets.len())?;
        Ok(offsets)
    }

    /// Everyone who is registered, in the order of their ids. Who may neither see what single workers did nor name them sees none.
    async fn workers(&self, ctx: &Context<'_>) -> Result<Vec<Worker>, ApiError> {
        if !sees_names(access(ctx), &self.scope) {
            return Ok(Vec::new());
        }
        let entities = self.entities(ctx, EntityType::Worker).await?;
        Ok(entities.into_iter().map(|entity| Worker::new(&self.factory_id, entity)).collect())
    }

    /// Every workstation that is registered, in the order of their ids.
    async fn workstations(&self, ctx: &Context<'_>) -> Result<Vec<Workstation>, ApiError> {
        let entities = self.entities(ctx, EntityType::Workstation).await?;
        Ok(entities.into_iter().map(|entity| Workstation::new(&self.factory_id, entity)).collect())
    }
}

impl Factory {
    /// The factory as read in a snapshot, from which what belongs to it is read too.
    pub(crate) fn new(scope: Scope<SeeFigures>, snapshot: Arc<Snapshot>) -> Self {
        let factory = scope.factory();
        Self {
            id: NodeId::new(factory.slug.as_str(), NodeObject::Factory).into(),
            factory_id: ID(factory.slug.0.clone()),
            name: factory.name.clone(),
            time_zone: factory.time_zone.name().to_owned(),
            units_basis: factory.units_basis.into(),
            state_hold_minutes: factory.state_hold_minutes,
            finality_grace_hours: factory.finality_grace_hours,
            smallest_team: factory.smallest_team,
            revision: BigInt(factory.revision.0),
            kept_conflicts: BigInt(factory.kept_conflicts),
            dropped_conflicts: BigInt(factory.dropped_conflicts),
            scope,
            snapshot,
        }
    }

    async fn entities(&self, ctx: &Context<'_>, entity_type: EntityType) -> Result<Vec<Entity>, ApiError> {
        let filter = EntityFilter { entity_type: Some(entity_type), ..EntityFilter::default() };
        let entities = entities::list(&*self.snapshot, &self.scope, filter).await?;
        charge(ctx, entities.len())?;
        Ok(entities)
    }
}

/// Whether somebody sees who the workers of a factory are.
pub(crate) fn sees_names(access: &Access, scope: &Scope<SeeFigures>) -> bool {
    scope.sees_people() || access.permit::<NameEntities>(scope.factory().slug.as_str()).is_ok()
}

/// Whose units are the factory's: both sides report the same goods, so only one is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::metric::UnitsBasis")]
pub(crate) enum UnitsBasis {
    /// What the workers finished.
    Workers,
    /// What the workstations finished.
    Workstations,
}

/// What a new factory begins with.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateFactoryInput {
    /// 1 to 64 of a-z, 0-9 and '-'.
    id: ID,
    /// For people, 1 to 64 characters.
    name: String,
    /// IANA name; decides where a day begins.
    #[graphql(default = "UTC")]
    time_zone: String,
    /// Whose units are the factory's.
    #[graphql(default_with = "UnitsBasis::Workers")]
    units_basis: UnitsBasis,
    /// For how many minutes a state report without holdMinutes counts at most until the next one, 1 to 1440.
    #[graphql(default = 60)]
    state_hold_minutes: i64,
    /// For how many hours after its end a span of five minutes stays open, 1 to 720; what changes in it later is a restatement.
    #[graphql(default = 24)]
    finality_grace_hours: i64,
    /// The figures of fewer workers than this together are hidden from whoever sees no single worker; 2 to 50.
    #[graphql(default = 5)]
    smallest_team: i64,
}

impl TryFrom<CreateFactoryInput> for NewFactory {
    type Error = ApiError;

    fn try_from(input: CreateFactoryInput) -> Result<Self, ApiError> {
        Ok(Self {
            slug: FactorySlug(slug(&input.id)?),
            name: name("name", &input.name)?,
            time_zone: time_zone(&input.time_zone)?,
            units_basis: input.units_basis.into(),
            state_hold_minutes: state_hold_minutes(input.state_hold_minutes)?,
            finality_grace_hours: finality_grace_hours(input.finality_grace_hours)?,
            smallest_team: smallest_team(input.smallest_team)?,
        })
    }
}

/// What to change about a factory. A field left out stays.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateFactoryInput {
    /// For people, 1 to 64 characters.
    name: Option<String>,
    /// IANA name; decides where a day begins.
    time_zone: Option<String>,
    /// Whose units are the factory's.
    units_basis: Option<UnitsBasis>,
    /// For how many minutes a state report without holdMinutes counts at most until the next one, 1 to 1440; reports that are
    /// stored keep what was set when they came.
    state_hold_minutes: Option<i64>,
    /// For how many hours after its end a span of five minutes stays open from now on, 1 to 720; what is closed stays closed.
    finality_grace_hours: Option<i64>,
    /// The figures of fewer workers than this together are hidden from whoever sees no single worker; 2 to 50.
    smallest_team: Option<i64>,
}

impl TryFrom<UpdateFactoryInput> for FactoryPatch {
    type Error = ApiError;

    fn try_from(input: UpdateFactoryInput) -> Result<Self, ApiError> {
        Ok(Self {
            name: input.name.map(|sent| name("name", &sent)).transpose()?,
            time_zone: input.time_zone.map(|sent| time_zone(&sent)).transpose()?,
            units_basis: input.units_basis.map(Into::into),
            state_hold_minutes: input.state_hold_minutes.map(state_hold_minutes).transpose()?,
            finality_grace_hours: input.finality_grace_hours.map(finality_grace_hours).transpose()?,
            smallest_team: input.smallest_team.map(smallest_team).transpose()?,
        })
    }
}

/// How long a state report holds unless it says so itself, in minutes.
///
/// # Errors
/// It is out of range.
fn state_hold_minutes(sent: i64) -> Result<u16, ApiError> {
    let minutes = u16::try_from(sent).ok().filter(|_| (1..=MAX_HOLD_MINUTES).contains(&sent));
    minutes.ok_or_else(|| {
        ApiError::bad_user_input(format!(
            "stateHoldMinutes must be a whole number from 1 to {MAX_HOLD_MINUTES}, but is {sent}"
        ))
    })
}

/// For how long a bucket stays open, in hours.
///
/// # Errors
/// It is out of range.
fn finality_grace_hours(sent: i64) -> Result<u16, ApiError> {
    let hours = u16::try_from(sent).ok().filter(|hours| (1..=MAX_GRACE_HOURS).contains(hours));
    hours.ok_or_else(|| {
        ApiError::bad_user_input(format!(
            "finalityGraceHours must be a whole number from 1 to {MAX_GRACE_HOURS}, but is {sent}"
        ))
    })
}

/// How many workers the least are whose figures are shown together.
///
/// # Errors
/// It is out of range.
fn smallest_team(sent: i64) -> Result<u16, ApiError> {
    let workers = u16::try_from(sent).ok().filter(|workers| SMALLEST_TEAMS.contains(workers));
    workers.ok_or_else(|| {
        let (least, most) = SMALLEST_TEAMS.into_inner();
        ApiError::bad_user_input(format!(
            "smallestTeam must be a whole number from {least} to {most}, but is {sent}"
        ))
    })
}

/// The zone that a client named.
///
/// # Errors
/// There is none with this name.
pub(super) fn time_zone(sent: &str) -> Result<Zone, ApiError> {
    time_zones::find(sent)
        .map_err(|unknown| ApiError::bad_user_input(format!("{} is {unknown}", quoted(sent))))
}
