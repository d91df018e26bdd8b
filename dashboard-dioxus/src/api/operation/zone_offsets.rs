//! How far a factory's clocks are ahead of UTC, by the server's rules of time zones.

use super::scalar::DateTime;
use super::shows::Shows;
use crate::api::session::Arrival;
use crate::lean::zone::OffsetChange;
use graphql_client::GraphQLQuery;

/// When the offsets are asked for again, in ms: rules change by the year, and a page may stay open for months.
const AGAIN_MS: f64 = 24.0 * 3_600_000.0;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema.graphql", query_path = "queries/utc_offsets.graphql")]
pub(crate) struct UtcOffsets;

/// The offsets of one zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ZoneOffsets {
    /// The IANA name.
    pub(crate) time_zone: String,
    /// In the order of time.
    pub(crate) changes: Vec<OffsetChange>,
}

impl Shows for UtcOffsets {
    /// None for a factory that is not there.
    type Shown = Option<ZoneOffsets>;

    fn show(_: Option<Self::Shown>, data: utc_offsets::ResponseData, _: Arrival) -> Self::Shown {
        let factory = data.factory?;
        let changes = factory
            .utc_offsets
            .into_iter()
            .map(|change| OffsetChange { from_ms: change.from.0, offset_ms: change.offset_seconds * 1_000 });
        Some(ZoneOffsets { time_zone: factory.time_zone, changes: changes.collect() })
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
