//! The form that corrects a span of several at once: of all in an area, or of those who are chosen.

use super::correction::Said;
use super::decider::{Outcome, Stage, use_decider};
use super::span_fields::SpanFields;
use super::state_field::StateField;
use super::withdraw::Note;
use crate::api::Answer;
use crate::api::operation::{CorrectionInput, DecisionInput, Who};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::sorted_map::SortedMap;
use crate::live::clock::now_ms;
use crate::model::{ENTITY_TYPES, EntityName, Slug, Span, by_slug};
use crate::words::{decisions as words, entity, time};
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::event::EntityType;

/// How long the span is that is proposed.
const PROPOSED_MS: i64 = 20 * MS_PER_MINUTE;

/// What the form needs to know, handed over to the part of the program that it belongs to.
#[derive(Clone, PartialEq)]
pub(crate) struct SeveralView {
    pub(crate) names: Answer<Vec<EntityName>>,
    pub(crate) areas: Memo<Vec<String>>,
    /// The area that is looked at.
    pub(crate) area: Option<String>,
    pub(crate) onclose: EventHandler<()>,
}

/// Corrects a span of several in one decision.
#[component]
pub(crate) fn SeveralForm(view: SeveralView) -> Element {
    let SeveralView { names, areas, area, onclose } = view;
    let context = use_page_context();
    let decider = use_decider();
    let mut kind = use_signal(|| EntityType::Worker);
    let mut is_of_area = use_signal(|| true);
    let mut chosen_area = use_signal(|| area);
    let mut chosen = use_signal(SortedMap::<String, ()>::default);
    let span = use_signal(|| Some(proposed(Instant::from_ms(now_ms()))));
    let said = use_signal(|| Said::Nothing);
    let mut note = use_signal(String::new);
    let listed = use_memo(move || {
        names
            .with(|names| names.iter().filter(|one| one.kind == kind()).cloned().collect::<Vec<_>>())
            .unwrap_or_default()
    });
    let area_now = move || chosen_area().or_else(|| areas.read().first().cloned());
    let who = move || {
        if is_of_area() {
            area_now().map(Who::Area)
        } else {
            let ids: Vec<String> = chosen.read().iter().map(|(id, ())| id.clone()).collect();
            if ids.is_empty() { None } else { Some(Who::Ids(ids)) }
        }
    };
    let save = use_callback(move |()| {
        let (Some(Span { from, to }), Said::State(state), Some(who)) = (*span.peek(), *said.peek(), who())
        else {
            return;
        };
        let input =
            CorrectionInput { entity_type: *kind.peek(), who, from, to, state: Some(state), units: None };
        decider.decide(
            DecisionInput::Correction(input),
            &note.peek(),
            EventHandler::new(move |_| note.set(String::new())),
        );
    });
    let is_forward = span().is_some_and(|span| span.from < span.to);
    let is_complete =
        is_forward && matches!(said(), Said::State(_)) && who().is_some() && !note.read().trim().is_empty();
    let made = if let Stage::Made(decision) = &*decider.stage.read() {
        Some(words::sentence(decision, &context.zone()))
    } else {
        None
    };
    let zone = context.zone();
    rsx! {
        PanelFrame { title: words::SEVERAL,
            form {
                class: "decision-form",
                aria_label: words::SEVERAL,
                "data-testid": "several",
                onsubmit: move |event| {
                    event.prevent_default();
                    save(());
                },
                div { class: "decision-fields",
                    label {
                        span { {words::OF_WHOM} }
                        select {
                            class: "field",
                            "data-testid": "several-kind",
                            onmounted: move |event| async move {
                                // What is gone again cannot take the focus.
                                _ = event.set_focus(true).await;
                            },
                            onchange: move |event| {
                                kind.set(by_slug(&ENTITY_TYPES, &event.value()).unwrap_or(EntityType::Worker));
                                chosen.set(SortedMap::default());
                            },
                            for one in ENTITY_TYPES {
                                option { key: "{one.slug()}", value: one.slug(), selected: kind() == one, {entity::kinds(one)} }
                            }
                        }
                    }
                    label {
                        span { {words::WHICH} }
                        select {
                            class: "field",
                            "data-testid": "several-which",
                            onchange: move |event| is_of_area.set(event.value() == AREA),
                            option { value: AREA, selected: is_of_area(), {words::ALL_OF_AREA} }
                            option { value: CHOSEN, selected: !is_of_area(), {words::CHOSEN} }
                        }
                    }
                    if is_of_area() && !areas.read().is_empty() {
                        label {
                            span { {words::AREA} }
                            select {
                                class: "field",
                                "data-testid": "several-area",
                                onchange: move |event| chosen_area.set(Some(event.value())),
                                for one in areas.read().iter() {
                                    option { key: "{one}", value: "{one}", selected: area_now().as_ref() == Some(one), "{one}" }
                                }
                            }
                        }
                    }
                }
                if is_of_area() && areas.read().is_empty() {
                    p { class: "page-note", {words::NO_AREAS} }
                }
                if !is_of_area() {
                    fieldset { class: "decision-ids",
                        legend { {words::selected(chosen.read().len())} }
                        for EntityName { id , name , .. } in listed.read().iter().cloned() {
                            label { key: "{id}", class: "decision-id",
                                input {
                                    r#type: "checkbox",
                                    "data-testid": "several-{id}",
                                    checked: chosen.read().get(&id).is_some(),
                                    onchange: {
                                        let id = id.clone();
                                        move |_| {
                                            let mut chosen = chosen.write();
                                            if chosen.remove(&id).is_none() {
                                                chosen.insert(id.clone(), ());
                                            }
                                        }
                                    },
                                }
                                span {
                                    if let Some(name) = name {
                                        "{name} "
                                        span { class: "entity-id", "{id}" }
                                    } else {
                                        "{id}"
                                    }
                                }
                            }
                        }
                    }
                }
                SpanFields { span }
                p { class: "decision-chosen", role: "status",
                    if !is_forward {
                        {words::NO_SPAN}
                    } else if let Some(Span { from, to }) = span() {
                        {words::chosen_span(&zone.span(from, to), &time::length(to.ms() - from.ms()))}
                    }
                }
                div { class: "decision-fields",
                    StateField { kind: kind(), said, has_units_only: false }
                }
                Note { note, testid: "several-note" }
                div { class: "decision-buttons",
                    button {
                        class: "button",
                        r#type: "submit",
                        "data-testid": "several-save",
                        disabled: !is_complete || !decider.is_ready(),
                        {words::SAVE}
                    }
                    button { class: "button", r#type: "button", "data-testid": "several-close", onclick: move |_| onclose.call(()), {words::CLOSE} }
                }
                if let Some(made) = made {
                    p { "data-testid": "several-made", {made} }
                }
                Outcome { decider, onagain: save }
            }
        }
    }
}

const AREA: &str = "area";
const CHOSEN: &str = "chosen";

/// The last whole steps of the grid before an instant.
fn proposed(now: Instant) -> Span {
    let to = now.0 - now.0.rem_euclid(BUCKET_MS);
    Span { from: Instant(to - PROPOSED_MS), to: Instant(to) }
}
