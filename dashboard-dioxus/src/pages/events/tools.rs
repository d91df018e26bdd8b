use super::export::{Ended, Export};
use super::filter::Filter;
use super::list_state::ListState;
use super::names::Names;
use crate::api::use_client;
use crate::components::page_context::use_page_context;
use crate::lean::memo::Memo;
use crate::route::EventsAddress;
use crate::words::events as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// What becomes of an export.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Ready,
    /// So many events are there.
    Running(usize),
    Ended(Ended),
}

/// Holds the list, and saves all that passes its filter.
#[component]
pub(super) fn Tools(
    state: ListState,
    is_empty: bool,
    filter: Memo<Filter>,
    address: ReadSignal<EventsAddress>,
    names: ReadSignal<Rc<Names>>,
) -> Element {
    let is_still = state.is_still();
    let (stage, begin, cancel) = use_export(filter, address, names);
    rsx! {
        match stage() {
            Stage::Running(count) => rsx! {
                span { role: "status", "data-testid": "export-progress", "data-value": "{count}", {words::exporting(count)} }
                button { class: "button", r#type: "button", "data-testid": "export-cancel", onclick: move |_| cancel.call(()), {words::CANCEL} }
            },
            Stage::Ended(Ended::Saved { count, is_cut }) => rsx! {
                span { role: "status", "data-testid": "export-done", {words::exported(count, is_cut)} }
            },
            Stage::Ended(Ended::Failed(reason)) => rsx! {
                span { role: "alert", {reason} }
            },
            Stage::Ready | Stage::Ended(Ended::Cancelled) => rsx! {},
        }
        button {
            class: "button",
            r#type: "button",
            "data-testid": "feed-pause",
            aria_keyshortcuts: "Space",
            onclick: move |_| state.toggle_pause(),
            if is_still {
                {words::resume(state.held_back_count())}
            } else {
                {words::PAUSE}
            }
        }
        button {
            class: "button",
            r#type: "button",
            "data-testid": "events-csv",
            disabled: is_empty || matches!(stage(), Stage::Running(_)),
            onclick: move |_| begin.call(()),
            {words::EXPORT}
        }
    }
}

/// How far an export is, what begins it, and what ends it before its time.
fn use_export(
    filter: Memo<Filter>,
    address: ReadSignal<EventsAddress>,
    names: ReadSignal<Rc<Names>>,
) -> (Signal<Stage>, Callback<()>, Callback<()>) {
    let context = use_page_context();
    let client = use_client();
    let mut stage = use_signal(|| Stage::Ready);
    let mut is_cancelled = use_hook(|| CopyValue::new(false));
    let begin = use_callback(move |()| {
        let Some(choice) = context.factory_window() else { return };
        let export = Export {
            client,
            factory_id: choice.factory_id,
            window: address.peek().selection.window.to_string(),
            filter: filter.peek().input(),
            names: Rc::clone(&names.peek()),
            zone: context.zone(),
        };
        is_cancelled.set(false);
        stage.set(Stage::Running(0));
        spawn(async move {
            let ended = export.run(|count| {
                stage.set(Stage::Running(count));
                !*is_cancelled.peek()
            });
            let ended = ended.await;
            stage.set(Stage::Ended(ended));
        });
    });
    let cancel = use_callback(move |()| is_cancelled.set(true));
    (stage, begin, cancel)
}
