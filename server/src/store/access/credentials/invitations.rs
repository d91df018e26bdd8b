//! Invitations: people who are let in for the first time, by a code with which they choose a password.

use domain::{
    access::{Role, Token, TokenKind},
    id::CredentialId,
    time::{DurationMs, TimestampMs},
};
use entity::{credential, principal};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::{Kind, MAX_TOKENS, hash, issue, random_secret};
use crate::store::{
    Store,
    access::{
        author::Author,
        change::{Change, NotChanged},
        permission::ChangeSettings,
        principals,
        scope::Scope,
    },
    audit_log::AuditAction,
    error::Result,
};

/// How long an invitation is valid (milliseconds): a week.
pub const INVITATION_VALID_MS: DurationMs = DurationMs(7 * domain::MS_PER_DAY);

impl Store {
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
}

/// Who was invited by a code, if it is valid.
pub(in crate::store::access) async fn invited(
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
