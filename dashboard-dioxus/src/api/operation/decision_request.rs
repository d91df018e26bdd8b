//! Making a decision. Its request has an id of its own, so an answer that was lost is asked for again without deciding twice.

use super::decision_list::{decided, number};
use super::scalar::{BigInt, DateTime};
use crate::api::client::{Client, request};
use crate::api::http_request::post;
use crate::lean::decode::from_json;
use crate::lean::instant::Instant;
use crate::model::{
    Correction, Decision, DecisionContent, DecisionProgressState, Progress, Retraction, Span, StandingRule,
};
use dioxus::prelude::ReadableExt as _;
use domain::event::{EntityType, EventForm, EventType};
use domain::timeline::{CorrectedState, Standing};
use gloo_timers::future::TimeoutFuture;
use graphql_client::GraphQLQuery;
use serde::{Deserialize, Serialize};

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
    ),
    variable_types("ID", "ID", "super::DecisionInput", "String", "Int"),
    skip_serializing_none
)]
pub(crate) struct Decide;

/// The schema's input of the same name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DecisionInput {
    Correction(CorrectionInput),
    Standing(StandingInput),
    Retraction(RetractionInput),
    /// The number of the decision that is taken back.
    Withdrawal(i32),
}

/// The schema's input of the same name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CorrectionInput {
    pub(crate) entity_type: EntityType,
    #[serde(flatten)]
    pub(crate) who: Who,
    pub(crate) from: Instant,
    pub(crate) to: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<CorrectedState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) units: Option<i64>,
}

/// The schema's input of the same name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StandingInput {
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
    without_model_version: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Instant>,
}

impl From<&StandingRule> for StandingInput {
    fn from(rule: &StandingRule) -> Self {
        Self {
            standing: rule.standing,
            source_id: rule.source.clone(),
            model_version: rule.model_version.clone(),
            without_model_version: rule.is_without_model_version,
            from: rule.from,
            to: rule.to,
        }
    }
}

/// The schema's input of the same name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetractionInput {
    entity_type: EntityType,
    entity_id: String,
    event_type: EventType,
    timestamp: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    form: EventForm,
}

impl From<&Retraction> for RetractionInput {
    fn from(retraction: &Retraction) -> Self {
        Self {
            entity_type: retraction.kind,
            entity_id: retraction.id.clone(),
            event_type: retraction.state,
            timestamp: retraction.at,
            event_id: retraction.event_id.clone(),
            form: retraction.form,
        }
    }
}

/// Of whom it is decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum Who {
    #[serde(rename = "entityIds")]
    Ids(Vec<String>),
    /// All that are in an area when it is decided.
    #[serde(rename = "area")]
    Area(String),
}

/// Why nothing was decided, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NotDecided {
    /// Something about the same was decided since: the number of that.
    ChangedMeanwhile(i32),
    /// In the server's words.
    Refused(String),
    /// Nobody knows whether it was decided; the same request again tells.
    Unanswered,
}

/// A request; `seen_decision` is the number of the last decision that was looked at.
pub(crate) fn decide_variables(
    factory_id: String,
    request_id: String,
    decision: DecisionInput,
    note: String,
    seen_decision: Option<i32>,
) -> decide::Variables {
    let seen_decision = seen_decision.map(i64::from);
    decide::Variables { factory_id, request_id, decision, note, seen_decision }
}

/// How long is waited before the same request is sent again, in ms.
const AGAIN_MS: [u32; 4] = [500, 1_000, 2_000, 4_000];

/// Makes a decision, or learns that it was made already, by its request. What got no answer is sent again several times;
/// `on_again` is told of each.
pub(crate) async fn decide(
    client: Client,
    variables: decide::Variables,
    mut on_again: impl FnMut(),
) -> Result<Decision, NotDecided> {
    let body = request::<Decide>(variables).map_err(|error| NotDecided::Refused(error.0))?;
    let mut waits_ms = AGAIN_MS.into_iter();
    loop {
        let url: Option<String> = client.api_url.peek().clone();
        let answer = match url {
            Some(url) => post(&url, &body).await,
            None => None,
        };
        // What is no answer of the API, such as a proxy's page, tells nothing either.
        if let Some(answer) = answer.as_deref().and_then(|text| from_json::<Answer>(text).ok()) {
            return answer.outcome();
        }
        let Some(wait_ms) = waits_ms.next() else { return Err(NotDecided::Unanswered) };
        on_again();
        TimeoutFuture::new(wait_ms).await;
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<decide::ResponseData>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    message: String,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: String,
    #[serde(default)]
    decision: Option<i64>,
}

impl Answer {
    fn outcome(self) -> Result<Decision, NotDecided> {
        if let Some(data) = self.data {
            return Ok(decided!(data.decide));
        }
        let Some(fault) = self.errors.into_iter().next() else { return Err(NotDecided::Unanswered) };
        match fault.extensions {
            Some(Extensions { code, decision: Some(decided) }) if code == "CHANGED_MEANWHILE" => {
                Err(NotDecided::ChangedMeanwhile(number(decided)))
            }
            _ => Err(NotDecided::Refused(fault.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn correction(who: Who, state: Option<CorrectedState>, units: Option<i64>) -> DecisionInput {
        let (from, to) = (Instant(1_767_600_000_000), Instant(1_767_601_200_000));
        DecisionInput::Correction(CorrectionInput {
            entity_type: EntityType::Worker,
            who,
            from,
            to,
            state,
            units,
        })
    }

    #[test]
    fn a_decision_is_sent_as_exactly_one_field_and_what_is_not_said_is_left_out() {
        let sent = |input: &DecisionInput| serde_json::to_value(input).unwrap();
        let span = json!({ "from": "2026-01-05T08:00:00.000Z", "to": "2026-01-05T08:20:00.000Z" });
        let mut expected = json!({ "entityType": "WORKER", "area": "Line 2", "state": "NOT_OBSERVED" });
        expected.as_object_mut().unwrap().extend(span.as_object().unwrap().clone());
        let area = correction(Who::Area("Line 2".to_owned()), Some(CorrectedState::NotObserved), None);
        assert_eq!(sent(&area), json!({ "correction": expected }));
        let units = sent(&correction(Who::Ids(vec!["W1".to_owned()]), None, Some(-3)));
        assert_eq!(units["correction"]["entityIds"], json!(["W1"]));
        assert_eq!(units["correction"]["units"], json!(-3));
        assert_eq!(units["correction"].get("state"), None);
        assert_eq!(sent(&DecisionInput::Withdrawal(7)), json!({ "withdrawal": 7 }));
        let rule = StandingRule {
            standing: Standing::Shadow,
            source: Some("cam-1".to_owned()),
            model_version: None,
            is_without_model_version: true,
            from: None,
            to: Some(Instant(1_767_600_000_000)),
        };
        let expected = json!({ "standing": "SHADOW", "sourceId": "cam-1", "withoutModelVersion": true, "to": "2026-01-05T08:00:00.000Z" });
        assert_eq!(sent(&DecisionInput::Standing((&rule).into())), json!({ "standing": expected }));
        let retraction = Retraction {
            kind: EntityType::Worker,
            id: "W1".to_owned(),
            state: EventType::Idle,
            at: Instant(1_767_600_000_000),
            event_id: None,
            form: EventForm::State,
        };
        let expected = json!({
            "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "timestamp": "2026-01-05T08:00:00.000Z", "form": "STATE"
        });
        assert_eq!(sent(&DecisionInput::Retraction((&retraction).into())), json!({ "retraction": expected }));
    }

    #[test]
    fn an_answer_is_a_decision_or_why_there_is_none() {
        let outcome = |answer: serde_json::Value| {
            from_json::<Answer>(&answer.to_string()).unwrap().outcome().map(|decision| decision.number)
        };
        let refused = |code: &str| json!({ "data": null, "errors": [{ "message": "No.", "extensions": { "code": code, "decision": 4 } }] });
        assert_eq!(outcome(refused("CHANGED_MEANWHILE")), Err(NotDecided::ChangedMeanwhile(4)));
        assert_eq!(outcome(refused("REQUEST_REUSED")), Err(NotDecided::Refused("No.".to_owned())));
        assert_eq!(outcome(json!({})), Err(NotDecided::Unanswered));
        let made = json!({ "data": { "decide": {
            "number": 5, "correction": null, "standing": null, "retraction": null, "withdrawal": 4,
            "madeAt": "2026-01-05T08:00:00.000Z", "madeBy": "anonymous", "note": "n", "withdrawnBy": null, "revision": 9,
            "progress": { "state": "APPLIED", "appliedBefore": null, "events": 2 },
        } } });
        assert_eq!(outcome(made), Ok(5));
    }
}
