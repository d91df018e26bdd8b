//! The operations of `queries/`, with the types that their answers have.

use crate::live::table::{Delivery, Row};
use crate::window::WindowChoice;
use graphql_client::GraphQLQuery;

/// The schema's whole numbers of at most 53 bits.
type BigInt = i64;
type Date = String;
type DateTime = String;

/// What is looked at: the metrics of one factory in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) factory_id: String,
    pub(crate) window: WindowChoice,
}

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/factories.graphql",
    response_derives = "Clone, Debug, PartialEq"
)]
pub(crate) struct Factories;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/factory_metrics.graphql",
    response_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct FactoryMetrics;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/worker_metrics.graphql",
    response_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct WorkerMetrics;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/workstation_metrics.graphql",
    response_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct WorkstationMetrics;

pub(crate) type Factory = factories::FactoriesFactories;
pub(crate) type FactorySummary = factory_metrics::FactoryMetricsFactoryMetrics;
pub(crate) type Worker = worker_metrics::WorkerMetricsWorkerMetricsWorkers;
pub(crate) type Workstation = workstation_metrics::WorkstationMetricsWorkstationMetricsWorkstations;

impl Row for Worker {
    fn id(&self) -> &str {
        &self.worker_id
    }
}

impl Row for Workstation {
    fn id(&self) -> &str {
        &self.workstation_id
    }
}

impl From<worker_metrics::WorkerMetricsWorkerMetrics> for Delivery<Worker> {
    fn from(report: worker_metrics::WorkerMetricsWorkerMetrics) -> Self {
        Self {
            revision: report.revision,
            snapshot: report.snapshot,
            rows: report.workers,
            removed_ids: report.removed_worker_ids,
        }
    }
}

impl From<workstation_metrics::WorkstationMetricsWorkstationMetrics> for Delivery<Workstation> {
    fn from(report: workstation_metrics::WorkstationMetricsWorkstationMetrics) -> Self {
        Self {
            revision: report.revision,
            snapshot: report.snapshot,
            rows: report.workstations,
            removed_ids: report.removed_workstation_ids,
        }
    }
}

/// The three subscriptions take the same variables, but the generated modules share no types.
macro_rules! variables_from_choice {
    ($($operation:ident),+) => {$(
        impl From<&Choice> for $operation::Variables {
            fn from(choice: &Choice) -> Self {
                use $operation::{Period, WindowInput};
                let window = match choice.window {
                    WindowChoice::Today => Some(WindowInput::Period(Period::TODAY)),
                    WindowChoice::Yesterday => Some(WindowInput::Period(Period::YESTERDAY)),
                    WindowChoice::ThisWeek => Some(WindowInput::Period(Period::THIS_WEEK)),
                    WindowChoice::Last7Days => Some(WindowInput::Period(Period::LAST_7_DAYS)),
                    WindowChoice::Last30Days => Some(WindowInput::Period(Period::LAST_30_DAYS)),
                    WindowChoice::Last15Minutes => Some(WindowInput::LastMinutes(15)),
                    WindowChoice::Last60Minutes => Some(WindowInput::LastMinutes(60)),
                    WindowChoice::Last8Hours => Some(WindowInput::LastMinutes(480)),
                    WindowChoice::AllTime => None,
                };
                Self { factory_id: choice.factory_id.clone(), window }
            }
        }
    )+};
}

variables_from_choice!(factory_metrics, worker_metrics, workstation_metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_window_is_sent_as_exactly_one_field_and_all_time_as_none() {
        let cases = [
            (WindowChoice::Today, json!({ "factoryId": "demo", "window": { "period": "TODAY" } })),
            (WindowChoice::Last7Days, json!({ "factoryId": "demo", "window": { "period": "LAST_7_DAYS" } })),
            (WindowChoice::Last8Hours, json!({ "factoryId": "demo", "window": { "lastMinutes": 480 } })),
            (WindowChoice::AllTime, json!({ "factoryId": "demo" })),
        ];
        for (window, expected) in cases {
            let choice = Choice { factory_id: "demo".to_owned(), window };
            let sent = serde_json::to_value(worker_metrics::Variables::from(&choice)).unwrap();
            assert_eq!(sent, expected);
        }
    }
}
