//! What became of a change of several.

use crate::words::people as words;
use dioxus::prelude::*;

/// What became of the last change.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    Ready,
    Saving,
    Saved(usize),
    Refused(String),
}

/// What became of a change, in words.
#[component]
pub(super) fn Said(stage: ReadSignal<Stage>) -> Element {
    let (told, refused) = match &*stage.read() {
        Stage::Ready => (String::new(), None),
        Stage::Saving => (words::SAVING.to_owned(), None),
        Stage::Saved(count) => (words::saved(*count), None),
        Stage::Refused(reason) => (String::new(), Some(reason.clone())),
    };
    rsx! {
        span { role: "status", "data-testid": "people-said", {told} }
        if let Some(refused) = refused {
            p { class: "notice notice-refused", role: "alert", "data-testid": "people-refused", {refused} }
        }
    }
}
