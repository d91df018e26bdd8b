//! What people decided about reports, and the forms by which they decide.

pub(crate) mod correction;
mod decider;
mod figures;
mod filter_bar;
mod list;
pub(crate) mod one;
mod row;
pub(crate) mod several;
mod span_fields;
mod state_field;
#[cfg(test)]
mod tests;
mod withdraw;

use crate::components::page_title::PageTitle;
use crate::route::{Address, DecisionsAddress};
use crate::words::decisions as words;
use dioxus::prelude::*;
use filter_bar::FilterBar;
use list::DecisionList;

/// The decisions that the address names, the latest first.
#[component]
pub(crate) fn Decisions(address: ReadSignal<DecisionsAddress>) -> Element {
    let DecisionsAddress { selection, of, id, number, .. } = address();
    let about = of.filter(|_| !id.is_empty()).map(|kind| words::about(kind, &id));
    let only = number.and_then(|number| i32::try_from(number).ok()).map(words::only);
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
        }
        if let Some(restricted) = only.clone().or(about) {
            p { class: "page-note", "data-testid": "decisions-of",
                {restricted}
                " "
                Link { to: Address::from(DecisionsAddress { selection, ..DecisionsAddress::default() }), {words::SHOW_ALL} }
            }
        }
        if only.is_none() {
            FilterBar { address }
        }
        // Another question is another list, with nothing left of the one before.
        for question in [address.read().to_string()] {
            DecisionList { key: "{question}", address }
        }
    }
}
