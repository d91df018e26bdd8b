//! Passwords of people who sign in at this server, and the code by which the first of them does. Of a password only its hash is
//! kept, which whoever calls computes.

use domain::{
    access::PrincipalKind,
    id::{CredentialId, PrincipalId},
    time::{DurationMs, TimestampMs},
};
use entity::{credential, password, principal, setup_code};
use futures_util::FutureExt as _;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, sea_query::OnConflict,
};

use serde_json::json;

use super::{
    author::Author,
    change::{Change, NotChanged},
    credentials,
    principals::{self, Principal},
};
use crate::store::{
    Store,
    audit_log::{AuditAction, Record},
    engine::code::Code as _,
    error::Result,
};

/// What becomes of a setup code that is still valid when there is another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OtherCode {
    Kept,
    Replaced,
}

/// The only row of setup codes.
const ROW: i16 = 1;

/// How long a setup code is valid (milliseconds).
pub const SETUP_CODE_VALID_MS: DurationMs = DurationMs(domain::MS_PER_HOUR);

impl Store {
    /// Sets a person's password, and ends their sessions.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_password(
        &self,
        person: &str,
        hash: &str,
        author: &Author,
    ) -> Result<std::result::Result<Principal, NotChanged>> {
        let make = |change: Change, person: Principal| {
            async move {
                replace(&change, person.id, hash).await?;
                change.commit(Record::done(None, AuditAction::SetPassword, &*person.name, json!({}))).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_person(person, author, make).await
    }

    /// Sets the password of a person who was invited, by the code of the invitation, which is used up.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn accept_invitation(
        &self,
        id: CredentialId,
        code: &[u8],
        hash: &str,
        author: &Author,
    ) -> Result<std::result::Result<Principal, NotChanged>> {
        let at_ms = author.at_ms;
        let make = |mut change: Change| {
            async move {
                let invited = credentials::invited(&change.tx, id, code, at_ms).await?;
                let Some(person) = invited else { return Ok(Err(NotChanged::NotValid)) };
                replace(&change, person.id, hash).await?;
                change.is_made_by(person.id, &person.name, id);
                change.commit(Record::done(None, AuditAction::SetPassword, &*person.name, json!({}))).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Keeps a code that was made here by which the first operator is created, unless there is an operator, or a code that is still
    /// valid.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_setup_code(&self, code: &[u8], author: &Author) -> Result<bool> {
        self.keep_code(code, OtherCode::Kept, author).await
    }

    /// Keeps a code that was given by which the first operator is created, in the place of any other, unless there is an operator.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn replace_setup_code(&self, code: &[u8], author: &Author) -> Result<bool> {
        self.keep_code(code, OtherCode::Replaced, author).await
    }

    async fn keep_code(&self, code: &[u8], other: OtherCode, author: &Author) -> Result<bool> {
        let at_ms = author.at_ms;
        let make = |change: Change| {
            async move {
                let is_in_the_way =
                    other == OtherCode::Kept && valid_code(&change.tx, at_ms).await?.is_some();
                if is_in_the_way || has_operator(&change.tx).await? {
                    return Ok(Err(NotChanged::NotValid));
                }
                let row = setup_code::Model {
                    id: ROW,
                    code_hash: credentials::hash(code).to_vec(),
                    expires_at: (at_ms + SETUP_CODE_VALID_MS).0,
                };
                setup_code::Entity::delete_many().exec(&change.tx).await?;
                setup_code::Entity::insert(row.into_active_model())
                    .exec_without_returning(&change.tx)
                    .await?;
                change.commit_unseen(None).await?;
                Ok(Ok(()))
            }
            .boxed()
        };
        Ok(self.change_access(author, make).await?.is_ok())
    }

    /// Creates the first operator, by the code for it, which is used up.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn set_up(
        &self,
        code: &[u8],
        name: &str,
        hash: &str,
        author: &Author,
    ) -> Result<std::result::Result<Principal, NotChanged>> {
        let at_ms = author.at_ms;
        let make = |mut change: Change| {
            async move {
                let valid = valid_code(&change.tx, at_ms).await?;
                if valid.is_none_or(|valid| valid.code_hash != credentials::hash(code))
                    || has_operator(&change.tx).await?
                {
                    return Ok(Err(NotChanged::NotValid));
                }
                if principals::by_name(&change.tx, PrincipalKind::Person, None, name).await?.is_some() {
                    return Ok(Err(NotChanged::NameTaken));
                }
                let operator =
                    principals::create(&mut change, PrincipalKind::Person, None, name, true).await?;
                keep(&change, operator.id, hash).await?;
                setup_code::Entity::delete_many().exec(&change.tx).await?;
                let details = json!({ "operator": true });
                change.commit(Record::done(None, AuditAction::CreatePerson, name, details)).await?;
                Ok(Ok(operator))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }
}

/// The hash of the password of a person who may sign in; none where there is no such person, or they have none.
///
/// # Errors
/// The database failed.
pub(crate) async fn hash_of(conn: &impl ConnectionTrait, person: &str) -> Result<Option<String>> {
    let Some(person) = principals::by_name(conn, PrincipalKind::Person, None, person).await? else {
        return Ok(None);
    };
    if person.disabled_at_ms.is_some() {
        return Ok(None);
    }
    Ok(password::Entity::find_by_id(person.id.0).one(conn).await?.map(|row| row.hash))
}

/// Sets a password, and makes all void that the person was let in with before.
async fn replace(change: &Change, person: PrincipalId, hash: &str) -> Result<()> {
    keep(change, person, hash).await?;
    credential::Entity::update_many()
        .col_expr(credential::Column::RevokedAt, Some(change.author.at_ms.0).into())
        .filter(credential::Column::PrincipalId.eq(person.0))
        .filter(credential::Column::RevokedAt.is_null())
        .exec(&change.tx)
        .await?;
    Ok(())
}

async fn keep(change: &Change, person: PrincipalId, hash: &str) -> Result<()> {
    let row =
        password::Model { principal_id: person.0, hash: hash.to_owned(), changed_at: change.author.at_ms.0 };
    let replacing = OnConflict::column(password::Column::PrincipalId)
        .update_columns([password::Column::Hash, password::Column::ChangedAt])
        .to_owned();
    password::Entity::insert(row.into_active_model())
        .on_conflict(replacing)
        .exec_without_returning(&change.tx)
        .await?;
    Ok(())
}

async fn has_operator(conn: &impl ConnectionTrait) -> Result<bool> {
    let operators = principal::Entity::find()
        .filter(principal::Column::Kind.eq(PrincipalKind::Person.code()))
        .filter(principal::Column::IsOperator.eq(true));
    Ok(operators.count(conn).await? > 0)
}

async fn valid_code(conn: &impl ConnectionTrait, now_ms: TimestampMs) -> Result<Option<setup_code::Model>> {
    let code = setup_code::Entity::find_by_id(ROW).one(conn).await?;
    Ok(code.filter(|code| code.expires_at > now_ms.0))
}
