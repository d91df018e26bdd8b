use super::entities::EntitiesAsked;
use super::factory::factory_metrics;
use super::window::window_input;
use crate::model::window::WindowChoice;
use domain::event::EntityType;

/// What is looked at: one factory in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FactoryWindow {
    pub(crate) factory_id: String,
    pub(crate) window: WindowChoice,
}

impl FactoryWindow {
    /// The whole factory.
    pub(crate) fn summary(&self) -> factory_metrics::Variables {
        factory_metrics::Variables {
            factory_id: self.factory_id.clone(),
            window: window_input(self.window),
            area: None,
        }
    }

    /// All workers or all workstations.
    pub(crate) fn entities(&self, kind: EntityType) -> EntitiesAsked {
        EntitiesAsked::new(kind, self.factory_id.clone(), window_input(self.window), None)
    }

    /// Only these workers or workstations.
    pub(crate) fn entities_with_ids(&self, kind: EntityType, ids: Vec<String>) -> EntitiesAsked {
        EntitiesAsked::new(kind, self.factory_id.clone(), window_input(self.window), Some(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::Span;
    use graphql_client::GraphQLQuery;
    use serde_json::json;

    fn sent(window: WindowChoice) -> serde_json::Value {
        let choice = FactoryWindow { factory_id: "demo".to_owned(), window };
        serde_json::to_value(choice.summary()).unwrap()
    }

    #[test]
    fn a_window_is_sent_as_exactly_one_field_and_all_time_as_none() {
        let range =
            WindowChoice::Range(Span { from: Instant(1_767_600_000_000), to: Instant(1_767_628_800_000) });
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
        let asked = |kind, ids| {
            let body = super::super::entities::Entities::build_query(EntitiesAsked::new(
                kind,
                "demo".to_owned(),
                None,
                ids,
            ));
            (body.operation_name, serde_json::to_value(body.variables).unwrap())
        };
        assert_eq!(asked(EntityType::Worker, None), ("WorkerMetrics", json!({ "factoryId": "demo" })));
        let ids = Some(vec!["S1".to_owned()]);
        let expected = json!({ "factoryId": "demo", "ids": ["S1"] });
        assert_eq!(asked(EntityType::Workstation, ids), ("WorkstationMetrics", expected));
    }
}
