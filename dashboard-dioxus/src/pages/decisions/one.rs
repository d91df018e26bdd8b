use crate::api::operation::{DecisionFilter, Decisions, decisions};
use crate::api::use_query;
use crate::components::page_context::use_page_context;
use crate::model::Decision;

/// The decision of a number, once it has come.
pub(crate) fn use_decision(number: i32) -> Option<Decision> {
    let context = use_page_context();
    let answer = use_query::<Decisions>(move || {
        let filter = DecisionFilter {
            number: Some(i64::from(number)),
            kind: None,
            entity_type: None,
            entity_id: None,
            live: None,
        };
        let factory_id = context.factory_window()?.factory_id;
        Some(decisions::Variables { factory_id, filter: Some(filter), first: 1, after: None })
    });
    answer.with(|page| page.decisions.first().cloned()).flatten()
}
