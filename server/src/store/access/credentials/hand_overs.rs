//! Codes by which a dashboard on another site gets a session, once: the cookie of this server is not sent from there.

use domain::{
    access::{Token, TokenKind},
    id::{CredentialId, PrincipalId},
    time::DurationMs,
};
use entity::{credential, principal};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;

use super::{Kind, MAX_TOKENS, hash, issue, random_secret, sessions::begin_session};
use crate::store::{
    Store,
    access::{
        author::Author,
        change::{Change, NotChanged},
        principals::Principal,
    },
    audit_log::{AuditAction, Record},
    error::Result,
};

/// How long a code is valid (milliseconds): a browser needs a moment to follow a redirect.
pub const HAND_OVER_VALID_MS: DurationMs = DurationMs(domain::MS_PER_MINUTE);

impl Store {
    /// Creates a code by which a page of this origin gets a session of a person, once. The text is told here once.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn create_hand_over(
        &self,
        person: PrincipalId,
        site: &str,
        author: &Author,
    ) -> Result<std::result::Result<Token, NotChanged>> {
        let (secret, expires_at_ms) = (random_secret()?, author.at_ms + HAND_OVER_VALID_MS);
        let make = |mut change: Change| {
            async move {
                // What was not used in time is of no use to anybody.
                credential::Entity::delete_many()
                    .filter(credential::Column::Kind.eq(Kind::HandOver as i16))
                    .filter(credential::Column::ExpiresAt.lte(change.author.at_ms.0))
                    .exec(&change.tx)
                    .await?;
                let issued =
                    issue(&mut change, Kind::HandOver, (person, site), &secret, expires_at_ms).await?;
                let Some(row) = issued else { return Ok(Err(NotChanged::TooMany(MAX_TOKENS))) };
                change.commit_unseen(None).await?;
                Ok(Ok(Token { kind: TokenKind::Setup, id: CredentialId(row.id), secret }))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Begins a session by such a code, which is used up, for a page of this origin.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn take_hand_over(
        &self,
        code: &Token,
        site: &str,
        valid_ms: DurationMs,
        author: &Author,
    ) -> Result<std::result::Result<Token, NotChanged>> {
        let secret = random_secret()?;
        let make = |mut change: Change| {
            async move {
                let found = credential::Entity::find_by_id(code.id.0)
                    .find_also_related(principal::Entity)
                    .filter(credential::Column::Kind.eq(Kind::HandOver as i16))
                    .one(&change.tx)
                    .await?;
                let Some((row, Some(person))) = found else { return Ok(Err(NotChanged::NotValid)) };
                let is_valid = row.secret_hash == hash(&code.secret)
                    && row.name == site
                    && row.expires_at > change.author.at_ms.0;
                let person: Principal = person.try_into()?;
                if !is_valid || person.disabled_at_ms.is_some() {
                    return Ok(Err(NotChanged::NotValid));
                }
                credential::Entity::delete_by_id(row.id).exec(&change.tx).await?;
                let (session, has_ended_one) =
                    match begin_session(&mut change, &person, secret, valid_ms).await? {
                        Ok(begun) => begun,
                        Err(refused) => return Ok(Err(refused)),
                    };
                let done = Record::done(None, AuditAction::SignIn, &*person.name, json!({ "site": site }));
                change.commit_where(has_ended_one, done).await?;
                Ok(Ok(session))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }
}
