//! Why figures moved, cause by cause.

use super::figures::moved;
use crate::components::page_context::use_page_context;
use crate::model::{Cause, RestatedFigures, Restatement, Restatements};
use crate::pages::decisions::one::use_decision;
use crate::route::Address;
use crate::words::{decisions, moved as words};
use dioxus::prelude::*;
use domain::event::EntityType;

/// The most causes that are listed one by one, the latest: what a person reads.
const LISTED: usize = 20;

/// The causes in words, each once, with the number of a decision: the latest first.
pub(super) fn named(report: &Restatements) -> Vec<(String, Option<i32>)> {
    let mut named: Vec<(String, Option<i32>)> = Vec::new();
    for restatement in report.causes.iter().rev() {
        let name = words::cause(&restatement.cause);
        if named.iter().all(|(known, _)| *known != name) {
            let decision = if let Cause::Decision(number) = restatement.cause { Some(number) } else { None };
            named.push((name, decision));
        }
    }
    if let Some((count, _)) = report.earlier {
        named.push((words::earlier(count), None));
    }
    named
}

/// Every cause with what it changed, the latest first.
#[component]
pub(super) fn Causes(side: Option<EntityType>, report: Restatements) -> Element {
    let context = use_page_context();
    let zone = context.zone();
    let before = report.earlier.map_or(report.before, |(_, after)| after);
    let effects = effects(side, before, &report.causes);
    let unlisted =
        report.causes.len().saturating_sub(LISTED) as i64 + report.earlier.map_or(0, |(count, _)| count);
    rsx! {
        p { class: "moved-title", id: "moved-causes", {words::CAUSES} }
        ul { class: "moved-causes", aria_labelledby: "moved-causes",
            for (place , (restatement , effect)) in report.causes.iter().zip(effects).enumerate().rev().take(LISTED) {
                li { key: "{place}", "data-testid": "moved-cause",
                    time { datetime: restatement.at.to_rfc3339(), {zone.date_time(restatement.at)} }
                    span { class: "moved-cause",
                        match &restatement.cause {
                            Cause::Decision(number) => rsx! { DecisionCause { number: *number } },
                            cause => rsx! { {words::cause_title(cause)} },
                        }
                        if let Cause::LateEvents { device: Some(device), .. } = &restatement.cause {
                            ", {words::sent_by(device)}"
                        }
                    }
                    span { class: "moved-effect", {effect} }
                }
            }
            if unlisted > 0 {
                li { {words::earlier(unlisted)} }
            }
        }
    }
}

/// What each cause changed, in words.
fn effects(side: Option<EntityType>, mut before: RestatedFigures, causes: &[Restatement]) -> Vec<String> {
    let mut effect = |restatement: &Restatement| {
        let changed = moved(side, &before, &restatement.after);
        before = restatement.after;
        let told: Vec<String> =
            changed.iter().map(|shown| words::effect(shown.label, &shown.before, &shown.now)).collect();
        if told.is_empty() { words::NO_OTHER_FIGURE.to_owned() } else { told.join(", ") }
    };
    causes.iter().map(&mut effect).collect()
}

/// A decision: who made it, what it says, and why.
#[component]
fn DecisionCause(number: i32) -> Element {
    let context = use_page_context();
    let decision = use_decision(number);
    let sentence = decision.map(|decision| decisions::changed_sentence(&decision, &context.zone()));
    rsx! {
        Link { to: Address::decision(number, context.selection()), {decisions::number(number)} }
        if let Some(sentence) = sentence {
            ": {sentence}"
        }
    }
}
