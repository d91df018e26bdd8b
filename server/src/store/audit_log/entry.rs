//! A row of the audit log.

use domain::{
    id::{CredentialId, FactoryId, PrincipalId},
    time::TimestampMs,
};
use entity::audit_log;

use super::chain::RowHash;
use crate::store::{
    engine::code::Code,
    error::{Result, StoreError},
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A factory was created.
    CreateFactory,
    /// The settings of a factory were changed.
    UpdateFactory,
    /// Workers and workstations were named, or said to be in an area.
    UpdateEntities,
    /// Something was decided about what was reported.
    Decide,
    /// A person was created.
    CreatePerson,
    /// Somebody's password was set.
    SetPassword,
    /// Somebody is let in no more.
    DisablePerson,
    /// Somebody is let in again.
    EnablePerson,
    /// A person was created together with a link by which they choose their password.
    Invite,
    /// A role was granted.
    Grant,
    /// A role was taken away.
    RevokeGrant,
    /// A token was created.
    CreateToken,
    /// A token was created in the place of another one.
    RotateToken,
    /// A token was made void.
    RevokeToken,
    /// A person signed in, or tried to.
    SignIn,
    /// A person signed out.
    SignOut,
    /// Events were sent in an hour.
    Ingest,
    /// Something was asked for that is not permitted.
    Denied,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Whose log it is in; none for that of the server as a whole.
    pub factory_id: Option<FactoryId>,
    /// Its place there, from 1.
    pub number: i64,
    /// When, Unix milliseconds.
    pub at_ms: TimestampMs,
    /// Who did it; none where nobody proved that.
    pub principal_id: Option<PrincipalId>,
    /// What they were called then.
    pub principal: String,
    /// What they proved it with.
    pub credential_id: Option<CredentialId>,
    /// What was done.
    pub action: AuditAction,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// To whom or what.
    pub target: String,
    /// More about it, as a JSON object.
    pub details: String,
    /// From where; none where it came from no network.
    pub address: Option<String>,
    /// The id of the request, as the client or a proxy said it.
    pub request_id: Option<String>,
    /// The access revision, or that of the factory, after it; 0 where neither changed.
    pub revision: i64,
    /// How many times, of what is counted.
    pub times: i64,
    /// Over the row and the hash of the one before it.
    pub hash: RowHash,
}

/// What is to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// In whose log; none for that of the server as a whole.
    pub(crate) factory_id: Option<FactoryId>,
    pub(crate) action: AuditAction,
    pub(crate) outcome: AuditOutcome,
    /// To whom or what.
    pub(crate) target: String,
    /// A JSON object, not longer than a few kilobytes.
    pub(crate) details: serde_json::Value,
    /// The access revision, or that of the factory, after it.
    pub(crate) revision: i64,
    /// How many times.
    pub(crate) times: i64,
}

impl Record {
    /// Something that was done once.
    pub(crate) fn done(
        factory_id: Option<FactoryId>,
        action: AuditAction,
        target: impl Into<String>,
        details: serde_json::Value,
    ) -> Self {
        let (outcome, target) = (AuditOutcome::Done, target.into());
        Self { factory_id, action, outcome, target, details, revision: 0, times: 1 }
    }
}

impl AuditAction {
    /// The name in an export and under the hash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateFactory => "CREATE_FACTORY",
            Self::UpdateFactory => "UPDATE_FACTORY",
            Self::UpdateEntities => "UPDATE_ENTITIES",
            Self::Decide => "DECIDE",
            Self::CreatePerson => "CREATE_PERSON",
            Self::SetPassword => "SET_PASSWORD",
            Self::DisablePerson => "DISABLE_PERSON",
            Self::EnablePerson => "ENABLE_PERSON",
            Self::Invite => "INVITE",
            Self::Grant => "GRANT",
            Self::RevokeGrant => "REVOKE_GRANT",
            Self::CreateToken => "CREATE_TOKEN",
            Self::RotateToken => "ROTATE_TOKEN",
            Self::RevokeToken => "REVOKE_TOKEN",
            Self::SignIn => "SIGN_IN",
            Self::SignOut => "SIGN_OUT",
            Self::Ingest => "INGEST",
            Self::Denied => "DENIED",
        }
    }
}

impl AuditOutcome {
    /// The name in an export and under the hash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
        }
    }
}

impl Code for AuditAction {
    const CODES: &'static [(Self, i16)] = &[
        (Self::CreateFactory, 0),
        (Self::UpdateFactory, 1),
        (Self::UpdateEntities, 2),
        (Self::Decide, 3),
        (Self::CreatePerson, 4),
        (Self::SetPassword, 5),
        (Self::DisablePerson, 6),
        (Self::EnablePerson, 7),
        (Self::Invite, 8),
        (Self::Grant, 9),
        (Self::RevokeGrant, 10),
        (Self::CreateToken, 11),
        (Self::RotateToken, 12),
        (Self::RevokeToken, 13),
        (Self::SignIn, 14),
        (Self::SignOut, 15),
        (Self::Ingest, 16),
        (Self::Denied, 17),
    ];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Code for AuditOutcome {
    const CODES: &'static [(Self, i16)] = &[(Self::Done, 0), (Self::Refused, 1)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl TryFrom<audit_log::Model> for AuditRow {
    type Error = StoreError;

    fn try_from(row: audit_log::Model) -> Result<Self> {
        Ok(Self {
            factory_id: Some(row.factory_id).filter(|id| *id != 0).map(FactoryId),
            number: row.number,
            at_ms: TimestampMs(row.at),
            principal_id: Some(row.principal_id).filter(|id| *id != 0).map(PrincipalId),
            principal: row.principal,
            credential_id: Some(row.credential_id).filter(|id| *id != 0).map(CredentialId),
            action: AuditAction::of_code(row.action)?,
            outcome: AuditOutcome::of_code(row.outcome)?,
            target: row.target,
            details: row.details,
            address: Some(row.address).filter(|address| !address.is_empty()),
            request_id: Some(row.request_id).filter(|id| !id.is_empty()),
            revision: row.revision,
            times: row.times,
            hash: RowHash::of_column(&row.hash)?,
        })
    }
}
