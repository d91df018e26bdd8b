//! Changes of who may do what, one at a time: each locks the one row of `access` first.

use domain::id::{CredentialId, PrincipalId};
use entity::access;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, QuerySelect as _, sea_query::LockType};

use super::author::Author;
use crate::store::{
    Store,
    audit_log::{self, Record},
    database::Snapshot,
    engine::{notify, retry::Retries, statement::Sql, transaction::Transaction},
    error::{Result, StoreError},
};

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    /// The factory is gone.
    #[error("the factory is not there any more")]
    NoFactory,
    /// There is nobody, or nothing, of this name or number.
    #[error("there is none of this name or number")]
    NotFound,
    /// There is a person of this name.
    #[error("there is already a person of this name")]
    NameTaken,
    /// There are as many as may be.
    #[error("there are as many as may be: {0}")]
    TooMany(usize),
    /// The token is revoked, or has expired.
    #[error("the token is not valid any more; create another one")]
    NotValid,
}

/// A change of who may do what that is being made; dropping it undoes it.
pub(in crate::store) struct Change {
    pub(in crate::store) tx: Transaction,
    pub(super) author: Author,
    row: access::Model,
}

/// The only row.
const ROW: i16 = 1;

impl Change {
    pub(in crate::store) async fn begin(store: &Store, author: &Author) -> Result<Self> {
        let tx = store.begin_write().await?;
        let row = access::Entity::find_by_id(ROW).lock(LockType::Update).one(&tx).await?;
        Ok(Self { row: row.ok_or_else(missing)?, tx, author: author.clone() })
    }

    /// The number of one more principal.
    pub(super) fn next_principal(&mut self) -> PrincipalId {
        self.row.last_principal += 1;
        PrincipalId(self.row.last_principal)
    }

    /// The number of one more credential.
    pub(super) fn next_credential(&mut self) -> CredentialId {
        self.row.last_credential += 1;
        CredentialId(self.row.last_credential)
    }

    /// Tells who makes it, where only that shows who it is.
    pub(super) fn is_made_by(&mut self, principal_id: PrincipalId, name: &str, credential_id: CredentialId) {
        self.author.principal_id = Some(principal_id);
        self.author.name = name.into();
        self.author.credential_id = Some(credential_id);
    }

    /// Makes it, writes down what was done, and tells the other servers.
    pub(in crate::store) async fn commit(mut self, done: Record) -> Result<()> {
        self.row.revision += 1;
        if self.tx.get_database_backend() == DbBackend::Postgres {
            // Within the transaction, other than for events: such changes are rare, and must not go unheard.
            self.tx.execute_raw(notify::of_access(&self.tx)).await?;
        }
        self.commit_unseen(Some(done)).await
    }

    /// Makes it: as [`Self::commit`] where it is seen by somebody who was let in before, else as [`Self::commit_unseen`].
    pub(super) async fn commit_where(self, is_seen: bool, done: Record) -> Result<()> {
        if is_seen { self.commit(done).await } else { self.commit_unseen(Some(done)).await }
    }

    /// Makes it, where it changes nothing for anybody who was let in before.
    pub(in crate::store) async fn commit_unseen(self, done: Option<Record>) -> Result<()> {
        let Self { tx, row, author } = self;
        if let Some(done) = done {
            audit_log::append(&tx, &author, Record { revision: row.revision, ..done }).await?;
        }
        let update = Sql::new(&tx, "UPDATE access SET revision = ")
            .bind(row.revision)
            .text(", last_principal = ")
            .bind(row.last_principal)
            .text(", last_credential = ")
            .bind(row.last_credential)
            .text(" WHERE id = ")
            .bind(ROW);
        tx.execute_raw(update.build()).await?;
        tx.commit().await
    }
}

impl Store {
    /// Makes a change, again while another transaction is in its way. `make` commits it, unless it refuses.
    pub(super) async fn change_access<'a, T>(
        &self,
        author: &Author,
        make: impl Fn(Change) -> BoxFuture<'a, Result<std::result::Result<T, NotChanged>>>,
    ) -> Result<std::result::Result<T, NotChanged>> {
        let mut retries = Retries::default();
        loop {
            let outcome = match Change::begin(self, author).await {
                Ok(change) => make(change).await,
                Err(error) => Err(error),
            };
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }
}

/// How many changes were made so far, and whether there is any principal.
///
/// # Errors
/// The database failed.
pub(crate) async fn access_revision(snapshot: &Snapshot) -> Result<(i64, bool)> {
    let row = access::Entity::find_by_id(ROW).one(snapshot).await?.ok_or_else(missing)?;
    Ok((row.revision, row.last_principal > 0))
}

fn missing() -> StoreError {
    StoreError::Corrupt("no count of the changes of who may do what".to_owned())
}
