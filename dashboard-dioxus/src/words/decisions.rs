//! What people decided about reports, and how they decide.

use super::quantity::Quantity;
use super::{entity, isolated};
use crate::lean::letter_case::lower;
use crate::lean::zone::Zone;
use crate::model::{Correction, Decision, DecisionContent, Progress, Retraction, Span, StandingRule};
use domain::decision::DecisionKind;
use domain::event::{EntityType, EventType};
use domain::timeline::{CorrectedState, Standing};

pub(crate) const TITLE: &str = "Decisions";
pub(crate) const NOTE: &str =
    "What people said about reports. Reports stay as they came; a decision that was wrong is withdrawn.";
pub(crate) const NONE: &str = "Nothing was decided yet. Correct a span on the page of a worker or workstation, or several at once on the floor, or \
     make a rule here.";
pub(crate) const NONE_MATCHES: &str = "No decision matches.";
pub(crate) const NUMBER: &str = "No.";
pub(crate) const WHAT: &str = "What";
pub(crate) const WHY: &str = "Why";
pub(crate) const WHO: &str = "By";
pub(crate) const WHEN: &str = "Made";
pub(crate) const EVENTS: &str = "Events";
pub(crate) const HOW_EVENTS: &str = "How many stored events were counted again for it.";
pub(crate) const OLDER: &str = "Show older";
pub(crate) const SHOW_ALL: &str = "Show all decisions";

pub(crate) const KIND: &str = "Kind";
pub(crate) const ANY: &str = "All";
pub(crate) const IN_FORCE: &str = "In force";
pub(crate) const WITHDRAWN: &str = "Withdrawn";
pub(crate) const FORCE: &str = "State";

pub(crate) const WITHDRAW: &str = "Withdraw";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const REASON: &str = "Why (for those who read this later)";
pub(crate) const SAVE: &str = "Save correction";
pub(crate) const SAVE_ANYWAY: &str = "Save anyway";
pub(crate) const SAVING: &str = "Saving…";
pub(crate) const SENT_AGAIN: &str = "No answer yet. The same request is sent again; it is decided once.";
pub(crate) const UNANSWERED: &str = "The server did not answer, so it may or may not have been saved. Save again: the same request is never decided twice.";

pub(crate) const SEE: &str = "See it among the decisions";

pub(crate) const CORRECTION: &str = "Correction";
pub(crate) const CHOOSE_SPAN: &str = "Choose a span: drag across the timeline, click a part of it, or use the arrow keys and press Enter. \
     Shift with the arrow keys selects any span in steps of 5 minutes. Or type its times.";
pub(crate) const FROM: &str = "From";
pub(crate) const TO: &str = "To";
pub(crate) const NO_SPAN: &str = "The end must be after the beginning.";
pub(crate) const STATE: &str = "What it was";
pub(crate) const CHOOSE: &str = "Choose…";
pub(crate) const NEXT: &str = "Correct another span";
pub(crate) const UNITS_ONLY: &str = "As reported (units only)";
pub(crate) const NOT_OBSERVED: &str = "Not observed";
pub(crate) const UNITS: &str = "Units to add (below zero: to take away)";
pub(crate) const FIGURES: &str = "The figures of this span";
pub(crate) const FIGURE: &str = "Figure";
pub(crate) const BEFORE: &str = "Now";
pub(crate) const AFTER: &str = "With the correction";
pub(crate) const CONFIRMED: &str = "As the server answers";
pub(crate) const NO_FIGURES: &str =
    "There are more changes in this span than the server lists, so its figures are told only after saving.";
pub(crate) const UNITS_OFF_GRID: &str =
    "Units are counted in steps of 5 minutes. Choose such times to see how many this span has.";
pub(crate) const NO_DATA: &str = "No data";
pub(crate) const UNIT_COUNT: &str = "Units";

pub(crate) const SEVERAL: &str = "Correct several";
pub(crate) const OF_WHOM: &str = "Of";
pub(crate) const WHICH: &str = "Which";
pub(crate) const ALL_OF_AREA: &str = "All of an area";
pub(crate) const CHOSEN: &str = "Those chosen";
pub(crate) const AREA: &str = "Area";
pub(crate) const NO_AREAS: &str = "Nobody has an area yet. Give some on the page People and stations.";

pub(crate) const IS_APPLYING: &str = "It is about many events, so the figures follow it part by part.";

/// How far the figures follow a decision, none where all of them do.
pub(crate) fn progress(decision: &Decision, zone: &Zone) -> Option<String> {
    let is_withdrawal = matches!(decision.content, DecisionContent::Withdrawal(_));
    match decision.progress {
        Progress::Applied => None,
        Progress::Applying(Some(at)) if is_withdrawal => {
            Some(format!("Figures from {} on follow it so far.", zone.exact(at)))
        }
        Progress::Applying(Some(at)) => Some(format!("Figures before {} follow it so far.", zone.exact(at))),
        Progress::Applying(None) => Some(IS_APPLYING.to_owned()),
        Progress::Waiting => Some("Waits until those before it are applied.".to_owned()),
    }
}

pub(crate) fn kind(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Correction => "Corrections",
        DecisionKind::Standing => "Which events count",
        DecisionKind::Retraction => "Retracted events",
        DecisionKind::Withdrawal => "Withdrawals",
    }
}

/// What a decision says, in a sentence.
pub(crate) fn sentence(decision: &Decision, zone: &Zone) -> String {
    content(&decision.content, zone)
}

/// The same of what is not decided yet.
pub(crate) fn content(content: &DecisionContent, zone: &Zone) -> String {
    match content {
        DecisionContent::Correction(content) => correction(content, zone),
        DecisionContent::Standing(rule) => standing(rule, zone),
        DecisionContent::Retraction(content) => retraction(content, zone),
        DecisionContent::Withdrawal(number) => format!("Decision {number} is withdrawn."),
    }
}

/// The most ids that a sentence names.
const NAMED_IDS: usize = 3;

fn correction(correction: &Correction, zone: &Zone) -> String {
    let Correction { kind, ids, area, span, state, units } = correction;
    let who = who(*kind, ids, area.as_deref());
    let when = when(*span, zone);
    let units = units.filter(|units| *units != 0 || state.is_none()).map(unit_change);
    match (state, units) {
        (Some(state), Some(units)) => format!("{who}: {}, {units}; {when}.", corrected(*kind, *state)),
        (Some(state), None) => format!("{who}: {}; {when}.", corrected(*kind, *state)),
        (None, units) => format!("{who}: {}; {when}.", units.unwrap_or_default()),
    }
}

fn who(kind: EntityType, ids: &[String], area: Option<&str>) -> String {
    let counted = |count: usize| Quantity::Count.text(Some(count as f64));
    if let Some(area) = area {
        return format!("All {} of {} ({})", lower(entity::kinds(kind)), isolated(area), counted(ids.len()));
    }
    if let [id] = ids {
        return format!("{} {}", entity::kind(kind), isolated(id));
    }
    let named: Vec<String> = ids.iter().take(NAMED_IDS).map(|id| isolated(id)).collect();
    let others = ids.len().saturating_sub(NAMED_IDS);
    let rest = if others == 0 { String::new() } else { format!(" and {} more", counted(others)) };
    format!("{} {}{rest}", entity::kinds(kind), named.join(", "))
}

fn unit_change(units: i64) -> String {
    let count = Quantity::Count.text(Some(units.unsigned_abs() as f64));
    let noun = if units.unsigned_abs() == 1 { "unit" } else { "units" };
    format!("{count} {noun} {}", if units < 0 { "taken away" } else { "added" })
}

fn when(span: Span, zone: &Zone) -> String {
    if span.from == span.to { zone.exact(span.from) } else { zone.span(span.from, span.to) }
}

/// What a correction says that was done, in the middle of a sentence.
fn corrected(kind: EntityType, state: CorrectedState) -> String {
    lower(corrected_state(kind, state))
}

/// What a correction says that was done.
pub(crate) fn corrected_state(kind: EntityType, state: CorrectedState) -> &'static str {
    state.event_type().map_or(NOT_OBSERVED, |state| entity::state(kind, state))
}

fn standing(rule: &StandingRule, zone: &Zone) -> String {
    let source = rule.source.as_deref().map(|source| format!("of source {}", isolated(source)));
    let model = match &rule.model_version {
        Some(model) => Some(format!("of model {}", isolated(model))),
        None => rule.is_without_model_version.then(|| "without a model version".to_owned()),
    };
    let which: Vec<String> = [source, model].into_iter().flatten().collect();
    let which =
        if which.is_empty() { "All events".to_owned() } else { format!("Events {}", which.join(" and ")) };
    let what = match rule.standing {
        Standing::Serving => "count",
        Standing::Shadow => "are kept for comparison and do not count",
        Standing::Quarantined => "are not trusted and do not count",
    };
    let when = match (rule.from, rule.to) {
        (Some(from), Some(to)) => format!("; starting {}", zone.span(from, to)),
        (Some(from), None) => format!("; starting {} or later", zone.exact(from)),
        (None, Some(to)) => format!("; starting before {}", zone.exact(to)),
        (None, None) => String::new(),
    };
    format!("{which} {what}{when}.")
}

fn retraction(retraction: &Retraction, zone: &Zone) -> String {
    let Retraction { kind, id, state, at, event_id, .. } = retraction;
    let own = event_id.as_deref().map(|id| format!(" ({})", isolated(id))).unwrap_or_default();
    let state = lower(entity::state(*kind, *state));
    let who = format!("{} {}", entity::kind(*kind), isolated(id));
    format!("{who}: the event {state}{own} does not count; {}.", zone.exact(*at))
}

pub(crate) fn force(is_in_force: bool) -> &'static str {
    if is_in_force { IN_FORCE } else { WITHDRAWN }
}

pub(crate) fn number(number: i32) -> String {
    format!("Decision {number}")
}

/// The way to the page of one that a decision names.
pub(crate) fn go_to(name: &str) -> String {
    format!("Go to {}", isolated(name))
}

pub(crate) fn withdraw(number: i32) -> String {
    format!("Withdraw decision {number}")
}

/// What a withdrawal will do.
pub(crate) fn withdrawing(number: i32) -> String {
    format!(
        "Decision {number} will no longer hold: the figures become what they are without it. A withdrawal cannot be taken back; decide again instead."
    )
}

pub(crate) fn withdrawn_by(number: i32) -> String {
    format!("withdrawn by {number}")
}

pub(crate) fn saved(number: i32) -> String {
    format!("Saved as decision {number}.")
}

pub(crate) fn changed_meanwhile(number: i32) -> String {
    format!(
        "Nothing was saved: decision {number} was made meanwhile and is about the same. Look at it, then save anyway or change yours."
    )
}

pub(crate) fn changed_sentence(decision: &Decision, zone: &Zone) -> String {
    format!(
        "{} ({}, {}: {})",
        sentence(decision, zone),
        isolated(&decision.made_by),
        zone.exact(decision.made_at),
        isolated(&decision.note)
    )
}

pub(crate) fn about(kind: EntityType, id: &str) -> String {
    format!("Only those about {} {}.", lower(entity::kind(kind)), isolated(id))
}

pub(crate) fn only(number: i32) -> String {
    format!("Only decision {number}.")
}

/// An offer, never what happens by itself.
pub(crate) fn take_away(units: i64) -> String {
    let count = Quantity::Count.text(Some(units as f64));
    if units == 1 {
        "Take the 1 unit of this span away".to_owned()
    } else {
        format!("Take the {count} units of this span away")
    }
}

/// The span that is corrected.
pub(crate) fn chosen_span(span: &str, length: &str) -> String {
    format!("{span} ({length})")
}

pub(crate) fn selected(count: usize) -> String {
    format!("{} chosen", Quantity::Count.text(Some(count as f64)))
}

pub(crate) fn state_option(kind: EntityType, state: EventType) -> &'static str {
    entity::state(kind, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;

    fn zone() -> Zone {
        Zone::fixed("UTC", 0)
    }

    fn span(from: &str, to: &str) -> Span {
        Span { from: Instant::parse(from).unwrap(), to: Instant::parse(to).unwrap() }
    }

    fn said(content: DecisionContent) -> String {
        let decision = Decision {
            number: 1,
            content,
            made_at: Instant(0),
            made_by: "anonymous".to_owned(),
            note: "n".to_owned(),
            withdrawn_by: None,
            events: 0,
            progress: Progress::Applied,
            revision: 1,
        };
        sentence(&decision, &zone())
    }

    fn of(ids: &[&str], state: Option<CorrectedState>, units: Option<i64>) -> Correction {
        Correction {
            kind: EntityType::Worker,
            ids: ids.iter().map(ToString::to_string).collect(),
            area: None,
            span: span("2026-01-05T08:30Z", "2026-01-05T08:50Z"),
            state,
            units,
        }
    }

    #[test]
    fn a_correction_says_who_did_what_when() {
        let told = |correction| said(DecisionContent::Correction(correction));
        let absent = Some(CorrectedState::Absent);
        let when = "Mon 5 Jan 2026, 08:30 to 08:50.";
        assert_eq!(told(of(&["W1"], absent, None)), format!("Worker W1: absent; {when}"));
        assert_eq!(told(of(&["W1"], None, Some(-1))), format!("Worker W1: 1 unit taken away; {when}"));
        assert_eq!(
            told(of(&["W1"], Some(CorrectedState::NotObserved), Some(3))),
            format!("Worker W1: not observed, 3 units added; {when}")
        );
        assert_eq!(
            told(of(&["W1", "W2", "W3", "W4", "W5"], absent, None)),
            format!("Workers W1, W2, W3 and 2 more: absent; {when}")
        );
        let area = Correction { area: Some("Line 2".to_owned()), ..of(&["W1", "W2"], absent, None) };
        assert_eq!(told(area), format!("All workers of Line 2 (2): absent; {when}"));
        let instant =
            Correction { span: span("2026-01-05T08:30Z", "2026-01-05T08:30Z"), ..of(&["W1"], None, Some(2)) };
        assert_eq!(told(instant), "Worker W1: 2 units added; Mon 5 Jan 2026, 08:30.");
    }

    #[test]
    fn the_other_decisions_say_what_counts() {
        let rule = StandingRule {
            standing: Standing::Shadow,
            source: None,
            model_version: Some("v2".to_owned()),
            is_without_model_version: false,
            from: None,
            to: None,
        };
        assert_eq!(
            said(DecisionContent::Standing(rule.clone())),
            "Events of model v2 are kept for comparison and do not count."
        );
        let from = Instant::parse("2026-01-05T08:10Z");
        let other = StandingRule {
            standing: Standing::Quarantined,
            source: Some("cam-1".to_owned()),
            model_version: None,
            is_without_model_version: true,
            from,
            ..rule
        };
        let to = Instant::parse("2026-01-05T09:10Z");
        let both = StandingRule { is_without_model_version: false, to, ..other.clone() };
        assert_eq!(
            said(DecisionContent::Standing(both)),
            "Events of source cam-1 are not trusted and do not count; starting Mon 5 Jan 2026, 08:10 to 09:10."
        );
        assert_eq!(
            said(DecisionContent::Standing(other)),
            "Events of source cam-1 and without a model version are not trusted and do not count; starting Mon 5 Jan 2026, 08:10 or later."
        );
        assert_eq!(said(DecisionContent::Withdrawal(3)), "Decision 3 is withdrawn.");
    }
}
