//! What the sources of events reported, and whether they agree.

use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use domain::window::Resolution;
use graphql_client::GraphQLQuery;

/// When the sources are asked about again, in ms: who moves a camera sees soon whether it helped.
const AGAIN_MS: f64 = 5_000.0;
/// And so much later for each event that the server has to look through: a twentieth of its time at most.
const AGAIN_MS_PER_EVENT: f64 = 0.1;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/sources.graphql",
    extern_enums("Resolution"),
    variable_types("ID", "super::WindowInput"),
    response_derives = "Clone, PartialEq",
    skip_serializing_none
)]
pub(crate) struct Sources;

/// What all sources reported.
pub(crate) type SourceReport = sources::SourcesSources;
/// What one source reported.
pub(crate) type Source = sources::SourcesSourcesSources;
/// How it compares with another one.
pub(crate) type Agreement = sources::SourcesSourcesSourcesOthers;
/// One of its model versions.
pub(crate) type SourceVersion = sources::SourcesSourcesSourcesModelVersions;
/// One step of its course.
pub(crate) type SourcePoint = sources::SourcesSourcesSourcesPoints;

impl Shows for Sources {
    type Shown = SourceReport;

    fn show(_: Option<Self::Shown>, data: sources::ResponseData, _: Arrival) -> Self::Shown {
        data.sources
    }

    fn again_in_ms(report: &Self::Shown) -> Option<f64> {
        let named: i64 = report.sources.iter().map(|source| source.events).sum();
        Some(AGAIN_MS + (named + report.unnamed_events) as f64 * AGAIN_MS_PER_EVENT)
    }
}
