//! Who makes a change.

use std::{net::IpAddr, sync::Arc};

use domain::{
    id::{CredentialId, PrincipalId},
    time::TimestampMs,
};

use super::scope::Access;

/// What whoever uses the command line on the server's machine is called.
const COMMAND_LINE: &str = "command line";
/// What the server itself is called.
const SERVER: &str = "server";

/// Who makes a change, from where, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// What they are called.
    pub name: Arc<str>,
    /// The principal; none where nobody proved who they are.
    pub principal_id: Option<PrincipalId>,
    /// What they proved it with.
    pub credential_id: Option<CredentialId>,
    /// Where the request came from; none where it came from no network.
    pub origin: Option<Origin>,
    /// Unix milliseconds.
    pub at_ms: TimestampMs,
}

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address, behind proxies that are trusted.
    pub address: IpAddr,
    /// The id of the request, as the client or a proxy says it.
    pub request_id: Option<Arc<str>>,
}

impl Author {
    /// Whoever sent a request.
    pub fn of(access: &Access, origin: Option<Origin>, at_ms: TimestampMs) -> Self {
        let holder = access.holder();
        Self {
            name: holder.map_or_else(|| Access::ANONYMOUS.into(), |holder| holder.name.clone()),
            principal_id: holder.map(|holder| holder.principal_id),
            credential_id: holder.map(|holder| holder.credential_id),
            origin,
            at_ms,
        }
    }

    /// Somebody who says what they are called, and does not or cannot prove it yet.
    pub fn called(name: &str, origin: Option<Origin>, at_ms: TimestampMs) -> Self {
        Self { name: name.into(), principal_id: None, credential_id: None, origin, at_ms }
    }

    /// Whoever uses the command line on the server's machine.
    pub fn command_line(at_ms: TimestampMs) -> Self {
        Self::called(COMMAND_LINE, None, at_ms)
    }

    /// The server itself.
    pub fn server(at_ms: TimestampMs) -> Self {
        Self::called(SERVER, None, at_ms)
    }

    /// The principal as a column.
    pub(in crate::store) fn principal_column(&self) -> i32 {
        self.principal_id.map_or(0, |id| id.0)
    }
}
