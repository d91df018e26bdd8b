//! Workers and workstations, asked and shown in one way.

use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use super::window::WindowInput;
use crate::api::session::Arrival;
use crate::live::table::{Delivery, Table};
use crate::model::{Activity, EntityMetrics, Finality, Span};
use domain::event::{EntityType, EventType};
use graphql_client::{GraphQLQuery, QueryBody};
use serde::{Deserialize, Serialize};

/// Kinds that the page only puts into words, so nothing is compiled to read them.
type FinalityState = String;
type FinalityReason = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/worker_metrics.graphql",
    extern_enums("EventType", "FinalityReason", "FinalityState"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
#[expect(dead_code, reason = "its module of types is what is used")]
pub(crate) struct WorkerMetrics;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/workstation_metrics.graphql",
    extern_enums("EventType", "FinalityReason", "FinalityState"),
    variable_types("ID", "super::WindowInput"),
    skip_serializing_none
)]
#[expect(dead_code, reason = "its module of types is what is used")]
pub(crate) struct WorkstationMetrics;

/// Follows the workers or the workstations, all of them or some.
pub(crate) struct Entities;

/// Whose metrics are followed.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum EntitiesAsked {
    Workers(worker_metrics::Variables),
    Workstations(workstation_metrics::Variables),
}

impl EntitiesAsked {
    /// Those with these ids, all of them when the ids are none.
    pub(super) fn new(
        kind: EntityType,
        factory_id: String,
        window: Option<WindowInput>,
        ids: Option<Vec<String>>,
    ) -> Self {
        let area = None;
        match kind {
            EntityType::Worker => Self::Workers(worker_metrics::Variables { factory_id, window, ids, area }),
            EntityType::Workstation => {
                Self::Workstations(workstation_metrics::Variables { factory_id, window, ids, area })
            }
        }
    }

    /// Only those of an area; of all areas when it is none.
    pub(crate) fn in_area(mut self, in_area: Option<String>) -> Self {
        match &mut self {
            Self::Workers(worker_metrics::Variables { area, .. })
            | Self::Workstations(workstation_metrics::Variables { area, .. }) => *area = in_area,
        }
        self
    }
}

/// The one field of either answer.
#[derive(Deserialize)]
pub(crate) enum EntitiesReport {
    #[serde(rename = "workerMetrics")]
    Workers(worker_metrics::WorkerMetricsWorkerMetrics),
    #[serde(rename = "workstationMetrics")]
    Workstations(workstation_metrics::WorkstationMetricsWorkstationMetrics),
}

impl GraphQLQuery for Entities {
    type Variables = EntitiesAsked;
    type ResponseData = EntitiesReport;

    fn build_query(variables: EntitiesAsked) -> QueryBody<EntitiesAsked> {
        let (query, operation_name) = match &variables {
            EntitiesAsked::Workers(_) => (worker_metrics::QUERY, worker_metrics::OPERATION_NAME),
            EntitiesAsked::Workstations(_) => {
                (workstation_metrics::QUERY, workstation_metrics::OPERATION_NAME)
            }
        };
        QueryBody { variables, query, operation_name }
    }
}

impl Shows for Entities {
    type Shown = Table<EntityMetrics>;

    fn show(before: Option<Self::Shown>, report: EntitiesReport, _: Arrival) -> Self::Shown {
        let mut table = before.unwrap_or_default();
        table.apply(match report {
            EntitiesReport::Workers(report) => worker_delivery(report),
            EntitiesReport::Workstations(report) => workstation_delivery(report),
        });
        table
    }
}

/// The two reports differ in names alone, but the generated modules share no types.
macro_rules! delivery {
    ($function:ident, $report:ty, $kind:expr, $rows:ident, $removed:ident, $id:ident, $productive:ident, $rate:ident) => {
        fn $function(report: $report) -> Delivery<EntityMetrics> {
            let rows = report.$rows.into_iter().map(|row| EntityMetrics {
                kind: $kind,
                id: row.$id,
                name: row.name,
                area: row.area,
                productive_minutes: row.$productive,
                idle_minutes: row.idle_minutes,
                absent_minutes: row.absent_minutes,
                overlap_minutes: row.overlap_minutes,
                contested_minutes: row.contested_minutes,
                corrected_minutes: row.corrected_minutes,
                utilization: row.utilization,
                units: row.units_produced,
                units_per_hour: row.$rate,
                mean_confidence: row.mean_confidence,
                current: row.current.map(|current| Activity {
                    state: current.event_type,
                    since: current.since,
                    until: current.until,
                    confidence: current.confidence,
                }),
                last_seen_at: row.last_seen_at,
            });
            Delivery {
                window: report.window.map(|window| Span { from: window.from, to: window.to }),
                revision: report.revision,
                finality: Finality::new(
                    &report.finality.state,
                    report.finality.reasons,
                    report.finality.closes_at,
                    report.finality.lost_events,
                ),
                snapshot: report.snapshot,
                rows: rows.collect(),
                removed_ids: report.$removed,
            }
        }
    };
}

delivery!(
    worker_delivery,
    worker_metrics::WorkerMetricsWorkerMetrics,
    EntityType::Worker,
    workers,
    removed_worker_ids,
    worker_id,
    working_minutes,
    units_per_hour
);
delivery!(
    workstation_delivery,
    workstation_metrics::WorkstationMetricsWorkstationMetrics,
    EntityType::Workstation,
    workstations,
    removed_workstation_ids,
    workstation_id,
    occupied_minutes,
    throughput_per_hour
);
