//! Whoever may do something, and what.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use domain::{access, time::TimestampMs};

use crate::{
    graphql::scalar::DateTime,
    store::access::{
        Access,
        principals::{self, PrincipalGrant},
    },
};

/// What kind of principal somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::PrincipalKind")]
pub(crate) enum PrincipalKind {
    /// Someone who signs in.
    Person,
    /// A device that sends events.
    Device,
    /// Another program.
    Service,
}

/// What somebody may do in a factory. Roles add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::Role")]
pub(crate) enum Role {
    /// A device that sends events. It sees itself.
    Device,
    /// Sees the figures of the factory, of its areas and of its workstations, and of no single worker.
    Viewer,
    /// Leads workers: sees what each did, and corrects it.
    Supervisor,
    /// Looks after cameras and models: decides which of them count, and sees no single worker.
    Engineer,
    /// Looks after the factory's settings, and who may do what.
    Admin,
}

/// Whoever asks.
#[derive(SimpleObject)]
pub(crate) struct Me {
    /// What they are called; "anonymous" on an open server.
    name: String,
    /// What they are; null on an open server.
    kind: Option<PrincipalKind>,
    /// Whether they create factories.
    is_operator: bool,
    /// Whether everybody who reaches the server may see and change everything.
    access_open: bool,
    /// What they were granted.
    grants: Vec<Grant>,
}

/// Somebody who may do something.
#[derive(Clone, SimpleObject)]
pub(crate) struct Principal {
    /// What they are called; of a device, its deviceId.
    name: String,
    /// What they are.
    kind: PrincipalKind,
    /// Whether they create factories.
    is_operator: bool,
    /// Since when they are not let in any more.
    disabled_at: Option<DateTime>,
}

/// A role of a principal in a factory.
#[derive(Clone, SimpleObject)]
pub(crate) struct Grant {
    /// The factory.
    factory_id: ID,
    /// Who has it.
    principal: Principal,
    /// What they may do.
    role: Role,
    /// The worker that they are, as events have it.
    worker_id: Option<ID>,
    /// Whether it follows from their groups at the identity provider, and changes with them.
    from_groups: bool,
}

/// A person who can choose a password.
#[derive(SimpleObject)]
pub(crate) struct Invitation {
    /// What they may do.
    grant: Grant,
    /// The path of this server at which they choose it, with the code that lets them. Whoever has it can: it is answered once.
    path: String,
    /// Until when.
    expires_at: DateTime,
}

/// A role to grant, or to take away.
#[derive(InputObject)]
pub(super) struct GrantInput {
    /// The factory.
    pub(super) factory_id: ID,
    /// What the person is called.
    pub(super) name: String,
    /// What they may do.
    pub(super) role: Role,
    /// The worker that they are, as events have it.
    pub(super) worker_id: Option<ID>,
}

/// A person to invite.
#[derive(InputObject)]
pub(super) struct InviteInput {
    /// The factory.
    pub(super) factory_id: ID,
    /// What they are called from now on, 1 to 64 characters.
    pub(super) name: String,
    /// What they may do.
    pub(super) role: Role,
    /// The worker that they are, as events have it.
    pub(super) worker_id: Option<ID>,
}

impl Me {
    /// Whoever has this access.
    pub(super) fn of(access: &Access) -> Self {
        let Some(holder) = access.holder() else {
            let name = Access::ANONYMOUS.to_owned();
            return Self { name, kind: None, is_operator: true, access_open: true, grants: Vec::new() };
        };
        let me = Principal {
            name: holder.name.to_string(),
            kind: holder.kind.into(),
            is_operator: holder.is_operator,
            disabled_at: None,
        };
        let grant = |grant: &crate::store::access::Grant| Grant {
            factory_id: ID(grant.factory_slug.0.clone()),
            principal: me.clone(),
            role: grant.role.into(),
            worker_id: grant.worker.clone().map(ID),
            from_groups: grant.is_from_groups,
        };
        Self {
            name: me.name.clone(),
            kind: Some(me.kind),
            is_operator: me.is_operator,
            access_open: false,
            grants: holder.grants.iter().map(grant).collect(),
        }
    }
}

impl Grant {
    /// Of the factory with this slug.
    pub(super) fn new(slug: &str, grant: PrincipalGrant) -> Self {
        let PrincipalGrant { principal, role, worker, is_from_groups } = grant;
        Self { from_groups: is_from_groups, ..Self::of(slug, principal, role, worker) }
    }

    /// One that somebody gave.
    pub(super) fn of(
        slug: &str,
        principal: principals::Principal,
        role: access::Role,
        worker: Option<String>,
    ) -> Self {
        Self {
            factory_id: ID(slug.to_owned()),
            principal: principal.into(),
            role: role.into(),
            worker_id: worker.map(ID),
            from_groups: false,
        }
    }
}

impl Invitation {
    /// With this code.
    pub(super) fn new(grant: Grant, code: &access::Token, expires_at_ms: TimestampMs) -> Self {
        let path = format!("{}?code={}", crate::access::SETUP_PATH, code.text());
        Self { grant, path, expires_at: DateTime::from_ms(expires_at_ms) }
    }
}

impl From<principals::Principal> for Principal {
    fn from(principal: principals::Principal) -> Self {
        Self {
            name: principal.name,
            kind: principal.kind.into(),
            is_operator: principal.is_operator,
            disabled_at: principal.disabled_at_ms.map(DateTime::from_ms),
        }
    }
}
