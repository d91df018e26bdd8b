use crate::components::explained::Explained;
use crate::components::page_context::use_page_context;
use crate::model::Finality;
use crate::words::finality as words;
use dioxus::prelude::*;

/// Whether the figures beside it will stay as they are, and on hover and focus why they may not. Until that is known its place
/// is empty, so that nothing moves when it is.
#[component]
pub(crate) fn FinalityMark(finality: Option<Finality>) -> Element {
    let context = use_page_context();
    let Some(finality) = finality else {
        return rsx! {
            span { class: "finality finality-unknown", aria_hidden: "true", {words::PROVISIONAL} }
        };
    };
    let (state, word) = named(&finality);
    rsx! {
        span { class: "finality", "data-testid": "finality", "data-state": state,
            Explained { how: words::how(&finality, &context.zone()), {word} }
        }
    }
}

/// The same for a screen that nobody points at: the reasons stand beside the word.
#[component]
pub(crate) fn FinalityLine(finality: Option<Finality>) -> Element {
    let context = use_page_context();
    let Some(finality) = finality else { return VNode::empty() };
    let (state, word) = named(&finality);
    let reasons = words::reasons(&finality, &context.zone());
    rsx! {
        p { class: "finality", "data-testid": "finality", "data-state": state,
            b { {word} }
            if !reasons.is_empty() {
                " {reasons}"
            }
        }
    }
}

/// What stylesheets and tests call it, and what people do.
fn named(finality: &Finality) -> (&'static str, &'static str) {
    if finality.is_final { ("final", words::FINAL) } else { ("provisional", words::PROVISIONAL) }
}
