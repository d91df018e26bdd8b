//! Tokens and sessions. Of a secret only its SHA-256 is kept: it has 256 random bits, so that nobody finds it from that.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    access::{PrincipalKind, Role, TOKEN_SECRET_BYTES, Token, TokenKind},
    id::{CredentialId, FactoryId, FactorySlug, PrincipalId},
    time::{DurationMs, TimestampMs},
};
use entity::{access_grant, credential, factory, principal};
use futures_util::FutureExt as _;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    author::Author,
    change::{Change, NotChanged},
    holder::{Grant, Holder},
    permission::ChangeSettings,
    principals,
    scope::Scope,
};
use crate::store::{
    Store,
    audit_log::{AuditAction, Record},
    database::Snapshot,
    engine::{code::Code as _, statement::Sql},
    error::{Result, StoreError},
};

/// The most tokens, or sessions, of one principal that are valid. One more session ends the oldest.
pub const MAX_TOKENS: usize = 20;

/// How long an invitation is valid (milliseconds): a week.
pub const INVITATION_VALID_MS: DurationMs = DurationMs(7 * domain::MS_PER_DAY);

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

/// A credential as it is checked.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    secret_hash: [u8; 32],
    /// Until when it is valid, Unix milliseconds.
    pub(crate) expires_at_ms: TimestampMs,
    /// When it was created, Unix milliseconds.
    pub(crate) created_at_ms: TimestampMs,
    /// Whether somebody made it void, or its holder.
    pub(crate) is_revoked: bool,
    /// When it was last used, as far as that is stored.
    pub(crate) last_used_at_ms: Option<TimestampMs>,
    /// Whoever has it, and what they may do.
    pub(crate) holder: Arc<Holder>,
}

impl Credential {
    /// When it was last used, as far as that is stored, or created.
    pub(crate) fn last_used_ms(&self) -> TimestampMs {
        self.last_used_at_ms.unwrap_or(self.created_at_ms)
    }

    /// Whether it is the one with this secret.
    pub(crate) fn is_of(&self, secret: &[u8]) -> bool {
        // Where two hashes begin to differ tells nobody how a secret goes on.
        self.secret_hash == hash(secret)
    }
}

pub(super) fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// As a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token = 0,
    Session = 1,
    /// By which a person who was invited sets a password.
    Invitation = 2,
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

    /// Begins a session of a person, who has proved who they are. The text is told here once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_session(
        &self,
        person: &str,
        valid_ms: DurationMs,
        author: &Author,
    ) -> Result<std::result::Result<Token, NotChanged>> {
        let secret = random_secret()?;
        let make = |mut change: Change, person: principals::Principal| {
            async move {
                if person.disabled_at_ms.is_some() {
                    return Ok(Err(NotChanged::NotFound));
                }
                let begun = begin_session(&mut change, &person, secret, valid_ms).await?;
                let (session, has_ended_one) = match begun {
                    Ok(begun) => begun,
                    Err(refused) => return Ok(Err(refused)),
                };
                let done = Record::done(None, AuditAction::SignIn, &*person.name, json!({}));
                if has_ended_one {
                    change.commit(done).await?;
                } else {
                    change.commit_unseen(Some(done)).await?;
                }
                Ok(Ok(session))
            }
            .boxed()
        };
        self.change_person(person, author, make).await
    }

    /// Creates a person with a role in a factory, and a code by which they set their password once. The text is told here once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invite(
        &self,
        scope: &Scope<ChangeSettings>,
        (person, role, worker): (&str, Role, Option<&str>),
        author: &Author,
    ) -> Result<std::result::Result<(principals::Principal, Token), NotChanged>> {
        let (secret, expires_at_ms) = (random_secret()?, author.at_ms + INVITATION_VALID_MS);
        let make = |mut change: Change| {
            async move {
                let factory_id = scope.factory_id();
                if !principals::is_factory(&change.tx, factory_id).await? {
                    return Ok(Err(NotChanged::NoFactory));
                }
                if principals::is_full(&change.tx, factory_id).await? {
                    return Ok(Err(NotChanged::TooMany(principals::MAX_GRANTS)));
                }
                let person = match principals::new_person(&mut change, person, false).await? {
                    Ok(person) => person,
                    Err(refused) => return Ok(Err(refused)),
                };
                principals::keep_grant(&change, person.id, factory_id, role, worker).await?;
                let holder = (person.id, person.name.as_str());
                let issued = issue(&mut change, Kind::Invitation, holder, &secret, expires_at_ms).await?;
                let Some(row) = issued else { return Ok(Err(NotChanged::TooMany(MAX_TOKENS))) };
                let action = AuditAction::Invite;
                let done = principals::of_grant(action, factory_id, &person.name, role, worker);
                change.commit(done).await?;
                Ok(Ok((person, Token { kind: TokenKind::Setup, id: CredentialId(row.id), secret })))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Ends a session, given its secret.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn end_session(&self, id: CredentialId, secret: &[u8], author: &Author) -> Result<()> {
        let at_ms = author.at_ms;
        let make = |mut change: Change| {
            async move {
                let found = credential::Entity::find_by_id(id.0)
                    .find_also_related(principal::Entity)
                    .filter(credential::Column::Kind.eq(Kind::Session as i16))
                    .one(&change.tx)
                    .await?;
                if let Some((row, Some(person))) = found
                    && row.secret_hash == hash(secret)
                    && row.revoked_at.is_none()
                {
                    set_instant(&change.tx, "revoked_at", id, at_ms).await?;
                    change.is_made_by(PrincipalId(person.id), &person.name, id);
                    change.commit(Record::done(None, AuditAction::SignOut, person.name, json!({}))).await?;
                }
                Ok(Ok(()))
            }
            .boxed()
        };
        // There is nothing to refuse.
        self.change_access(author, make).await.map(drop)
    }

    /// Keeps when credentials were last used.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_last_used(&self, used: &[(CredentialId, TimestampMs)]) -> Result<()> {
        let tx = self.begin_write().await?;
        for (id, at_ms) in used {
            set_instant(&tx, "last_used_at", *id, *at_ms).await?;
        }
        tx.commit().await
    }
}

/// Who was invited by a code, if it is valid.
pub(super) async fn invited(
    conn: &impl ConnectionTrait,
    id: CredentialId,
    code: &[u8],
    now_ms: TimestampMs,
) -> Result<Option<principals::Principal>> {
    let found = credential::Entity::find_by_id(id.0)
        .find_also_related(principal::Entity)
        .filter(credential::Column::Kind.eq(Kind::Invitation as i16))
        .one(conn)
        .await?;
    let Some((row, Some(person))) = found else { return Ok(None) };
    let is_valid = row.secret_hash == hash(code) && row.revoked_at.is_none() && row.expires_at > now_ms.0;
    let person: principals::Principal = person.try_into()?;
    Ok(Some(person).filter(|person| is_valid && person.disabled_at_ms.is_none()))
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

/// The credentials with these numbers, whether or not they are valid, and whoever has them.
pub(crate) async fn by_ids(
    snapshot: &Snapshot,
    ids: &[CredentialId],
) -> Result<BTreeMap<CredentialId, Credential>> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(CREDENTIALS_AT_ONCE) {
        let rows = credential::Entity::find()
            .find_also_related(principal::Entity)
            .filter(credential::Column::Id.is_in(ids.iter().map(|id| id.0)))
            // Its code lets nobody in.
            .filter(credential::Column::Kind.ne(Kind::Invitation as i16))
            .all(snapshot)
            .await?;
        let mut grants = grants_of(snapshot, rows.iter().map(|(row, _)| row.principal_id)).await?;
        for (row, holder) in rows {
            let Some(holder) = holder else { continue };
            let id = CredentialId(row.id);
            found.insert(id, credential(row, holder, &mut grants)?);
        }
    }
    Ok(found)
}

/// How many credentials are read at once.
const CREDENTIALS_AT_ONCE: usize = 1_000;

async fn grants_of(
    snapshot: &Snapshot,
    principal_ids: impl Iterator<Item = i32>,
) -> Result<BTreeMap<i32, Vec<Grant>>> {
    let rows = access_grant::Entity::find()
        .find_also_related(factory::Entity)
        .filter(access_grant::Column::PrincipalId.is_in(principal_ids))
        .all(snapshot)
        .await?;
    let mut grants: BTreeMap<i32, Vec<Grant>> = BTreeMap::new();
    for (row, factory) in rows {
        let Some(factory) = factory else { continue };
        grants.entry(row.principal_id).or_default().push(Grant {
            factory_id: FactoryId(row.factory_id),
            factory_slug: FactorySlug(factory.slug),
            role: Role::of_code(row.role)?,
            worker: Some(row.worker).filter(|worker| !worker.is_empty()),
            is_from_groups: row.is_from_groups,
        });
    }
    Ok(grants)
}

fn credential(
    row: credential::Model,
    holder: principal::Model,
    grants: &mut BTreeMap<i32, Vec<Grant>>,
) -> Result<Credential> {
    let secret_hash = row.secret_hash.try_into();
    Ok(Credential {
        secret_hash: secret_hash.map_err(|_| StoreError::Corrupt("a hash of another length".to_owned()))?,
        expires_at_ms: TimestampMs(row.expires_at),
        created_at_ms: TimestampMs(row.created_at),
        is_revoked: row.revoked_at.is_some() || holder.disabled_at.is_some(),
        last_used_at_ms: row.last_used_at.map(TimestampMs),
        holder: Arc::new(Holder {
            credential_id: CredentialId(row.id),
            principal_id: PrincipalId(holder.id),
            kind: PrincipalKind::of_code(holder.kind)?,
            name: holder.name.into(),
            is_operator: holder.is_operator,
            grants: grants.get(&holder.id).cloned().unwrap_or_default(),
        }),
    })
}

/// Begins a session of a person within a change; whether another one was ended for it.
pub(super) async fn begin_session(
    change: &mut Change,
    person: &principals::Principal,
    secret: [u8; TOKEN_SECRET_BYTES],
    valid_ms: DurationMs,
) -> Result<std::result::Result<(Token, bool), NotChanged>> {
    let has_ended_one = make_room(change, person.id).await?;
    let holder = (person.id, person.name.as_str());
    let expires_at_ms = change.author.at_ms + valid_ms;
    let issued = issue(change, Kind::Session, holder, &secret, expires_at_ms).await?;
    let Some(row) = issued else { return Ok(Err(NotChanged::TooMany(MAX_TOKENS))) };
    let id = CredentialId(row.id);
    change.is_made_by(person.id, &person.name, id);
    Ok(Ok((Token { kind: TokenKind::Session, id, secret }, has_ended_one)))
}

/// Forgets a person's sessions that are over, and ends their oldest ones where there are as many as may be; whether it did.
async fn make_room(change: &Change, person: PrincipalId) -> Result<bool> {
    let now = change.author.at_ms.0;
    let of_person = Condition::all()
        .add(credential::Column::PrincipalId.eq(person.0))
        .add(credential::Column::Kind.eq(Kind::Session as i16));
    let is_over = Condition::any()
        .add(credential::Column::ExpiresAt.lte(now))
        .add(credential::Column::RevokedAt.is_not_null());
    credential::Entity::delete_many().filter(of_person.clone()).filter(is_over).exec(&change.tx).await?;
    let newest = credential::Entity::find()
        .filter(of_person.clone())
        .order_by_desc(credential::Column::Id)
        .limit(MAX_TOKENS as u64 - 1)
        .all(&change.tx)
        .await?;
    let Some(oldest_kept) = newest.last().filter(|_| newest.len() == MAX_TOKENS - 1) else {
        return Ok(false);
    };
    let is_older = credential::Column::Id.lt(oldest_kept.id);
    let ended = credential::Entity::delete_many().filter(of_person).filter(is_older).exec(&change.tx).await?;
    Ok(ended.rows_affected > 0)
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

/// Keeps a new token or session; none where its holder has all that they may have.
async fn issue(
    change: &mut Change,
    kind: Kind,
    (holder, name): (PrincipalId, &str),
    secret: &[u8],
    expires_at_ms: TimestampMs,
) -> Result<Option<credential::Model>> {
    let valid = credential::Entity::find()
        .filter(credential::Column::PrincipalId.eq(holder.0))
        .filter(credential::Column::Kind.eq(kind as i16))
        .filter(credential::Column::RevokedAt.is_null())
        .filter(credential::Column::ExpiresAt.gt(change.author.at_ms.0));
    if valid.count(&change.tx).await? >= MAX_TOKENS as u64 {
        return Ok(None);
    }
    let row = credential::Model {
        id: change.next_credential().0,
        kind: kind as i16,
        secret_hash: hash(secret).to_vec(),
        principal_id: holder.0,
        name: name.to_owned(),
        created_at: change.author.at_ms.0,
        created_by: change.author.principal_column(),
        expires_at: expires_at_ms.0,
        last_used_at: None,
        revoked_at: None,
    };
    credential::Entity::insert(row.clone().into_active_model()).exec_without_returning(&change.tx).await?;
    Ok(Some(row))
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

async fn set_instant(
    conn: &impl ConnectionTrait,
    column: &'static str,
    id: CredentialId,
    at_ms: TimestampMs,
) -> Result<()> {
    let update = Sql::new(conn, "UPDATE credential SET ").text(column).text(" = ").bind(at_ms.0);
    conn.execute_raw(update.text(" WHERE id = ").bind(id.0).build()).await?;
    Ok(())
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

/// 256 random bits of the operating system.
///
/// # Errors
/// It has none.
pub(crate) fn random_secret() -> Result<[u8; TOKEN_SECRET_BYTES]> {
    let mut secret = [0; TOKEN_SECRET_BYTES];
    getrandom::fill(&mut secret)
        .map_err(|error| StoreError::Corrupt(format!("no random numbers ({error})")))?;
    Ok(secret)
}
