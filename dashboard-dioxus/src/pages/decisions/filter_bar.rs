use crate::model::{DECISION_KINDS, Slug, by_slug};
use crate::route::{DecisionsAddress, FORCES, Force, go_to};
use crate::words::decisions as words;
use dioxus::prelude::*;

/// Which decisions are listed. Whatever is chosen is in the address.
#[component]
pub(super) fn FilterBar(address: ReadSignal<DecisionsAddress>) -> Element {
    let change = move |change: &dyn Fn(&mut DecisionsAddress)| {
        let mut to = address.peek().clone();
        change(&mut to);
        go_to(to.into());
    };
    let DecisionsAddress { kind, force, .. } = address();
    rsx! {
        div { class: "decision-tools",
            label {
                span { {words::KIND} }
                select {
                    class: "field",
                    "data-testid": "decisions-kind",
                    onchange: move |event| change(&|to| to.kind = by_slug(&DECISION_KINDS, &event.value())),
                    option { value: "", selected: kind.is_none(), {words::ANY} }
                    for one in DECISION_KINDS {
                        option { key: "{one.slug()}", value: one.slug(), selected: kind == Some(one), {words::kind(one)} }
                    }
                }
            }
            label {
                span { {words::FORCE} }
                select {
                    class: "field",
                    "data-testid": "decisions-force",
                    onchange: move |event| change(&|to| to.force = by_slug(&FORCES, &event.value())),
                    option { value: "", selected: force.is_none(), {words::ANY} }
                    for one in FORCES {
                        option { key: "{one.slug()}", value: one.slug(), selected: force == Some(one), {words::force(one == Force::InForce)} }
                    }
                }
            }
        }
    }
}
