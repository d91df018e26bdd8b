//! What people decided about reports, and the forms by which they decide.

mod affected;
mod confirm;
pub(crate) mod correction;
mod decider;
mod figures;
mod filter_bar;
mod list;
pub(crate) mod one;
mod retraction;
mod row;
mod rule;
pub(crate) mod several;
mod span_fields;
mod state_field;
#[cfg(test)]
mod tests;
mod withdraw;

use crate::components::page_title::PageTitle;
use crate::components::returned_focus::use_returned_focus;
use crate::route::{Address, DecisionsAddress};
use crate::words::{decisions as words, rules};
use dioxus::prelude::*;
use filter_bar::FilterBar;
use list::DecisionList;
use retraction::RetractionForm;
use rule::RuleForm;

/// What can be decided on the page itself.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Rule,
    Retraction,
}

impl Form {
    const ALL: [Self; 2] = [Self::Rule, Self::Retraction];

    fn testid(self) -> &'static str {
        match self {
            Self::Rule => "add-rule",
            Self::Retraction => "retract-event",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Rule => rules::ADD,
            Self::Retraction => rules::RETRACT,
        }
    }
}

/// The decisions that the address names, the latest first.
#[component]
pub(crate) fn Decisions(address: ReadSignal<DecisionsAddress>) -> Element {
    let DecisionsAddress { selection, of, id, number, .. } = address();
    let about = of.filter(|_| !id.is_empty()).map(|kind| words::about(kind, &id));
    let only = number.and_then(|number| i32::try_from(number).ok()).map(words::only);
    let mut open = use_signal(|| None::<Form>);
    let focuses = [use_returned_focus(), use_returned_focus()];
    let mut close = move |form: Form| {
        open.set(None);
        focuses[form as usize].take();
    };
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
            for form in Form::ALL {
                button {
                    key: "{form.testid()}",
                    class: "button",
                    r#type: "button",
                    "data-testid": form.testid(),
                    aria_expanded: open() == Some(form),
                    onmounted: move |event| focuses[form as usize].mounted(event.data()),
                    onclick: move |_| open.set(if open() == Some(form) { None } else { Some(form) }),
                    {form.label()}
                }
            }
        }
        match open() {
            Some(Form::Rule) => rsx! { RuleForm { onclose: move |()| close(Form::Rule) } },
            Some(Form::Retraction) => rsx! { RetractionForm { onclose: move |()| close(Form::Retraction) } },
            None => VNode::empty(),
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
