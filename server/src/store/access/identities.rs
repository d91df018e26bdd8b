//! People whom an identity provider knows. Each is told from others by what the provider calls itself and them for good, never by
//! a name: whoever is called there like somebody here is another person.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{PrincipalKind, Role, Token},
    id::{FactoryId, FactorySlug, PrincipalId},
    time::DurationMs,
    validate::MAX_ID_CHARS,
};
use entity::{access_grant, factory, identity, principal};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};

use serde_json::json;

use super::{
    author::Author,
    change::{Change, NotChanged},
    credentials::{self, random_secret},
    principals::{self, Principal},
};
use crate::store::{
    Store,
    audit_log::{AuditAction, Record},
    engine::code::Code as _,
    error::{Result, StoreError},
};

/// How many people of one name are told apart by a number behind it.
const MAX_NAMESAKES: usize = 100;

/// Somebody of whom an identity provider says who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The provider, as it names itself.
    pub issuer: String,
    /// The person, as the provider names them for good.
    pub subject: String,
    /// What they are to be called here, if they come for the first time: a name that may be one.
    pub name: String,
    /// What their groups permit, in factories that there may be or not.
    pub roles: BTreeSet<(FactorySlug, Role)>,
}

impl Store {
    /// Begins a session of somebody who has come from their identity provider. They are created if they come for the first time,
    /// and their groups become grants. The text is told here once.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn create_session_of(
        &self,
        identified: &Identified,
        valid_ms: DurationMs,
        author: &Author,
    ) -> Result<std::result::Result<Token, NotChanged>> {
        let secret = random_secret()?;
        let make = |mut change: Change| {
            async move {
                let (person, is_new) = match person_of(&change.tx, identified).await? {
                    Some(person) => (person, false),
                    None => match create(&mut change, identified).await? {
                        Ok(person) => (person, true),
                        Err(refused) => return Ok(Err(refused)),
                    },
                };
                if person.disabled_at_ms.is_some() {
                    return Ok(Err(NotChanged::NotFound));
                }
                let has_other_grants = keep_grants(&change, person.id, &identified.roles).await?;
                let begun = credentials::begin_session(&mut change, &person, secret, valid_ms).await?;
                let (session, has_ended_one) = match begun {
                    Ok(begun) => begun,
                    Err(refused) => return Ok(Err(refused)),
                };
                let details = json!({ "provider": identified.issuer, "isNew": is_new, "hasOtherGrants": has_other_grants });
                let done = Record::done(None, AuditAction::SignIn, &*person.name, details);
                change.commit_where(is_new || has_other_grants || has_ended_one, done).await?;
                Ok(Ok(session))
            }
            .boxed()
        };
        self.change_access(author, make).await
    }
}

async fn person_of(conn: &impl ConnectionTrait, identified: &Identified) -> Result<Option<Principal>> {
    let key = (identified.issuer.clone(), identified.subject.clone());
    let row = identity::Entity::find_by_id(key).find_also_related(principal::Entity).one(conn).await?;
    match row {
        None => Ok(None),
        Some((_, Some(person))) => person.try_into().map(Some),
        Some((row, None)) => {
            Err(StoreError::Corrupt(format!("an identity of nobody (principal {})", row.principal_id)))
        }
    }
}

async fn create(
    change: &mut Change,
    identified: &Identified,
) -> Result<std::result::Result<Principal, NotChanged>> {
    let Some(name) = free_name(&change.tx, &identified.name).await? else {
        return Ok(Err(NotChanged::NameTaken));
    };
    let person = match principals::new_person(change, &name, false).await? {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    let row = identity::Model {
        issuer: identified.issuer.clone(),
        subject: identified.subject.clone(),
        principal_id: person.id.0,
        created_at: change.author.at_ms.0,
    };
    identity::Entity::insert(row.into_active_model()).exec_without_returning(&change.tx).await?;
    Ok(Ok(person))
}

/// A name that nobody has: this one, or with the first number behind it that is free.
async fn free_name(conn: &impl ConnectionTrait, name: &str) -> Result<Option<String>> {
    for number in 1..=MAX_NAMESAKES {
        let name = numbered(name, number);
        if principals::by_name(conn, PrincipalKind::Person, None, &name).await?.is_none() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// A name with a number behind it, unless it is the first, and no longer than a name may be.
fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let behind = format!(" ({number})");
    let kept: String = name.chars().take(MAX_ID_CHARS - behind.len()).collect();
    format!("{}{behind}", kept.trim_end())
}

/// Has a person hold those grants of their groups that these roles are, and no others; whether that changed any. What was granted
/// by hand stays.
async fn keep_grants(
    change: &Change,
    person: PrincipalId,
    roles: &BTreeSet<(FactorySlug, Role)>,
) -> Result<bool> {
    let wanted = known_factories(&change.tx, roles).await?;
    let rows = access_grant::Entity::find()
        .filter(access_grant::Column::PrincipalId.eq(person.0))
        .filter(access_grant::Column::IsFromGroups.eq(true))
        .all(&change.tx)
        .await?;
    let held: BTreeSet<(i32, i16)> = rows.iter().map(|row| (row.factory_id, row.role)).collect();
    for (factory_id, role) in held.difference(&wanted) {
        access_grant::Entity::delete_many()
            .filter(access_grant::Column::PrincipalId.eq(person.0))
            .filter(access_grant::Column::FactoryId.eq(*factory_id))
            .filter(access_grant::Column::Role.eq(*role))
            .filter(access_grant::Column::IsFromGroups.eq(true))
            .exec(&change.tx)
            .await?;
    }
    let mut has_changed = held.difference(&wanted).next().is_some();
    for (factory_id, role) in wanted.difference(&held) {
        if principals::is_full(&change.tx, FactoryId(*factory_id)).await? {
            tracing::warn!(
                factory_id,
                "a factory has all the grants that it may have; a group gives none there"
            );
            continue;
        }
        let row = access_grant::Model {
            principal_id: person.0,
            factory_id: *factory_id,
            role: *role,
            worker: String::new(),
            is_from_groups: true,
            granted_at: change.author.at_ms.0,
            granted_by: change.author.principal_column(),
        };
        access_grant::Entity::insert(row.into_active_model()).exec_without_returning(&change.tx).await?;
        has_changed = true;
    }
    Ok(has_changed)
}

/// Those of the roles whose factory there is, by its number.
async fn known_factories(
    conn: &impl ConnectionTrait,
    roles: &BTreeSet<(FactorySlug, Role)>,
) -> Result<BTreeSet<(i32, i16)>> {
    let slugs: BTreeSet<&str> = roles.iter().map(|(slug, _)| slug.as_str()).collect();
    let rows = factory::Entity::find().filter(factory::Column::Slug.is_in(slugs)).all(conn).await?;
    let ids: BTreeMap<String, i32> = rows.into_iter().map(|row| (row.slug, row.id)).collect();
    let known = roles.iter().filter_map(|(slug, role)| Some((*ids.get(slug.as_str())?, role.code())));
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_behind_a_name_leaves_it_as_short_as_a_name_must_be() {
        assert_eq!(numbered("Kim", 1), "Kim");
        assert_eq!(numbered("Kim", 2), "Kim (2)");
        let longest = "x".repeat(MAX_ID_CHARS);
        assert_eq!(numbered(&longest, 1), longest);
        assert_eq!(numbered(&longest, 100).chars().count(), MAX_ID_CHARS);
    }
}
