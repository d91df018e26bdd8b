//! What was done, and by whom.

use super::scalar::{BigInt, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use graphql_client::GraphQLQuery;

/// When a page of it is asked for again, in ms.
const AGAIN_MS: f64 = 10_000.0;

/// What can be in the log of a factory, as the API calls it, in the order in which people read it.
pub(crate) const FACTORY_ACTIONS: [&str; 12] = [
    "INVITE",
    "GRANT",
    "REVOKE_GRANT",
    "CREATE_TOKEN",
    "ROTATE_TOKEN",
    "REVOKE_TOKEN",
    "CREATE_FACTORY",
    "UPDATE_FACTORY",
    "UPDATE_ENTITIES",
    "DECIDE",
    "INGEST",
    "DENIED",
];

/// What can be in the log of the server itself.
pub(crate) const SERVER_ACTIONS: [&str; 7] =
    ["SIGN_IN", "SIGN_OUT", "CREATE_PERSON", "SET_PASSWORD", "DISABLE_PERSON", "ENABLE_PERSON", "DENIED"];

/// Kinds that the page only puts into words, so nothing is compiled to read them.
type AuditAction = String;
type AuditOutcome = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/audit_log.graphql",
    extern_enums("AuditAction", "AuditOutcome"),
    response_derives = "Clone, PartialEq",
    variables_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct AuditLog;

/// Which entries are listed; what is none restricts nothing.
pub(crate) type AuditFilter = audit_log::AuditFilter;
/// One entry.
pub(crate) type AuditEntry = audit_log::AuditLogAuditLogEdgesNode;

impl Shows for AuditLog {
    /// The entries of a page, and the cursor of the next one, if there is one.
    type Shown = (Vec<AuditEntry>, Option<String>);

    fn show(_: Option<Self::Shown>, data: audit_log::ResponseData, _: Arrival) -> Self::Shown {
        let page = data.audit_log;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        (page.edges.into_iter().map(|edge| edge.node).collect(), next)
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
