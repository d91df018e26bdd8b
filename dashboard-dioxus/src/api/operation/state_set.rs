//! What many entities were doing, step by step, and nothing else: hundreds of workers have many thousand steps.

use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use crate::model::{EntityStates, Span, StateSet};
use domain::MS_PER_MINUTE;
use domain::event::EntityType;
use graphql_client::GraphQLQuery;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/timelines.graphql",
    extern_enums("EntityType"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct Timelines;

impl Shows for Timelines {
    type Shown = StateSet;

    fn show(_: Option<Self::Shown>, data: timelines::ResponseData, _: Arrival) -> Self::Shown {
        let report = data.timelines;
        let timelines = report.timelines.into_iter();
        StateSet {
            window: Span { from: report.window.from, to: report.window.to },
            step_ms: report.resolution_seconds * MS_PER_MINUTE / 60,
            revision: report.revision,
            timelines: timelines
                .map(|timeline| EntityStates { id: timeline.entity_id, states: timeline.states.into() })
                .collect(),
        }
    }
}
