//! Pages of the audit log.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use crate::{
    error::ApiError,
    graphql::{
        events::{PageInfo, cursor, page_size},
        scalar::{BigInt, DateTime},
    },
    store::{
        Snapshot,
        audit_log::{self as stored, AuditPage, AuditRow, AuditScope, MAX_PAGE_ROWS},
    },
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stored::AuditAction")]
pub(crate) enum AuditAction {
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
    /// Events were sent in an hour: `times` is how many batches, and `details` has how many events were stored.
    Ingest,
    /// Something was asked for that is not permitted.
    Denied,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stored::AuditOutcome")]
pub(crate) enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// Something that was done, or refused.
#[derive(SimpleObject)]
pub(crate) struct AuditEntry {
    /// Its place in its log, from 1, without gaps.
    number: BigInt,
    /// When; of what is counted, when that was written down.
    at: DateTime,
    /// What whoever did it was called then; "anonymous" on an open server, "command line" on the server's machine.
    principal: String,
    /// The number of the token or session that they proved who they are with.
    credential_id: Option<ID>,
    /// What was done.
    action: AuditAction,
    /// What became of it.
    outcome: AuditOutcome,
    /// To whom or what.
    target: String,
    /// More about it, a JSON object as text.
    details: String,
    /// From where; null on the server's machine.
    address: Option<String>,
    /// The `X-Request-Id` of the request.
    request_id: Option<ID>,
    /// How many times, where like ones are counted together.
    times: BigInt,
}

/// An entry and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct AuditEdge {
    /// Opaque; `after` it the list goes on. It stays valid while entries are added.
    cursor: String,
    /// The entry.
    node: AuditEntry,
}

/// A page of the audit log, the highest number first.
#[derive(SimpleObject)]
pub(crate) struct AuditConnection {
    /// The entries of this page, each with its cursor.
    pub(super) edges: Vec<AuditEdge>,
    /// Where this page stands in the list.
    page_info: PageInfo,
}

/// Which entries to list. What is left out lets all through.
#[derive(Default, InputObject)]
pub(crate) struct AuditFilter {
    /// Of these actions.
    actions: Option<Vec<AuditAction>>,
    /// Of whoever was called this.
    principal: Option<String>,
    /// From this instant on.
    from: Option<DateTime>,
    /// Before this instant.
    to: Option<DateTime>,
}

/// Reads a page of a log.
pub(super) async fn page(
    snapshot: &Snapshot,
    scope: AuditScope<'_>,
    filter: Option<AuditFilter>,
    first: i32,
    after: Option<String>,
) -> Result<AuditConnection, ApiError> {
    let first = page_size(first, MAX_PAGE_ROWS)?;
    let filter = filter.unwrap_or_default().try_into()?;
    let after = after.as_deref().map(|sent| cursor(sent, number)).transpose()?;
    let page = stored::page(snapshot, scope, &filter, first, after).await?;
    Ok(AuditConnection::new(page, after.is_some()))
}

/// Reads a cursor, which is a number as it is written here.
fn number(cursor: &str) -> Option<i64> {
    cursor.parse().ok().filter(|number: &i64| *number > 0 && number.to_string() == cursor)
}

impl TryFrom<AuditFilter> for stored::AuditFilter {
    type Error = ApiError;

    fn try_from(filter: AuditFilter) -> Result<Self, ApiError> {
        let AuditFilter { actions, principal, from, to } = filter;
        Ok(Self {
            actions: actions.map(|actions| actions.into_iter().map(Into::into).collect()),
            principal,
            from_ms: from.map(|from| from.to_ms()).transpose()?,
            to_ms: to.map(|to| to.to_ms()).transpose()?,
        })
    }
}

impl AuditConnection {
    fn new(page: AuditPage, has_previous_page: bool) -> Self {
        let edge = |row: AuditRow| AuditEdge { cursor: row.number.to_string(), node: row.into() };
        let edges: Vec<AuditEdge> = page.rows.into_iter().map(edge).collect();
        let cursors = edges.iter().map(|edge| edge.cursor.as_str());
        let page_info = PageInfo::new(cursors, page.has_next, has_previous_page);
        Self { edges, page_info }
    }
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            number: BigInt(row.number),
            at: DateTime::from_ms(row.at_ms),
            principal: row.principal,
            credential_id: row.credential_id.map(|id| ID(id.0.to_string())),
            action: row.action.into(),
            outcome: row.outcome.into(),
            target: row.target,
            details: row.details,
            address: row.address,
            request_id: row.request_id.map(ID),
            times: BigInt(row.times),
        }
    }
}
