//! The form that makes a rule on which events count.

use super::affected::Affected;
use super::confirm::Confirm;
use super::decider::{Outcome, use_decider};
use super::span_fields::EndField;
use super::withdraw::Note;
use crate::api::operation::DecisionInput;
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::lean::instant::Instant;
use crate::model::{DecisionContent, StandingRule};
use crate::words::{decisions, rules as words};
use dioxus::prelude::*;
use domain::timeline::Standing;

/// The model versions that a rule is about, by the names of the options.
const ALL: &str = "all";
const ONE: &str = "one";
const WITHOUT: &str = "without";

/// What a rule can say, with the names of the options: what is not trusted is met most.
const STANDINGS: [(&str, Standing); 3] =
    [("quarantined", Standing::Quarantined), ("shadow", Standing::Shadow), ("serving", Standing::Serving)];

/// Makes a rule in two steps: what it says, and a look at what it is about.
#[component]
pub(super) fn RuleForm(onclose: EventHandler<()>) -> Element {
    let context = use_page_context();
    let decider = use_decider();
    let mut standing = use_signal(|| None::<Standing>);
    let source = use_signal(String::new);
    let mut versions = use_signal(|| ALL);
    let version = use_signal(String::new);
    let ends = use_signal(|| [None::<Instant>; 2]);
    let mut note = use_signal(String::new);
    let mut is_checked = use_signal(|| false);
    let rule = move || {
        let named =
            |text: Signal<String>| Some(text.read().trim().to_owned()).filter(|text| !text.is_empty());
        let [from, to] = ends();
        let model_version = if versions() == ONE { Some(named(version)?) } else { None };
        let is_forward = from.zip(to).is_none_or(|(from, to)| from < to);
        is_forward.then_some(StandingRule {
            standing: standing()?,
            source: named(source),
            model_version,
            is_without_model_version: versions() == WITHOUT,
            from,
            to,
        })
    };
    let save = use_callback(move |()| {
        let Some(rule) = rule() else { return };
        let onmade = EventHandler::new(move |_| {
            is_checked.set(false);
            standing.set(None);
            note.set(String::new());
        });
        decider.decide(DecisionInput::Standing((&rule).into()), &note.peek(), onmade);
    });
    let is_backwards = matches!(ends(), [Some(from), Some(to)] if from >= to);
    let is_complete = rule().is_some() && !note.read().trim().is_empty();
    let checked = rule().filter(|_| is_checked());
    let in_zone = |label| crate::words::events::in_zone(label, context.zone().name());
    rsx! {
        PanelFrame { title: words::RULE,
            form {
                class: "decision-form",
                aria_label: words::RULE,
                "data-testid": "rule",
                onsubmit: move |event| {
                    event.prevent_default();
                    if is_complete {
                        decider.clear();
                        is_checked.set(true);
                    }
                },
                if let Some(rule) = checked {
                    Confirm {
                        decider,
                        sentence: decisions::content(&DecisionContent::Standing(rule.clone()), &context.zone()),
                        onsave: save,
                        onback: move |()| is_checked.set(false),
                        Affected { rule }
                    }
                } else {
                    p { class: "page-note", {words::NOTE} }
                    div { class: "decision-fields",
                        label {
                            span { {words::STANDING} }
                            select {
                                class: "field",
                                "data-testid": "rule-standing",
                                required: true,
                                onmounted: move |event| async move {
                                    // What is gone again cannot take the focus.
                                    _ = event.set_focus(true).await;
                                },
                                onchange: move |event| {
                                    let chosen = STANDINGS.into_iter().find(|(slug, _)| *slug == event.value());
                                    standing.set(chosen.map(|(_, chosen)| chosen));
                                },
                                option { value: "", selected: standing().is_none(), {decisions::CHOOSE} }
                                for (slug , one) in STANDINGS {
                                    option { key: "{slug}", value: slug, selected: standing() == Some(one), {words::standing(one)} }
                                }
                            }
                        }
                    }
                    div { class: "decision-fields",
                        {text(words::SOURCE, "rule-source", source)}
                        label {
                            span { {words::VERSIONS} }
                            select {
                                class: "field",
                                "data-testid": "rule-versions",
                                onchange: move |event| {
                                    let known = [ALL, ONE, WITHOUT].into_iter().find(|known| *known == event.value());
                                    versions.set(known.unwrap_or(ALL));
                                },
                                for (slug , name) in [(ALL, words::ALL_VERSIONS), (ONE, words::ONE_VERSION), (WITHOUT, words::NO_VERSION)] {
                                    option { key: "{slug}", value: slug, selected: versions() == slug, {name} }
                                }
                            }
                        }
                        if versions() == ONE {
                            {text(words::VERSION, "rule-version", version)}
                        }
                    }
                    div { class: "decision-span",
                        for (end , (label , testid)) in [(words::FROM, "rule-from"), (words::TO, "rule-to")].into_iter().enumerate() {
                            EndField {
                                key: "{testid}",
                                label: in_zone(label),
                                testid,
                                value: ends()[end],
                                onchange: move |at| {
                                    let mut ends = ends;
                                    ends.write()[end] = at;
                                },
                            }
                        }
                    }
                    if is_backwards {
                        p { class: "decision-chosen", role: "status", {decisions::NO_SPAN} }
                    }
                    Note { note, testid: "rule-note" }
                    div { class: "decision-buttons",
                        button { class: "button", r#type: "submit", "data-testid": "rule-check", disabled: !is_complete, {words::CHECK} }
                        button { class: "button", r#type: "button", "data-testid": "rule-close", onclick: move |_| onclose.call(()), {decisions::CLOSE} }
                    }
                }
                Outcome { decider, onagain: save }
            }
        }
    }
}

/// A field for an id; none is written in it that a browser would correct.
pub(super) fn text(label: &'static str, testid: &'static str, mut value: Signal<String>) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type: "text",
                "data-testid": testid,
                autocomplete: "off",
                spellcheck: "false",
                maxlength: "64",
                value: "{value}",
                oninput: move |event| value.set(event.value()),
            }
        }
    }
}
