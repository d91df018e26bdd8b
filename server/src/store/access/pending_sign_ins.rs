//! Sign-ins at an identity provider that have begun, so that each is finished once, by the browser that began it, at any server on
//! this database.
//!
//! Of what the browser and the provider keep, only the SHA-256 is here, and the rest is of no use without that.

use domain::time::{DurationMs, TimestampMs};
use entity::pending_sign_in;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::credentials;
use crate::store::{Store, engine::retry::Retries, error::Result};

/// How long somebody has to come back from the provider (milliseconds).
pub const PENDING_VALID_MS: DurationMs = DurationMs(10 * 60_000);
/// The most that are kept: one more ends the oldest.
pub const MAX_PENDING: usize = 10_000;

/// A sign-in that has begun.
#[derive(Clone, Debug)]
pub(crate) struct PendingSignIn {
    /// What the provider sends back with the person.
    pub(crate) state: SecretString,
    /// What the browser keeps meanwhile.
    pub(crate) browser: SecretString,
    /// What the ID token must have.
    pub(crate) nonce: SecretString,
    /// What proves to the provider that who asks for the token is who began.
    pub(crate) pkce_verifier: SecretString,
    /// The path of this server that the person is then sent to.
    pub(crate) next: String,
}

impl Store {
    /// Keeps a sign-in that has begun, and forgets those that are too old.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_pending_sign_in(
        &self,
        pending: &PendingSignIn,
        now_ms: TimestampMs,
    ) -> Result<()> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_keep_pending_sign_in(pending, now_ms).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_keep_pending_sign_in(&self, pending: &PendingSignIn, now_ms: TimestampMs) -> Result<()> {
        let tx = self.begin_write().await?;
        pending_sign_in::Entity::delete_many()
            .filter(pending_sign_in::Column::ExpiresAt.lte(now_ms.0))
            .exec(&tx)
            .await?;
        if pending_sign_in::Entity::find().count(&tx).await? >= MAX_PENDING as u64 {
            let oldest = pending_sign_in::Entity::find()
                .order_by_asc(pending_sign_in::Column::ExpiresAt)
                .limit(1)
                .one(&tx)
                .await?;
            if let Some(oldest) = oldest {
                pending_sign_in::Entity::delete_by_id(oldest.state_hash).exec(&tx).await?;
            }
        }
        let row = pending_sign_in::Model {
            state_hash: hash(&pending.state),
            browser_hash: hash(&pending.browser),
            nonce: pending.nonce.expose_secret().to_owned(),
            pkce_verifier: pending.pkce_verifier.expose_secret().to_owned(),
            next: pending.next.clone(),
            expires_at: (now_ms + PENDING_VALID_MS).0,
        };
        pending_sign_in::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
        tx.commit().await
    }

    /// Takes a sign-in that this browser began, which nobody can do again.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn take_pending_sign_in(
        &self,
        state: &SecretString,
        browser: &SecretString,
        now_ms: TimestampMs,
    ) -> Result<Option<PendingSignIn>> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_take_pending_sign_in(state, browser, now_ms).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_take_pending_sign_in(
        &self,
        state: &SecretString,
        browser: &SecretString,
        now_ms: TimestampMs,
    ) -> Result<Option<PendingSignIn>> {
        let tx = self.begin_write().await?;
        // Another browser's is left where it is: who overhears a state ends nobody's sign-in.
        let row = pending_sign_in::Entity::find_by_id(hash(state))
            .filter(pending_sign_in::Column::BrowserHash.eq(hash(browser)))
            .filter(pending_sign_in::Column::ExpiresAt.gt(now_ms.0))
            .one(&tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        // Of two servers that are asked at once, one deletes it.
        let deleted = pending_sign_in::Entity::delete_by_id(row.state_hash).exec(&tx).await?;
        tx.commit().await?;
        Ok((deleted.rows_affected > 0).then(|| PendingSignIn {
            state: state.clone(),
            browser: browser.clone(),
            nonce: row.nonce.into(),
            pkce_verifier: row.pkce_verifier.into(),
            next: row.next,
        }))
    }
}

fn hash(secret: &SecretString) -> Vec<u8> {
    credentials::hash(secret.expose_secret().as_bytes()).to_vec()
}
