//! What people decided, and what is being decided.

use super::scalar::{BigInt, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use crate::lean::sorted_map::SortedMap;
use crate::model::{
    Correction, Decision, DecisionContent, DecisionFeed as Feed, DecisionPage, DecisionProgressState,
    Progress, Retraction, Span, StandingRule,
};
use domain::decision::DecisionKind;
use domain::event::{EntityType, EventForm, EventType};
use domain::timeline::{CorrectedState, Standing};
use graphql_client::GraphQLQuery;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/decisions.graphql",
    extern_enums(
        "EntityType",
        "EventType",
        "EventForm",
        "DecisionKind",
        "CorrectedState",
        "Standing",
        "DecisionProgressState"
    ),
    variables_derives = "Clone, Debug, PartialEq",
    skip_serializing_none
)]
pub(crate) struct Decisions;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/decisions.graphql",
    extern_enums(
        "EntityType",
        "EventType",
        "EventForm",
        "CorrectedState",
        "Standing",
        "DecisionProgressState"
    )
)]
pub(crate) struct DecisionFeed;

/// Which decisions are listed; what is none restricts nothing.
pub(crate) type DecisionFilter = decisions::DecisionFilter;

/// A decision as an operation's generated module has it.
macro_rules! decided {
    ($decision:expr) => {{
        let decision = $decision;
        let correction = decision.correction.map(|correction| {
            DecisionContent::Correction(Correction {
                kind: correction.entity_type,
                ids: correction.entity_ids,
                area: correction.area,
                span: Span { from: correction.from, to: correction.to },
                state: correction.state,
                units: correction.units,
            })
        });
        let standing = decision.standing.map(|rule| {
            DecisionContent::Standing(StandingRule {
                standing: rule.standing,
                source: rule.source_id,
                model_version: rule.model_version,
                is_without_model_version: rule.without_model_version,
                from: rule.from,
                to: rule.to,
            })
        });
        let retraction = decision.retraction.map(|retraction| {
            DecisionContent::Retraction(Retraction {
                kind: retraction.entity_type,
                id: retraction.entity_id,
                state: retraction.event_type,
                at: retraction.timestamp,
                event_id: retraction.event_id,
                form: retraction.form,
            })
        });
        // One of the four is there.
        let withdrawal = DecisionContent::Withdrawal(number(decision.withdrawal.unwrap_or_default()));
        Decision {
            number: number(decision.number),
            content: correction.or(standing).or(retraction).unwrap_or(withdrawal),
            made_at: decision.made_at,
            made_by: decision.made_by,
            note: decision.note,
            withdrawn_by: decision.withdrawn_by.map(number),
            events: decision.progress.events,
            progress: Progress::new(decision.progress.state, decision.progress.applied_before),
            revision: decision.revision,
        }
    }};
}
pub(super) use decided;

/// An `Int` of the schema has 32 bits.
pub(super) fn number(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Shows for Decisions {
    type Shown = DecisionPage;

    fn show(_: Option<Self::Shown>, data: decisions::ResponseData, _: Arrival) -> Self::Shown {
        let page = data.decisions;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        DecisionPage { decisions: page.edges.into_iter().map(|edge| decided!(edge.node)).collect(), next }
    }
}

impl Shows for DecisionFeed {
    type Shown = Feed;

    fn show(before: Option<Self::Shown>, data: decision_feed::ResponseData, arrival: Arrival) -> Self::Shown {
        let delivered = data.decisions;
        let revision = delivered.revision;
        let Some(before) = before else {
            let decisions = delivered.decisions.into_iter().map(|one| decided!(one)).collect();
            return Feed { revision, decisions, gaps: 0 };
        };
        let is_gap = arrival == Arrival::First && before.revision != revision;
        let mut known = SortedMap::default();
        let delivered = delivered.decisions.into_iter().map(|one| decided!(one));
        for decision in before.decisions.into_iter().chain(delivered) {
            known.insert(decision.number, decision);
        }
        let decisions = known.values().cloned().collect();
        Feed { revision, decisions, gaps: before.gaps + u32::from(is_gap) }
    }
}
