//! Whoever proved who they are, and what they may do.

use std::sync::Arc;

use domain::{
    access::{Permission, PrincipalKind, Role},
    id::{CredentialId, FactoryId, FactorySlug, PrincipalId},
};

use super::scope::View;
use crate::store::factories::Factory;

/// A principal who proved who they are, and what they may do, as of one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What they proved it with.
    pub credential_id: CredentialId,
    /// Who they are.
    pub principal_id: PrincipalId,
    /// What they are.
    pub kind: PrincipalKind,
    /// What they are called; of a device, its id.
    pub name: Arc<str>,
    /// Whether they create factories and people.
    pub is_operator: bool,
    /// What they were granted.
    pub grants: Vec<Grant>,
}

/// A role that somebody has in a factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The factory.
    pub factory_id: FactoryId,
    /// The factory, as clients name it.
    pub factory_slug: FactorySlug,
    /// What they may do there.
    pub role: Role,
    /// The worker that they are, as sent.
    pub worker: Option<String>,
    /// Whether it follows from the groups of their last sign-in.
    pub is_from_groups: bool,
}

/// Why somebody may not do something in a factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They have no grant there, and are not told whether there is such a factory.
    NoGrant,
    /// They have, but for something else.
    Forbidden(Permission),
}

impl Holder {
    /// The same with the grant that whoever creates a factory has there.
    pub(super) fn administering(&self, factory: &Factory) -> Self {
        let mut holder = self.clone();
        holder.grants.push(Grant {
            factory_id: factory.id,
            factory_slug: factory.slug.clone(),
            role: Role::Admin,
            worker: None,
            is_from_groups: false,
        });
        holder
    }

    /// Whether they are a worker of a factory.
    pub(crate) fn is_worker(&self, factory_id: FactoryId, code: &str) -> bool {
        let of_factory = self.grants.iter().filter(|grant| grant.factory_id == factory_id);
        of_factory.filter_map(|grant| grant.worker.as_deref()).any(|worker| worker == code)
    }

    /// How much of a factory they see where they do something there.
    ///
    /// # Errors
    /// They may not do it.
    pub(super) fn view(
        &self,
        is_factory: impl Fn(&Grant) -> bool,
        permission: Permission,
    ) -> Result<View, Refused> {
        let grants = || self.grants.iter().filter(|grant| is_factory(grant));
        let permits = |permission| grants().any(|grant| grant.role.permits(permission));
        if grants().next().is_none() {
            return Err(Refused::NoGrant);
        }
        if !permits(permission) {
            return Err(Refused::Forbidden(permission));
        }
        Ok(match permission {
            Permission::SeeFigures if !permits(Permission::SeePeople) => {
                let mut own_workers: Vec<String> =
                    grants().filter_map(|grant| grant.worker.clone()).collect();
                own_workers.sort_unstable();
                View::Team { own_workers: own_workers.into() }
            }
            Permission::SeeDevices if !permits(Permission::SeeFigures) => View::Device(self.name.clone()),
            _ => View::All,
        })
    }
}
