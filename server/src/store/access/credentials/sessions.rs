//! Sessions of people.

use domain::{
    access::{TOKEN_SECRET_BYTES, Token, TokenKind},
    id::{CredentialId, PrincipalId},
    time::DurationMs,
};
use entity::{credential, principal};
use futures_util::FutureExt as _;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;

use super::{Kind, MAX_TOKENS, hash, issue, random_secret, set_instant};
use crate::store::{
    Store,
    access::{
        author::Author,
        change::{Change, NotChanged},
        principals,
    },
    audit_log::{AuditAction, Record},
    error::Result,
};

impl Store {
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
                change.commit_where(has_ended_one, done).await?;
                Ok(Ok(session))
            }
            .boxed()
        };
        self.change_person(person, author, make).await
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
}

/// Begins a session of a person within a change; whether another one was ended for it.
pub(in crate::store::access) async fn begin_session(
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
