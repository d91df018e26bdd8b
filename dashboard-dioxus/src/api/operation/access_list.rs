//! What others asked about a worker.

use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use graphql_client::GraphQLQuery;

/// When a page of it is asked for again, in ms.
const AGAIN_MS: f64 = 30_000.0;

/// A kind that the page only puts into words, so nothing is compiled to read it.
type AccessQuestion = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/access_log.graphql",
    extern_enums("AccessQuestion"),
    response_derives = "Clone, PartialEq",
    skip_serializing_none
)]
pub(crate) struct AccessLog;

/// What somebody asked about the worker on a day.
pub(crate) type AccessEntry = access_log::AccessLogAccessLogEdgesNode;

impl Shows for AccessLog {
    /// The entries of a page, and the cursor of the next one, if there is one.
    type Shown = (Vec<AccessEntry>, Option<String>);

    fn show(_: Option<Self::Shown>, data: access_log::ResponseData, _: Arrival) -> Self::Shown {
        let page = data.access_log;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        (page.edges.into_iter().map(|edge| edge.node).collect(), next)
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
