//! Who may do what: whoever asks, what others were granted, tokens, and what is written down of both.

mod access_log;
mod audit_log;
mod principal;
mod token;

use async_graphql::{Context, ID, Object};
use domain::{access, id::CredentialId, time::DurationMs};

use self::{
    access_log::AccessConnection,
    audit_log::{AuditConnection, AuditFilter},
    principal::{Grant, GrantInput, Invitation, InviteInput, Me},
    token::{CreateTokenInput, IssuedToken, Token},
};
use super::{
    context::{access, app, author, charge, scoped, snapshot},
    text::{name, quoted},
};
use crate::{
    error::{ApiError, ErrorCode},
    report,
    store::{
        access::{ChangeSettings, NotChanged, Scope, credentials, principals},
        audit_log::{AuditScope, Operator},
    },
};

/// Queries of who may do what.
#[derive(Default)]
pub(super) struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Whoever asks.
    async fn me(&self, ctx: &Context<'_>) -> Me {
        Me::of(access(ctx))
    }

    /// What people, devices and programs were granted in a factory, in the order of their names.
    async fn grants(&self, ctx: &Context<'_>, factory_id: ID) -> Result<Vec<Grant>, ApiError> {
        let (snapshot, scope, _) = scoped::<ChangeSettings>(ctx, &factory_id).await?;
        let grants = principals::grants(&*snapshot, &scope).await?;
        charge(ctx, grants.len())?;
        Ok(grants.into_iter().map(|grant| Grant::new(&factory_id, grant)).collect())
    }

    /// The tokens of a factory's devices and programs, in the order in which they were created.
    async fn tokens(&self, ctx: &Context<'_>, factory_id: ID) -> Result<Vec<Token>, ApiError> {
        let (snapshot, scope, _) = scoped::<ChangeSettings>(ctx, &factory_id).await?;
        let tokens = credentials::tokens(&*snapshot, &scope).await?;
        charge(ctx, tokens.len())?;
        Ok(tokens.into_iter().map(Into::into).collect())
    }

    /// What was done in a factory, or, without a factoryId, with the server as a whole, which operators see: the highest number
    /// first; at most 200 a page; a cursor stays valid while rows are added.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        factory_id: Option<ID>,
        filter: Option<AuditFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<AuditConnection, ApiError> {
        let snapshot = snapshot(ctx).await?;
        let page = if let Some(factory_id) = factory_id {
            let scope = report::factory(access(ctx), &snapshot, &factory_id).await?;
            audit_log::page(&snapshot, AuditScope::Factory(&scope), filter, first, after).await?
        } else {
            let operator = Operator::of(access(ctx)).ok_or_else(|| {
                let message =
                    "only an operator of this server sees what was done with it as a whole; name a factoryId";
                ApiError::new(ErrorCode::Forbidden, message)
            })?;
            audit_log::page(&snapshot, AuditScope::Server(operator), filter, first, after).await?
        };
        charge(ctx, page.edges.len())?;
        Ok(page)
    }

    /// Who asked what about a worker in the last 180 days, the latest day first: for whoever administers the factory, and for the
    /// worker. At most 200 a page; a cursor stays valid while others are added.
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        worker_id: ID,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<AccessConnection, ApiError> {
        let asked = (access(ctx), factory_id.as_str(), worker_id.as_str());
        let page = access_log::page(&*snapshot(ctx).await?, asked, first, after).await?;
        charge(ctx, page.edges.len())?;
        Ok(page)
    }
}

/// Changes of who may do what. Other servers follow within 5 seconds.
#[derive(Default)]
pub(super) struct AccessMutation;

#[Object]
impl AccessMutation {
    /// Creates a person with a role in a factory, and a link by which they choose their password, once and within a week.
    async fn invite(&self, ctx: &Context<'_>, input: InviteInput) -> Result<Invitation, ApiError> {
        let InviteInput { factory_id, name: person, role, worker_id } = input;
        let (person, worker) = (name("name", &person)?, worker(worker_id)?);
        let (_, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let role = persons_role(role.into())?;
        let (app, author) = (app(ctx), author(ctx));
        let invited = app.store.invite(&scope, (&person, role, worker.as_deref()), &author).await?;
        let (invited, code) =
            invited.map_err(|refused| not_changed(refused, &quoted(&person), &factory_id))?;
        app.access.take_in_changes().await;
        let grant = Grant::of(&factory_id, invited, role, worker);
        Ok(Invitation::new(grant, &code, now_ms + credentials::INVITATION_VALID_MS))
    }

    /// Grants a person a role in a factory. To grant it again changes nothing.
    async fn grant(&self, ctx: &Context<'_>, input: GrantInput) -> Result<Grant, ApiError> {
        let (GrantInput { factory_id, name: person, role, worker_id }, app) = (input, app(ctx));
        let (role, worker) = (persons_role(role.into())?, worker(worker_id)?);
        let (_, scope, _) = scoped(ctx, &factory_id).await?;
        let granted = app.store.grant(&scope, person.trim(), role, worker.as_deref(), &author(ctx)).await?;
        let granted = granted.map_err(|refused| not_changed(refused, &quoted(&person), &factory_id))?;
        app.access.take_in_changes().await;
        Ok(Grant::of(&factory_id, granted, role, worker))
    }

    /// Takes a role in a factory away from a person, and answers what they had.
    async fn revoke_grant(&self, ctx: &Context<'_>, input: GrantInput) -> Result<Grant, ApiError> {
        let (GrantInput { factory_id, name: person, role, worker_id }, app) = (input, app(ctx));
        let (role, worker) = (role.into(), worker(worker_id)?);
        let (_, scope, _) = scoped(ctx, &factory_id).await?;
        let revoked =
            app.store.revoke_grant(&scope, person.trim(), role, worker.as_deref(), &author(ctx)).await?;
        let what = || format!("{} as {}", quoted(&person), role.name());
        let revoked = revoked.map_err(|refused| not_changed(refused, &what(), &factory_id))?;
        app.access.take_in_changes().await;
        Ok(Grant::of(&factory_id, revoked, role, worker))
    }

    /// Creates a token for a device or another program. Its text is answered here once and never again.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        input: CreateTokenInput,
    ) -> Result<IssuedToken, ApiError> {
        let (factory_id, new) = input.judged()?;
        let (_, scope, _) = scoped(ctx, &factory_id).await?;
        let created = app(ctx).store.create_token(&scope, &new, &author(ctx)).await?;
        let created = created.map_err(|refused| not_changed(refused, &quoted(&new.name), &factory_id))?;
        app(ctx).access.take_in_changes().await;
        Ok(created.into())
    }

    /// Creates another token in the place of one, which is valid for so many hours more at most.
    async fn rotate_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token's number.")] id: ID,
        #[graphql(desc = "0 to 720.", default = 24)] overlap_hours: i32,
    ) -> Result<IssuedToken, ApiError> {
        if !(0..=MAX_OVERLAP_HOURS).contains(&overlap_hours) {
            return Err(ApiError::bad_user_input(format!(
                "overlapHours must be from 0 to {MAX_OVERLAP_HOURS}, but {overlap_hours} was sent"
            )));
        }
        let (scope, number) = of_token(ctx, &id).await?;
        let overlap_ms = DurationMs(i64::from(overlap_hours) * domain::MS_PER_HOUR);
        let rotated = app(ctx).store.rotate_token(&scope, number, overlap_ms, &author(ctx)).await?;
        let slug = scope.factory().slug.as_str();
        let rotated = rotated.map_err(|refused| not_changed(refused, &format!("token {}", id.0), slug))?;
        app(ctx).access.take_in_changes().await;
        Ok(rotated.into())
    }

    /// Makes a token void. To do it again changes nothing.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token's number.")] id: ID,
    ) -> Result<Token, ApiError> {
        let (scope, number) = of_token(ctx, &id).await?;
        let revoked = app(ctx).store.revoke_token(&scope, number, &author(ctx)).await?;
        let slug = scope.factory().slug.as_str();
        let revoked = revoked.map_err(|refused| not_changed(refused, &format!("token {}", id.0), slug))?;
        app(ctx).access.take_in_changes().await;
        Ok(revoked.into())
    }
}

/// The longest overlap of two tokens: a month.
const MAX_OVERLAP_HOURS: i32 = 720;

/// What the caller may change of the factory whose token has this number.
async fn of_token(ctx: &Context<'_>, id: &ID) -> Result<(Scope<ChangeSettings>, CredentialId), ApiError> {
    let missing = || {
        ApiError::new(
            ErrorCode::NotFound,
            format!("there is no token {}; `tokens` has their ids", quoted(id)),
        )
    };
    let number = id.parse().ok().filter(|number: &i32| *number > 0).map(CredentialId).ok_or_else(missing)?;
    let snapshot = snapshot(ctx).await?;
    let slug = credentials::factory_of_token(&*snapshot, number).await?.ok_or_else(missing)?;
    match report::factory(access(ctx), &snapshot, slug.as_str()).await {
        Err(report::ReportError::FactoryNotFound(_)) => Err(missing()),
        scope => Ok((scope?, number)),
    }
}

/// A role that a person may have.
fn persons_role(role: access::Role) -> Result<access::Role, ApiError> {
    if role == access::Role::Device {
        return Err(ApiError::bad_user_input(
            "a person cannot be a DEVICE; their roles are VIEWER, SUPERVISOR, ENGINEER and ADMIN",
        ));
    }
    Ok(role)
}

/// The id of the worker that somebody is.
fn worker(sent: Option<ID>) -> Result<Option<String>, ApiError> {
    sent.map(|id| name("workerId", &id)).transpose()
}

/// Why a change of this was not made.
fn not_changed(refused: NotChanged, of: &str, slug: &str) -> ApiError {
    let code = match refused {
        NotChanged::NoFactory => return ApiError::factory_not_found(slug),
        NotChanged::NotFound => ErrorCode::NotFound,
        NotChanged::NameTaken => ErrorCode::AlreadyExists,
        NotChanged::TooMany(_) => ErrorCode::LimitExceeded,
        NotChanged::NotValid => ErrorCode::BadUserInput,
    };
    ApiError::new(code, format!("{of}: {refused}"))
}
