use super::withdraw::Withdraw;
use crate::components::metric_table::TEXT;
use crate::components::returned_focus::use_returned_focus;
use crate::lean::letter_case::lower;
use crate::lean::zone::Zone;
use crate::model::{Decision, DecisionContent};
use crate::route::{Address, Selection};
use crate::words::decisions as words;
use crate::words::quantity::Quantity;
use dioxus::prelude::*;

/// One decision, and the way to take it back.
#[component]
pub(super) fn DecisionRow(decision: Decision, zone: Zone, selection: Selection) -> Element {
    let Decision { number, withdrawn_by, events, .. } = decision;
    let is_withdrawal = matches!(decision.content, DecisionContent::Withdrawal(_));
    let focus = use_returned_focus();
    let mut is_open = use_signal(|| false);
    rsx! {
        tr {
            class: if withdrawn_by.is_some() { "decision decision-withdrawn" } else { "decision" },
            "data-testid": "decision-{number}",
            th { scope: "row", class: "decision-number",
                Link { to: Address::decision(number, selection.clone()), aria_label: words::number(number), "{number}" }
            }
            td { class: TEXT, "data-field": "what",
                span { class: "decision-what", {words::sentence(&decision, &zone)} }
                {whom(&decision, &selection)}
                if let Some(progress) = words::progress(&decision, &zone) {
                    p { class: "decision-progress", "data-testid": "progress-{number}", {progress} }
                }
            }
            td { class: TEXT, "data-field": "note", {decision.note.clone()} }
            td { class: TEXT, "data-field": "by", {decision.made_by.clone()} }
            td { class: TEXT, "data-field": "at",
                time { datetime: decision.made_at.to_rfc3339(), {zone.date_time(decision.made_at)} }
            }
            td { "data-field": "events", "data-value": events, {Quantity::Count.text(Some(events as f64))} }
            td { class: TEXT, "data-field": "force",
                if let Some(by) = withdrawn_by {
                    Link { to: Address::decision(by, selection), {words::withdrawn_by(by)} }
                } else if !is_withdrawal {
                    button {
                        class: "button",
                        r#type: "button",
                        "data-testid": "withdraw-{number}",
                        aria_label: words::withdraw(number),
                        aria_expanded: is_open(),
                        onmounted: move |event| focus.mounted(event.data()),
                        onclick: move |_| is_open.toggle(),
                        {words::WITHDRAW}
                    }
                }
            }
        }
        if is_open() && withdrawn_by.is_none() {
            tr { class: "decision-form-row",
                td { colspan: 7,
                    Withdraw {
                        number,
                        onclose: move |()| {
                            is_open.set(false);
                            focus.take();
                        },
                    }
                }
            }
        }
    }
}

/// The ways to the pages of those whom it names, or to the decision that it takes back.
fn whom(decision: &Decision, selection: &Selection) -> Element {
    let entity = match &decision.content {
        DecisionContent::Correction(correction) => match &*correction.ids {
            [id] => Some((correction.kind, id.clone())),
            _ => None,
        },
        DecisionContent::Retraction(retraction) => Some((retraction.kind, retraction.id.clone())),
        DecisionContent::Standing(_) | DecisionContent::Withdrawal(_) => None,
    };
    let to = match (entity, &decision.content) {
        (Some((kind, id)), _) => Some((Address::entity(kind, &id, selection.clone()), id)),
        (None, DecisionContent::Withdrawal(number)) => {
            Some((Address::decision(*number, selection.clone()), lower(&words::number(*number))))
        }
        _ => None,
    };
    rsx! {
        if let Some((to, name)) = to {
            " "
            Link { class: "decision-whom", to, {words::go_to(&name)} }
        }
    }
}
