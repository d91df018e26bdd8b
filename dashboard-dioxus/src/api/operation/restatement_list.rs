//! What moved the figures of a window that was closed.

use super::decision_list::number;
use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use crate::model::{Cause, RestatedFigures, Restatement, Restatements as Shown, Span};
use domain::event::EntityType;
use graphql_client::GraphQLQuery;
use serde::Deserialize;

/// Why, as the API names it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RestatementCause {
    LateEvents,
    Decision,
    Rebuild,
}

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/restatements.graphql",
    extern_enums("EntityType", "RestatementCause"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct Restatements;

impl From<restatements::Restated> for RestatedFigures {
    fn from(figures: restatements::Restated) -> Self {
        Self {
            working_minutes: figures.working_minutes,
            idle_minutes: figures.idle_minutes,
            absent_minutes: figures.absent_minutes,
            units: figures.units_produced,
            utilization: figures.utilization,
            average_utilization: figures.average_utilization,
            units_per_hour: figures.units_per_hour,
        }
    }
}

impl Shows for Restatements {
    type Shown = Shown;

    fn show(_: Option<Self::Shown>, data: restatements::ResponseData, _: Arrival) -> Self::Shown {
        let report = data.restatements;
        let causes = report.restatements.into_iter().map(|one| Restatement {
            cause: match (one.cause, one.decision) {
                (RestatementCause::Decision, Some(decision)) => Cause::Decision(number(decision)),
                (RestatementCause::Rebuild, _) => Cause::Rebuild,
                _ => Cause::LateEvents { device: one.device_id, source: one.source_id },
            },
            at: one.at,
            after: one.after.into(),
        });
        Shown {
            window: Span { from: report.window.from, to: report.window.to },
            since: report.since,
            before: report.before.into(),
            earlier: report.earlier.map(|earlier| (earlier.count, earlier.after.into())),
            causes: causes.collect(),
            now: report.now.into(),
        }
    }
}
