//! The form that retracts an event: found by whose it is and when it started.

use super::confirm::Confirm;
use super::decider::{Outcome, use_decider};
use super::rule::text;
use super::span_fields::SpanFields;
use super::withdraw::Note;
use crate::api::operation::{DecisionInput, EventFilter, Events, events};
use crate::api::{Panel, use_query};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::lean::instant::Instant;
use crate::lean::memo::use_memo;
use crate::live::clock::now_ms;
use crate::model::{DecisionContent, ENTITY_TYPES, Retraction, SeenEvent, Slug, Span, by_slug};
use crate::words::{decisions, entity, rules as words};
use dioxus::prelude::*;
use domain::MS_PER_HOUR;
use domain::bucket::BUCKET_MS;
use domain::event::EntityType;

/// How many events are listed to choose from.
const LISTED: i64 = 50;

/// Retracts one event in two steps: which, and a look at what is retracted with it.
#[component]
pub(super) fn RetractionForm(onclose: EventHandler<()>) -> Element {
    let context = use_page_context();
    let decider = use_decider();
    let mut kind = use_signal(|| EntityType::Worker);
    let id = use_signal(String::new);
    let span = use_signal(|| Some(last_hour(Instant::from_ms(now_ms()))));
    let mut chosen = use_signal(|| None::<Retraction>);
    let mut note = use_signal(String::new);
    let mut is_checked = use_signal(|| false);
    let asked = use_memo(move || {
        let id = id.read().trim().to_owned();
        let span = span().filter(|span| span.from < span.to && !id.is_empty())?;
        Some((kind(), id, span))
    });
    let answer = use_query::<Events>(move || {
        let (kind, id, Span { from, to }) = asked()?;
        let filter = EventFilter {
            entity_type: Some(kind),
            entity_id: Some(id),
            event_type: None,
            source_id: None,
            from: Some(from),
            to: Some(to),
            max_confidence: None,
            model_version: None,
        };
        let factory_id = context.factory_window()?.factory_id;
        Some(events::Variables { factory_id, filter: Some(filter), first: LISTED, after: None })
    });
    // Another question has other events.
    use_effect(move || {
        asked.read();
        chosen.set(None);
        is_checked.set(false);
    });
    let save = use_callback(move |()| {
        let Some(retraction) = chosen.peek().clone() else { return };
        let onmade = EventHandler::new(move |_| {
            is_checked.set(false);
            chosen.set(None);
            note.set(String::new());
        });
        decider.decide(DecisionInput::Retraction((&retraction).into()), &note.peek(), onmade);
    });
    let is_complete = chosen.read().is_some() && !note.read().trim().is_empty();
    let checked = chosen().filter(|_| is_checked());
    let zone = context.zone();
    rsx! {
        PanelFrame { title: words::RETRACT,
            form {
                class: "decision-form",
                aria_label: words::RETRACT,
                "data-testid": "retraction",
                onsubmit: move |event| {
                    event.prevent_default();
                    if is_complete {
                        decider.clear();
                        is_checked.set(true);
                    }
                },
                if let Some(retraction) = checked {
                    Confirm {
                        decider,
                        sentence: decisions::content(&DecisionContent::Retraction(retraction.clone()), &zone),
                        onsave: save,
                        onback: move |()| is_checked.set(false),
                        {words::readings(answer.with(|page| page.events.iter().filter(|event| fact(event) == retraction).count()).unwrap_or(1))}
                    }
                } else {
                    p { class: "page-note", {words::RETRACT_NOTE} }
                    div { class: "decision-fields",
                        label {
                            span { {words::OF} }
                            select {
                                class: "field",
                                "data-testid": "retraction-kind",
                                onmounted: move |event| async move {
                                    // What is gone again cannot take the focus.
                                    _ = event.set_focus(true).await;
                                },
                                onchange: move |event| kind.set(by_slug(&ENTITY_TYPES, &event.value()).unwrap_or(EntityType::Worker)),
                                for one in ENTITY_TYPES {
                                    option { key: "{one.slug()}", value: one.slug(), selected: kind() == one, {entity::kind(one)} }
                                }
                            }
                        }
                        {text(words::ID, "retraction-id", id)}
                    }
                    SpanFields { span }
                    match &*answer.read() {
                        _ if asked.read().is_none() => rsx! { p { class: "page-note", {words::CHOOSE_ID} } },
                        Panel::Waiting => rsx! { p { class: "page-note" } },
                        Panel::Refused(reason) => rsx! { p { class: "notice notice-outdated", {reason.clone()} } },
                        Panel::Showing(page) if page.events.is_empty() => rsx! { p { class: "page-note", role: "status", {words::NO_EVENTS} } },
                        Panel::Showing(page) => rsx! {
                            fieldset { class: "decision-ids retraction-events",
                                legend { {words::EVENT} }
                                for event in page.events.iter().cloned() {
                                    label { key: "{event.key()}", class: "decision-id",
                                        input {
                                            r#type: "radio",
                                            name: "retraction-event",
                                            "data-testid": "retraction-event",
                                            checked: *chosen.read() == Some(fact(&event)),
                                            onchange: {
                                                let fact = fact(&event);
                                                move |_| chosen.set(Some(fact.clone()))
                                            },
                                        }
                                        span { {words::event(&event, &zone)} }
                                    }
                                }
                            }
                            if page.next.is_some() {
                                p { class: "page-note", {words::MORE_EVENTS} }
                            }
                        },
                    }
                    Note { note, testid: "retraction-note" }
                    div { class: "decision-buttons",
                        button { class: "button", r#type: "submit", "data-testid": "retraction-check", disabled: !is_complete, {words::CHECK} }
                        button { class: "button", r#type: "button", "data-testid": "retraction-close", onclick: move |_| onclose.call(()), {decisions::CLOSE} }
                    }
                }
                Outcome { decider, onagain: save }
            }
        }
    }
}

/// What a retraction of an event names: all readings of the same.
fn fact(event: &SeenEvent) -> Retraction {
    Retraction {
        kind: event.kind,
        id: event.entity_id.clone(),
        state: event.state,
        at: event.timestamp,
        event_id: event.event_id.clone(),
        form: event.form(),
    }
}

/// The hour before an instant, and what of the step of the grid that holds it has begun.
fn last_hour(now: Instant) -> Span {
    let to = now.0 - now.0.rem_euclid(BUCKET_MS) + BUCKET_MS;
    Span { from: Instant(to - MS_PER_HOUR), to: Instant(to) }
}
