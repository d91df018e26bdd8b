//! The decisions of an example.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::{
    DecisionKind, Fact, ModelVersions, ProposedCorrection, Rules, StandingRule, is_live, judge_standing,
    judge_withdrawal,
};
use domain::event::EventForm;
use domain::id::{ModelVersionId, SourceId};
use domain::timeline::{CorrectedState, Correction, Standing};

use crate::calendar::{instant_ms, time_ms};
use crate::example::Table;
use crate::factory::event_type;

/// A decision as it was made.
pub(crate) struct Decision {
    number: i32,
    content: Content,
}

enum Content {
    Correction { entities: Vec<&'static str>, correction: Correction, has_units: bool },
    Standing { source: Option<&'static str>, model: Option<&'static str>, rule: StandingRule },
    Retraction { entity: &'static str, fact: Fact },
    Withdrawal(i32),
}

impl Decision {
    /// Reads a row, which must have the number that is next.
    pub(crate) fn read(table: &Table, row: usize, next: i32) -> Self {
        let number: i32 = table.text(row, "decision").parse().expect("a number");
        assert_eq!(number, next, "line {} of the page", table.line(row));
        let of = || table.text(row, "of");
        let time = |column| table.cell(row, column).map(time_ms);
        let content = match table.text(row, "kind") {
            "CORRECTION" => {
                let units = table.cell(row, "units").map(|units| units.parse().expect("a whole number"));
                let correction = Correction {
                    number,
                    from_ms: time("from").expect("a start"),
                    to_ms: time("to").expect("an end"),
                    state: table.cell(row, "says").map(corrected_state),
                    units: units.unwrap_or(0),
                };
                let entities = of().split(", ").collect();
                Content::Correction { entities, correction, has_units: units.is_some() }
            }
            "STANDING" => {
                let (source, model) = (table.cell(row, "source"), table.cell(row, "model"));
                let rule = StandingRule {
                    number,
                    standing: standing(table.text(row, "says")),
                    source: None,
                    model_version: ModelVersions::All,
                    from_ms: time("from"),
                    to_ms: time("to"),
                };
                Content::Standing { source, model, rule }
            }
            "RETRACTION" => {
                let form = match table.text(row, "form") {
                    "INTERVAL" => EventForm::Interval,
                    "STATE" => EventForm::State,
                    other => panic!("{other} is no form"),
                };
                let fact = Fact {
                    form,
                    event_type: event_type(table.text(row, "says")),
                    started_at_ms: time("from").expect("a start"),
                    event_code: table.cell(row, "event id").unwrap_or_default().to_owned(),
                };
                Content::Retraction { entity: of(), fact }
            }
            "WITHDRAWAL" => {
                let named = of().strip_prefix("decision ").expect("a decision");
                Content::Withdrawal(named.parse().expect("a number"))
            }
            other => panic!("{other} is no kind of decision"),
        };
        Self { number, content }
    }

    /// The names that it uses.
    pub(crate) fn names(&self) -> Vec<String> {
        match self.content {
            Content::Standing { source, model, .. } => {
                let model = model.filter(|model| *model != WITHOUT);
                source.into_iter().chain(model).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Checks that it may be made after those that were made.
    pub(crate) fn judge(&self, made: &[Self]) {
        let judged = match &self.content {
            Content::Correction { entities, correction, has_units } => {
                let Correction { from_ms, to_ms, state, units, .. } = *correction;
                let units = has_units.then_some(units);
                let proposed = ProposedCorrection { entities: entities.len(), from_ms, to_ms, state, units };
                proposed.judge(instant_ms("2026-01-06T00:00:00Z"))
            }
            Content::Standing { rule, .. } => judge_standing(rule),
            Content::Retraction { .. } => Ok(()),
            Content::Withdrawal(number) => {
                let named = made.iter().find(|decision| decision.number == *number).expect("it was made");
                judge_withdrawal(*number, named.kind(), withdrawn_by(made, *number))
            }
        };
        assert_eq!(judged, Ok(()), "decision {}", self.number);
    }

    fn kind(&self) -> DecisionKind {
        match self.content {
            Content::Correction { .. } => DecisionKind::Correction,
            Content::Standing { .. } => DecisionKind::Standing,
            Content::Retraction { .. } => DecisionKind::Retraction,
            Content::Withdrawal(_) => DecisionKind::Withdrawal,
        }
    }
}

/// How the page names the events without a model version.
const WITHOUT: &str = "none";

fn withdrawn_by(made: &[Decision], number: i32) -> Option<i32> {
    let withdraws =
        |decision: &&Decision| matches!(decision.content, Content::Withdrawal(named) if named == number);
    made.iter().find(withdraws).map(|decision| decision.number)
}

/// The decisions that are live.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) rules: Rules,
    pub(crate) retractions: BTreeSet<(String, Fact)>,
    pub(crate) corrections: BTreeMap<String, Vec<Correction>>,
}

impl Live {
    /// Those that are live once the decisions up to a number are made; `id` says under which number a name is stored.
    pub(crate) fn at(made: &[Decision], prefix: i32, id: impl Fn(&str) -> i32) -> Self {
        let mut live = Self::default();
        let mut rules = Vec::new();
        let is_live =
            |decision: &&Decision| is_live(decision.number, withdrawn_by(made, decision.number), prefix);
        for decision in made.iter().filter(is_live) {
            match &decision.content {
                Content::Correction { entities, correction, .. } => {
                    for entity in entities {
                        live.corrections.entry((*entity).to_owned()).or_default().push(*correction);
                    }
                }
                Content::Standing { source, model, rule } => {
                    let source = source.map(|name| SourceId(id(name)));
                    let model_version = match model {
                        None => ModelVersions::All,
                        Some(name) if *name == WITHOUT => ModelVersions::Without,
                        Some(name) => ModelVersions::One(ModelVersionId(id(name))),
                    };
                    rules.push(StandingRule { source, model_version, ..*rule });
                }
                Content::Retraction { entity, fact } => {
                    live.retractions.insert(((*entity).to_owned(), fact.clone()));
                }
                Content::Withdrawal(_) => {}
            }
        }
        Self { rules: Rules::new(rules), ..live }
    }
}

fn corrected_state(name: &str) -> CorrectedState {
    match name {
        "WORKING" => CorrectedState::Working,
        "IDLE" => CorrectedState::Idle,
        "ABSENT" => CorrectedState::Absent,
        "NOT_OBSERVED" => CorrectedState::NotObserved,
        _ => panic!("{name} is nothing that a correction says"),
    }
}

fn standing(name: &str) -> Standing {
    match name {
        "SERVING" => Standing::Serving,
        "SHADOW" => Standing::Shadow,
        "QUARANTINED" => Standing::Quarantined,
        _ => panic!("{name} is no standing"),
    }
}
