//! What somebody proves who they are with. Of a secret only its SHA-256 is kept: it has 256 random bits, so that nobody finds it from
//! that.

mod hand_overs;
mod invitations;
mod sessions;
mod tokens;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    access::{PrincipalKind, Role, TOKEN_SECRET_BYTES},
    id::{CredentialId, FactoryId, FactorySlug, PrincipalId},
    time::TimestampMs,
};
use entity::{access_grant, credential, factory, principal};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _,
};
use sha2::{Digest as _, Sha256};

pub use self::{
    hand_overs::HAND_OVER_VALID_MS,
    invitations::INVITATION_VALID_MS,
    tokens::{NewToken, TokenRecord, factory_of_token, tokens},
};
pub(super) use self::{invitations::invited, sessions::begin_session};
use super::{
    change::Change,
    holder::{Grant, Holder},
};
use crate::store::{
    Store,
    database::Snapshot,
    engine::{code::Code as _, statement::Sql},
    error::{Result, StoreError},
};

/// The most tokens, or sessions, of one principal that are valid. One more session ends the oldest.
pub const MAX_TOKENS: usize = 20;

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

pub(crate) fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// As a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token = 0,
    Session = 1,
    /// By which a person who was invited sets a password.
    Invitation = 2,
    /// By which a dashboard on another site gets a session.
    HandOver = 3,
}

impl Store {
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
            // The codes of the others let nobody in.
            .filter(credential::Column::Kind.is_in([Kind::Token as i16, Kind::Session as i16]))
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
        .order_by_asc(access_grant::Column::FactoryId)
        .order_by_asc(access_grant::Column::Role)
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
