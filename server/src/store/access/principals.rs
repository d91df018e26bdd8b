//! Principals, and what each was granted.

use domain::{
    access::{PrincipalKind, Role},
    id::{FactoryId, PrincipalId},
    time::TimestampMs,
};
use entity::{access_grant, factory, principal};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _,
};

use serde_json::json;

use super::{
    author::Author,
    change::{Change, NotChanged},
    permission::ChangeSettings,
    scope::Scope,
};
use crate::store::{
    Store,
    audit_log::{AuditAction, Record},
    engine::code::Code as _,
    error::{Result, StoreError},
};

/// The most people: a company of them.
pub const MAX_PEOPLE: usize = 20_000;
/// The most grants of one factory.
pub const MAX_GRANTS: usize = 20_000;

/// Somebody who may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The number.
    pub id: PrincipalId,
    /// What they are.
    pub kind: PrincipalKind,
    /// What they are called; of a device, its id.
    pub name: String,
    /// Whether they create factories and people.
    pub is_operator: bool,
    /// When they were created, Unix milliseconds.
    pub created_at_ms: TimestampMs,
    /// Since when none of their credentials is valid, Unix milliseconds.
    pub disabled_at_ms: Option<TimestampMs>,
}

/// A role of a principal in a factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalGrant {
    /// Who has it.
    pub principal: Principal,
    /// What they may do.
    pub role: Role,
    /// The worker that they are, as sent.
    pub worker: Option<String>,
    /// Whether it follows from the groups of their last sign-in.
    pub is_from_groups: bool,
}

/// What became of a change.
type Outcome<T> = Result<std::result::Result<T, NotChanged>>;

impl Store {
    /// Creates a person, who can do nothing yet but what an operator may.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_person(&self, name: &str, is_operator: bool, author: &Author) -> Outcome<Principal> {
        let make = |mut change: Change| {
            async move {
                let person = match new_person(&mut change, name, is_operator).await? {
                    Ok(person) => person,
                    Err(refused) => return Ok(Err(refused)),
                };
                let details = json!({ "operator": is_operator });
                change.commit(Record::done(None, AuditAction::CreatePerson, name, details)).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }

    /// Grants a person a role in a factory. To grant it again changes nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn grant(
        &self,
        scope: &Scope<ChangeSettings>,
        person: &str,
        role: Role,
        worker: Option<&str>,
        author: &Author,
    ) -> Outcome<Principal> {
        let make = |change: Change, person: Principal| {
            async move {
                let factory_id = scope.factory_id();
                if is_full(&change.tx, factory_id).await? {
                    return Ok(Err(NotChanged::TooMany(MAX_GRANTS)));
                }
                keep_grant(&change, person.id, factory_id, role, worker).await?;
                let done = of_grant(AuditAction::Grant, factory_id, &person.name, role, worker);
                change.commit(done).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_person(person, author, make).await
    }

    /// Takes a role in a factory away from a person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_grant(
        &self,
        scope: &Scope<ChangeSettings>,
        person: &str,
        role: Role,
        worker: Option<&str>,
        author: &Author,
    ) -> Outcome<Principal> {
        let make = |change: Change, person: Principal| {
            async move {
                let factory_id = scope.factory_id();
                let removed = access_grant::Entity::delete_many()
                    .filter(access_grant::Column::PrincipalId.eq(person.id.0))
                    .filter(access_grant::Column::FactoryId.eq(factory_id.0))
                    .filter(access_grant::Column::Role.eq(role.code()))
                    .filter(access_grant::Column::Worker.eq(worker.unwrap_or_default()))
                    .exec(&change.tx)
                    .await?;
                if removed.rows_affected == 0 {
                    return Ok(Err(NotChanged::NotFound));
                }
                let done = of_grant(AuditAction::RevokeGrant, factory_id, &person.name, role, worker);
                change.commit(done).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_person(person, author, make).await
    }

    /// Makes all credentials of a person void, or valid again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn disable_person(&self, name: &str, is_disabled: bool, author: &Author) -> Outcome<Principal> {
        let at_ms = author.at_ms;
        let make = |change: Change, mut person: Principal| {
            async move {
                person.disabled_at_ms = is_disabled.then_some(at_ms);
                let disabled_at = person.disabled_at_ms.map(|at| at.0);
                principal::Entity::update_many()
                    .col_expr(principal::Column::DisabledAt, disabled_at.into())
                    .filter(principal::Column::Id.eq(person.id.0))
                    .exec(&change.tx)
                    .await?;
                let action = if is_disabled { AuditAction::DisablePerson } else { AuditAction::EnablePerson };
                change.commit(Record::done(None, action, &*person.name, json!({}))).await?;
                Ok(Ok(person))
            }
            .boxed()
        };
        self.change_person(name, author, make).await
    }

    /// Makes a change about a person, if there is one of this name.
    pub(super) async fn change_person<'a, T>(
        &self,
        name: &'a str,
        author: &Author,
        make: impl Fn(Change, Principal) -> BoxFuture<'a, Outcome<T>> + Clone + Send + Sync + 'a,
    ) -> Outcome<T> {
        let make = |change: Change| {
            let make = make.clone();
            async move {
                match by_name(&change.tx, PrincipalKind::Person, None, name).await? {
                    Some(person) => make(change, person).await,
                    None => Ok(Err(NotChanged::NotFound)),
                }
            }
            .boxed()
        };
        self.change_access(author, make).await
    }
}

/// What is written down of a grant.
pub(super) fn of_grant(
    action: AuditAction,
    factory_id: FactoryId,
    person: &str,
    role: Role,
    worker: Option<&str>,
) -> Record {
    Record::done(Some(factory_id), action, person, json!({ "role": role.name(), "worker": worker }))
}

/// Creates a person of a name that nobody has.
pub(super) async fn new_person(change: &mut Change, name: &str, is_operator: bool) -> Outcome<Principal> {
    if by_name(&change.tx, PrincipalKind::Person, None, name).await?.is_some() {
        return Ok(Err(NotChanged::NameTaken));
    }
    let people = principal::Entity::find()
        .filter(principal::Column::Kind.eq(PrincipalKind::Person.code()))
        .count(&change.tx)
        .await?;
    if people >= MAX_PEOPLE as u64 {
        return Ok(Err(NotChanged::TooMany(MAX_PEOPLE)));
    }
    Ok(Ok(create(change, PrincipalKind::Person, None, name, is_operator).await?))
}

/// Who has which role in a factory, in the order of their names.
///
/// # Errors
/// The database failed.
pub async fn grants(
    conn: &impl ConnectionTrait,
    scope: &Scope<ChangeSettings>,
) -> Result<Vec<PrincipalGrant>> {
    let rows = access_grant::Entity::find()
        .filter(access_grant::Column::FactoryId.eq(scope.factory_id().0))
        .order_by_asc(access_grant::Column::PrincipalId)
        .order_by_asc(access_grant::Column::Role)
        .all(conn)
        .await?;
    let ids = rows.iter().map(|row| row.principal_id);
    let principals: Vec<Principal> = by_ids(conn, ids).await?;
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        let Ok(found) = principals.binary_search_by_key(&row.principal_id, |principal| principal.id.0) else {
            return Err(StoreError::Corrupt(format!("a grant of nobody (principal {})", row.principal_id)));
        };
        grants.push(PrincipalGrant {
            principal: principals[found].clone(),
            role: Role::of_code(row.role)?,
            worker: Some(row.worker).filter(|worker| !worker.is_empty()),
            is_from_groups: row.is_from_groups,
        });
    }
    grants.sort_by(|one, other| one.principal.name.cmp(&other.principal.name));
    Ok(grants)
}

/// All people, in the order of their names.
///
/// # Errors
/// The database failed.
pub async fn people(conn: &impl ConnectionTrait) -> Result<Vec<Principal>> {
    let rows = principal::Entity::find()
        .filter(principal::Column::Kind.eq(PrincipalKind::Person.code()))
        .order_by_asc(principal::Column::Name)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The principals with these numbers, in their order.
async fn by_ids(conn: &impl ConnectionTrait, ids: impl Iterator<Item = i32>) -> Result<Vec<Principal>> {
    let rows = principal::Entity::find()
        .filter(principal::Column::Id.is_in(ids))
        .order_by_asc(principal::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The principal of this kind and name, of a factory or of none.
pub(super) async fn by_name(
    conn: &impl ConnectionTrait,
    kind: PrincipalKind,
    factory_id: Option<FactoryId>,
    name: &str,
) -> Result<Option<Principal>> {
    let row = principal::Entity::find()
        .filter(principal::Column::Kind.eq(kind.code()))
        .filter(principal::Column::FactoryId.eq(factory_column(factory_id)))
        .filter(principal::Column::Name.eq(name))
        .one(conn)
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Creates a principal of a name that none of its kind and factory has.
pub(super) async fn create(
    change: &mut Change,
    kind: PrincipalKind,
    factory_id: Option<FactoryId>,
    name: &str,
    is_operator: bool,
) -> Result<Principal> {
    let row = principal::Model {
        id: change.next_principal().0,
        kind: kind.code(),
        factory_id: factory_column(factory_id),
        name: name.to_owned(),
        is_operator,
        created_at: change.author.at_ms.0,
        created_by: change.author.principal_column(),
        disabled_at: None,
    };
    principal::Entity::insert(row.clone().into_active_model()).exec_without_returning(&change.tx).await?;
    row.try_into()
}

/// Whether a factory has all the grants that it may have.
pub(super) async fn is_full(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<bool> {
    let grants = access_grant::Entity::find().filter(access_grant::Column::FactoryId.eq(factory_id.0));
    Ok(grants.count(conn).await? >= MAX_GRANTS as u64)
}

/// Keeps a grant, unless it is kept already.
pub(in crate::store) async fn keep_grant(
    change: &Change,
    principal_id: PrincipalId,
    factory_id: FactoryId,
    role: Role,
    worker: Option<&str>,
) -> Result<()> {
    let row = access_grant::Model {
        principal_id: principal_id.0,
        factory_id: factory_id.0,
        role: role.code(),
        worker: worker.unwrap_or_default().to_owned(),
        is_from_groups: false,
        granted_at: change.author.at_ms.0,
        granted_by: change.author.principal_column(),
    };
    access_grant::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing()
        .exec_without_returning(&change.tx)
        .await?;
    Ok(())
}

/// Whether there is a factory with this number.
pub(super) async fn is_factory(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<bool> {
    Ok(factory::Entity::find_by_id(factory_id.0).count(conn).await? > 0)
}

fn factory_column(factory_id: Option<FactoryId>) -> i32 {
    factory_id.map_or(0, |id| id.0)
}

impl TryFrom<principal::Model> for Principal {
    type Error = StoreError;

    fn try_from(row: principal::Model) -> Result<Self> {
        Ok(Self {
            id: PrincipalId(row.id),
            kind: PrincipalKind::of_code(row.kind)?,
            name: row.name,
            is_operator: row.is_operator,
            created_at_ms: TimestampMs(row.created_at),
            disabled_at_ms: row.disabled_at.map(TimestampMs),
        })
    }
}
