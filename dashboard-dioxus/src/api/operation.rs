//! The operations of `queries/`, checked against the schema when this compiles, and what pages make of their answers.

mod change;
mod device_list;
mod entities;
mod event_list;
mod factory;
mod series;
mod utilization;

pub(crate) use change::{CreateFactory, EntityChange, create_factory, update_entity};
pub(crate) use device_list::{Closed, Device, Devices, Numbers, devices};
pub(crate) use entities::{Entities, EntitiesAsked};
pub(crate) use event_list::{EventFilter, Events, EventsIngested, events, events_ingested};
pub(crate) use factory::{
    Factories, FactoryEntities, FactoryMetrics, FactoryMetricsOnce, factories, factory_entities,
    factory_metrics, factory_metrics_once,
};
pub(crate) use series::{EntitySeries, MetricSeries, Timeline, entity_series, metric_series, timeline};

pub(crate) use utilization::{UtilizationByStep, utilization_by_step};

use crate::api::session::Arrival;
use crate::lean::instant::Instant;
use crate::model::window::WindowChoice;
use crate::model::{EntityKind, Resolution, State, UnitsBasis};
use graphql_client::GraphQLQuery;

pub(crate) use factory_metrics::{RangeInput, WindowInput};

// The schema's names of scalars and enumerations, for the generated modules.
/// A whole number of at most 53 bits.
type BigInt = i64;
type Date = String;
type DateTime = Instant;
type EntityType = EntityKind;
type EventType = State;

/// The schema's calendar periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Period {
    Today,
    Yesterday,
    ThisWeek,
    #[serde(rename = "LAST_7_DAYS")]
    Last7Days,
    #[serde(rename = "LAST_30_DAYS")]
    Last30Days,
}

/// An operation whose answers a page shows.
pub(crate) trait Shows: GraphQLQuery<Variables: 'static, ResponseData: 'static> + 'static {
    /// What is shown.
    type Shown: 'static;

    /// What is to be shown after this answer, given what it replaces.
    fn show(before: Option<Self::Shown>, data: Self::ResponseData, arrival: Arrival) -> Self::Shown;

    /// When the question is put again by itself, in ms.
    fn again_in_ms(_shown: &Self::Shown) -> Option<f64> {
        None
    }
}

/// What is looked at: one factory in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) factory_id: String,
    pub(crate) window: WindowChoice,
}

impl Choice {
    /// The whole factory.
    pub(crate) fn summary(&self) -> factory_metrics::Variables {
        factory_metrics::Variables {
            factory_id: self.factory_id.clone(),
            window: self.window.input(),
            area: None,
        }
    }

    /// All workers or all workstations.
    pub(crate) fn entities(&self, kind: EntityKind) -> EntitiesAsked {
        EntitiesAsked::new(kind, self, None)
    }

    /// Only these workers or workstations.
    pub(crate) fn entities_with_ids(&self, kind: EntityKind, ids: Vec<String>) -> EntitiesAsked {
        EntitiesAsked::new(kind, self, Some(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(window: WindowChoice) -> serde_json::Value {
        let choice = Choice { factory_id: "demo".to_owned(), window };
        serde_json::to_value(choice.summary()).unwrap()
    }

    #[test]
    fn a_window_is_sent_as_exactly_one_field_and_all_time_as_none() {
        let range = WindowChoice::Range(crate::model::Span {
            from: Instant(1_767_600_000_000),
            to: Instant(1_767_628_800_000),
        });
        let cases = [
            (WindowChoice::Today, json!({ "period": "TODAY" })),
            (WindowChoice::Yesterday, json!({ "period": "YESTERDAY" })),
            (WindowChoice::ThisWeek, json!({ "period": "THIS_WEEK" })),
            (WindowChoice::Last7Days, json!({ "period": "LAST_7_DAYS" })),
            (WindowChoice::Last30Days, json!({ "period": "LAST_30_DAYS" })),
            (WindowChoice::LastMinutes(480), json!({ "lastMinutes": 480 })),
            (WindowChoice::Day(20_458), json!({ "day": "2026-01-05" })),
            (
                range,
                json!({ "range": { "from": "2026-01-05T08:00:00.000Z", "to": "2026-01-05T16:00:00.000Z" } }),
            ),
        ];
        for (window, expected) in cases {
            assert_eq!(sent(window), json!({ "factoryId": "demo", "window": expected }));
        }
        assert_eq!(sent(WindowChoice::AllTime), json!({ "factoryId": "demo" }));
    }

    #[test]
    fn both_kinds_of_entities_are_asked_with_their_own_operation() {
        let choice = Choice { factory_id: "demo".to_owned(), window: WindowChoice::AllTime };
        let asked = |kind, ids| {
            let body = Entities::build_query(EntitiesAsked::new(kind, &choice, ids));
            (body.operation_name, serde_json::to_value(body.variables).unwrap())
        };
        assert_eq!(asked(EntityKind::Worker, None), ("WorkerMetrics", json!({ "factoryId": "demo" })));
        let ids = Some(vec!["S1".to_owned()]);
        let expected = json!({ "factoryId": "demo", "ids": ["S1"] });
        assert_eq!(asked(EntityKind::Workstation, ids), ("WorkstationMetrics", expected));
    }
}
