//! Tokens of devices and other programs.

use std::collections::BTreeMap;

use domain::{
    access::{PrincipalKind, Role, TOKEN_SECRET_BYTES, Token, TokenKind},
    id::{CredentialId, FactoryId, FactorySlug, PrincipalId},
    time::{DurationMs, TimestampMs},
};
use entity::{access_grant, credential, factory, principal};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::json;

use super::{Kind, MAX_TOKENS, issue, random_secret, set_instant};
use crate::store::{
    Store,
    access::{
        author::Author,
        change::{Change, NotChanged},
        permission::ChangeSettings,
        principals,
        scope::Scope,
    },
    audit_log::{AuditAction, Record},
    engine::code::Code as _,
    error::Result,
};

/// How a device or another program is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Who uses it; of a device, its id.
    pub name: String,
    /// Whose it is.
    pub kind: TokenKind,
    /// What they may do.
    pub role: Role,
    /// How long it is valid.
    pub valid_ms: DurationMs,
}

/// A token as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// The number in its text.
    pub id: CredentialId,
    /// Whose it is.
    pub kind: TokenKind,
    /// Who uses it; of a device, its id.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// When it was created, Unix milliseconds.
    pub created_at_ms: TimestampMs,
    /// Until when it is valid, Unix milliseconds.
    pub expires_at_ms: TimestampMs,
    /// When it was last used, to ten minutes, Unix milliseconds.
    pub last_used_at_ms: Option<TimestampMs>,
    /// Since when it is void, Unix milliseconds.
    pub revoked_at_ms: Option<TimestampMs>,
}

impl Store {
    /// Creates a token of a device or another program, which is created with it unless it is there. The text is told here once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_token(
        &self,
        scope: &Scope<ChangeSettings>,
        new: &NewToken,
        author: &Author,
    ) -> Result<std::result::Result<(TokenRecord, Token), NotChanged>> {
        let (secret, at_ms) = (random_secret()?, author.at_ms);
        let make = |mut change: Change| {
            async move {
                let (factory_id, kind) = (scope.factory_id(), principal_kind(new.kind));
                if !principals::is_factory(&change.tx, factory_id).await? {
                    return Ok(Err(NotChanged::NoFactory));
                }
                let known = principals::by_name(&change.tx, kind, Some(factory_id), &new.name).await?;
                let holder = match known {
                    Some(known) => known,
                    None if principals::is_full(&change.tx, factory_id).await? => {
                        return Ok(Err(NotChanged::TooMany(principals::MAX_GRANTS)));
                    }
                    None => principals::create(&mut change, kind, Some(factory_id), &new.name, false).await?,
                };
                principals::keep_grant(&change, holder.id, factory_id, new.role, None).await?;
                let expires_at_ms = at_ms + new.valid_ms;
                issue_token(change, factory_id, holder, secret, expires_at_ms, AuditAction::CreateToken).await
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Creates another token for whom one is; the one before is valid for `overlap_ms` more at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotate_token(
        &self,
        scope: &Scope<ChangeSettings>,
        id: CredentialId,
        overlap_ms: DurationMs,
        author: &Author,
    ) -> Result<std::result::Result<(TokenRecord, Token), NotChanged>> {
        let (secret, now) = (random_secret()?, author.at_ms);
        let make = |change: Change| {
            async move {
                let Some((before, holder)) = token_of(&change.tx, scope.factory_id(), id).await? else {
                    return Ok(Err(NotChanged::NotFound));
                };
                if before.revoked_at.is_some() || before.expires_at <= now.0 {
                    return Ok(Err(NotChanged::NotValid));
                }
                let (created_at, expires_at) =
                    (TimestampMs(before.created_at), TimestampMs(before.expires_at));
                let valid_ms = expires_at - created_at;
                let ends_at_ms = expires_at.min(now + overlap_ms);
                set_instant(&change.tx, "expires_at", id, ends_at_ms).await?;
                let factory_id = scope.factory_id();
                issue_token(change, factory_id, holder, secret, now + valid_ms, AuditAction::RotateToken)
                    .await
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Makes a token void. To do it again changes nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_token(
        &self,
        scope: &Scope<ChangeSettings>,
        id: CredentialId,
        author: &Author,
    ) -> Result<std::result::Result<TokenRecord, NotChanged>> {
        let at_ms = author.at_ms;
        let make = |change: Change| {
            async move {
                let Some((mut row, holder)) = token_of(&change.tx, scope.factory_id(), id).await? else {
                    return Ok(Err(NotChanged::NotFound));
                };
                let roles = roles(&change.tx, holder.id, scope.factory_id()).await?;
                if row.revoked_at.is_none() {
                    row.revoked_at = Some(at_ms.0);
                    set_instant(&change.tx, "revoked_at", id, at_ms).await?;
                    let details = json!({ "name": holder.name });
                    let (action, target) = (AuditAction::RevokeToken, token_target(id));
                    change.commit(Record::done(Some(scope.factory_id()), action, target, details)).await?;
                }
                Ok(Ok(record(&row, holder.kind, holder.name, roles)))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }
}

/// The slug of the factory whose token has this number, if there is one.
///
/// # Errors
/// The database failed.
pub async fn factory_of_token(conn: &impl ConnectionTrait, id: CredentialId) -> Result<Option<FactorySlug>> {
    let found = credential::Entity::find_by_id(id.0)
        .find_also_related(principal::Entity)
        .filter(credential::Column::Kind.eq(Kind::Token as i16))
        .one(conn)
        .await?;
    let Some((_, Some(holder))) = found else { return Ok(None) };
    let factory = factory::Entity::find_by_id(holder.factory_id).one(conn).await?;
    Ok(factory.map(|factory| FactorySlug(factory.slug)))
}

/// The tokens of a factory, in the order of their numbers.
///
/// # Errors
/// The database failed.
pub async fn tokens(conn: &impl ConnectionTrait, scope: &Scope<ChangeSettings>) -> Result<Vec<TokenRecord>> {
    let rows = credential::Entity::find()
        .find_also_related(principal::Entity)
        .filter(principal::Column::FactoryId.eq(scope.factory_id().0))
        .filter(credential::Column::Kind.eq(Kind::Token as i16))
        .order_by_asc(credential::Column::Id)
        .all(conn)
        .await?;
    let mut roles: BTreeMap<i32, Vec<Role>> = BTreeMap::new();
    for grant in principals::grants(conn, scope).await? {
        roles.entry(grant.principal.id.0).or_default().push(grant.role);
    }
    let rows = rows.into_iter().filter_map(|(row, holder)| Some((row, holder?)));
    rows.map(|(row, holder)| {
        let roles = roles.get(&holder.id).cloned().unwrap_or_default();
        Ok(record(&row, PrincipalKind::of_code(holder.kind)?, holder.name, roles))
    })
    .collect()
}

/// Issues a token, and ends the change.
async fn issue_token(
    mut change: Change,
    factory_id: FactoryId,
    holder: principals::Principal,
    secret: [u8; TOKEN_SECRET_BYTES],
    expires_at_ms: TimestampMs,
    action: AuditAction,
) -> Result<std::result::Result<(TokenRecord, Token), NotChanged>> {
    let issued = issue(&mut change, Kind::Token, (holder.id, &holder.name), &secret, expires_at_ms).await?;
    let Some(row) = issued else { return Ok(Err(NotChanged::TooMany(MAX_TOKENS))) };
    let token = Token { kind: token_kind(holder.kind), id: CredentialId(row.id), secret };
    let roles = roles(&change.tx, holder.id, factory_id).await?;
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let details = json!({ "name": holder.name, "roles": names });
    let done = Record::done(Some(factory_id), action, token_target(token.id), details);
    let record = record(&row, holder.kind, holder.name, roles);
    change.commit(done).await?;
    Ok(Ok((record, token)))
}

/// How a token is called in the audit log.
fn token_target(id: CredentialId) -> String {
    format!("token {}", id.0)
}

/// The token with this number, if it is one of the factory, and whoever has it.
async fn token_of(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    id: CredentialId,
) -> Result<Option<(credential::Model, principals::Principal)>> {
    let row = credential::Entity::find_by_id(id.0)
        .find_also_related(principal::Entity)
        .filter(credential::Column::Kind.eq(Kind::Token as i16))
        .filter(principal::Column::FactoryId.eq(factory_id.0))
        .one(conn)
        .await?;
    let Some((row, Some(holder))) = row else { return Ok(None) };
    Ok(Some((row, holder.try_into()?)))
}

async fn roles(
    conn: &impl ConnectionTrait,
    principal_id: PrincipalId,
    factory_id: FactoryId,
) -> Result<Vec<Role>> {
    let rows = access_grant::Entity::find()
        .filter(access_grant::Column::PrincipalId.eq(principal_id.0))
        .filter(access_grant::Column::FactoryId.eq(factory_id.0))
        .order_by_asc(access_grant::Column::Role)
        .all(conn)
        .await?;
    rows.into_iter().map(|row| Role::of_code(row.role)).collect()
}

fn record(row: &credential::Model, kind: PrincipalKind, name: String, roles: Vec<Role>) -> TokenRecord {
    TokenRecord {
        id: CredentialId(row.id),
        kind: token_kind(kind),
        name,
        roles,
        created_at_ms: TimestampMs(row.created_at),
        expires_at_ms: TimestampMs(row.expires_at),
        last_used_at_ms: row.last_used_at.map(TimestampMs),
        revoked_at_ms: row.revoked_at.map(TimestampMs),
    }
}

const fn principal_kind(kind: TokenKind) -> PrincipalKind {
    match kind {
        TokenKind::Device => PrincipalKind::Device,
        TokenKind::Service => PrincipalKind::Service,
        TokenKind::Session | TokenKind::Setup => PrincipalKind::Person,
    }
}

const fn token_kind(kind: PrincipalKind) -> TokenKind {
    match kind {
        PrincipalKind::Device => TokenKind::Device,
        PrincipalKind::Service => TokenKind::Service,
        PrincipalKind::Person => TokenKind::Session,
    }
}
