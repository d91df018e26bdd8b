//! The utilization of many over time, and nothing else: a thousand workers have many thousand steps.

use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use crate::model::{Span, UtilizationSet, UtilizationSteps};
use domain::event::EntityType;
use domain::window::Resolution;
use graphql_client::GraphQLQuery;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/utilization_by_step.graphql",
    extern_enums("Resolution", "EntityType"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct UtilizationByStep;

impl Shows for UtilizationByStep {
    type Shown = UtilizationSet;

    fn show(_: Option<Self::Shown>, data: utilization_by_step::ResponseData, _: Arrival) -> Self::Shown {
        let report = data.entity_series;
        let series = report.series.into_iter().map(|entity| {
            let steps = entity.points.into_iter();
            UtilizationSteps {
                id: entity.entity_id,
                steps: steps
                    .map(|point| (Span { from: point.from, to: point.to }, point.utilization))
                    .collect(),
            }
        });
        UtilizationSet {
            window: Span { from: report.window.from, to: report.window.to },
            revision: report.revision,
            series: series.collect(),
        }
    }
}
