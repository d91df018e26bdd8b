//! What came and was not stored.

use super::scalar::{BigInt, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use domain::event::{EntityType, EventType};
use graphql_client::GraphQLQuery;

/// When both are asked for again, in ms: who mends a sender sees soon whether it helped.
const AGAIN_MS: f64 = 5_000.0;

/// A kind that the page only puts into words, so nothing is compiled to read it.
type EventIssueCode = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/rejections.graphql",
    extern_enums("EventIssueCode"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Rejections;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/conflicts.graphql",
    extern_enums("EntityType", "EventType"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Conflicts;

/// All that was counted of a factory.
pub(crate) type RejectionReport = rejections::RejectionsRejections;
/// Events that were not stored for one reason, of one source and sent by one device.
pub(crate) type RejectionCount = rejections::RejectionsRejectionsRejections;
/// What was said, and what counts.
pub(crate) type Conflict = conflicts::ConflictsConflictsEdgesNode;
/// An event as it was reported.
pub(crate) type Report = conflicts::Report;

impl Shows for Rejections {
    type Shown = RejectionReport;

    fn show(_: Option<Self::Shown>, data: rejections::ResponseData, _: Arrival) -> Self::Shown {
        data.rejections
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}

impl Shows for Conflicts {
    type Shown = Vec<Conflict>;

    fn show(_: Option<Self::Shown>, data: conflicts::ResponseData, _: Arrival) -> Self::Shown {
        data.conflicts.edges.into_iter().map(|edge| edge.node).collect()
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
