//! The factories, one factory's entities, and one factory's figures.

use super::caller::Caller;
use super::scalar::{BigInt, Date, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use crate::model::{EntityName, Factory, FactorySummary, Finality, Span};
use domain::event::EntityType;
use domain::metric::UnitsBasis;
use domain::window::Period;
use graphql_client::GraphQLQuery;

/// When an empty list of factories is asked for again, in ms: somebody is about to create the first one.
const NO_FACTORIES_AGAIN_MS: f64 = 5_000.0;
/// When a list of factories is asked for again, in ms: factories are created on few days of a year.
const FACTORIES_AGAIN_MS: f64 = 60_000.0;

/// Kinds that the page only puts into words, so nothing is compiled to read them.
type FinalityState = String;
type FinalityReason = String;
type Role = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/factories.graphql",
    extern_enums("UnitsBasis", "Role"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Factories;

/// The factories that somebody sees, and who they are: together, because a query of its own is 2 kB more to load.
#[derive(Clone, PartialEq)]
pub(crate) struct Listed {
    pub(crate) factories: Vec<Factory>,
    pub(crate) me: Caller,
}

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema.graphql", query_path = "queries/factory_entities.graphql")]
pub(crate) struct FactoryEntities;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/factory_metrics.graphql",
    extern_enums("UnitsBasis", "Period", "FinalityReason", "FinalityState"),
    variables_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct FactoryMetrics;

/// The same figures asked once, for a window that is over.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/factory_metrics_once.graphql",
    extern_enums("UnitsBasis", "Period", "FinalityReason", "FinalityState"),
    variable_types("ID", "super::factory_metrics::WindowInput"),
    skip_serializing_none
)]
pub(crate) struct FactoryMetricsOnce;

impl Shows for Factories {
    type Shown = Listed;

    fn show(_before: Option<Self::Shown>, data: factories::ResponseData, _arrival: Arrival) -> Self::Shown {
        let listed = data.factories.into_iter().map(|factory| Factory {
            id: factory.factory_id,
            name: factory.name,
            time_zone: factory.time_zone,
            units_basis: factory.units_basis,
        });
        Listed { factories: listed.collect(), me: data.me }
    }

    fn again_in_ms(listed: &Self::Shown) -> Option<f64> {
        Some(if listed.factories.is_empty() { NO_FACTORIES_AGAIN_MS } else { FACTORIES_AGAIN_MS })
    }
}

impl Shows for FactoryEntities {
    /// Workers, then workstations; nothing for a factory that is not there.
    type Shown = Vec<EntityName>;

    fn show(_: Option<Self::Shown>, data: factory_entities::ResponseData, _: Arrival) -> Self::Shown {
        let Some(factory) = data.factory else { return Vec::new() };
        let workers = factory.workers.into_iter().map(|worker| EntityName {
            kind: EntityType::Worker,
            id: worker.worker_id,
            name: worker.name,
            area: worker.area,
        });
        let workstations = factory.workstations.into_iter().map(|workstation| EntityName {
            kind: EntityType::Workstation,
            id: workstation.workstation_id,
            name: workstation.name,
            area: workstation.area,
        });
        workers.chain(workstations).collect()
    }
}

macro_rules! shows_summary {
    ($operation:ty, $module:ident) => {
        impl Shows for $operation {
            type Shown = FactorySummary;

            fn show(_: Option<Self::Shown>, data: $module::ResponseData, _: Arrival) -> Self::Shown {
                let metrics = data.factory_metrics;
                let finality = metrics.finality;
                FactorySummary {
                    window: metrics.window.map(|window| Span { from: window.from, to: window.to }),
                    revision: metrics.revision,
                    finality: Finality::new(
                        &finality.state,
                        finality.reasons,
                        finality.closes_at,
                        finality.lost_events,
                    ),
                    productive_minutes: metrics.productive_minutes,
                    units_basis: metrics.units_basis,
                    units: metrics.units_produced,
                    average_utilization: metrics.average_utilization,
                    average_production_rate: metrics.average_production_rate,
                }
            }
        }
    };
}

shows_summary!(FactoryMetrics, factory_metrics);
shows_summary!(FactoryMetricsOnce, factory_metrics_once);
