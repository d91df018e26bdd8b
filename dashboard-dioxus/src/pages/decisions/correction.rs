//! The form that corrects a span of one worker or workstation.

use super::decider::{Outcome, Stage, use_decider};
use super::figures::{Figures, use_span, use_span_while};
use super::span_fields::SpanFields;
use super::state_field::StateField;
use super::withdraw::Note;
use crate::api::Panel;
use crate::api::operation::{CorrectionInput, DecisionInput, Who};
use crate::components::metric_cell::raw;
use crate::components::page_context::use_page_context;
use crate::lean::memo::Memo;
use crate::model::{Decision, Progress, Span};
use crate::words::decisions as words;
use crate::words::quantity::Quantity;
use crate::words::{figure, time};
use dioxus::prelude::*;
use domain::event::{EntityType, EventType};
use domain::timeline::CorrectedState;

/// What the form corrects, handed over to the part of the program that it belongs to.
#[derive(Clone, PartialEq)]
pub(crate) struct CorrectionView {
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    /// Chosen on the timeline or typed.
    pub(crate) span: Signal<Option<Span>>,
    /// Another number whenever the figures may have changed.
    pub(crate) moved: Memo<Option<i64>>,
    pub(crate) onclose: EventHandler<()>,
}

/// What is said of a span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Said {
    /// Nothing yet.
    Nothing,
    /// What was done.
    State(CorrectedState),
    /// That it was as reported; only units change.
    UnitsOnly,
}

impl Said {
    fn state(self) -> Option<CorrectedState> {
        if let Self::State(state) = self { Some(state) } else { None }
    }
}

/// Corrects a span: what it was, how many units to add or to take away, and why.
#[component]
pub(crate) fn CorrectionForm(view: CorrectionView) -> Element {
    let CorrectionView { kind, id, mut span, moved, onclose } = view;
    let context = use_page_context();
    let decider = use_decider();
    let mut said = use_signal(|| Said::Nothing);
    let mut units = use_signal(String::new);
    let mut note = use_signal(String::new);
    // The figures as they were told when the correction was saved.
    let mut saved = use_signal(|| None::<(Option<Figures>, Option<Figures>)>);
    let made = move || {
        if let Stage::Made(decision) = &*decider.stage.read() { Some(decision.clone()) } else { None }
    };
    let asked = use_span(kind, &id, use_span_while(span, move || made().is_none()), move || *moved.read());
    let confirmed = use_span(kind, &id, use_span_while(span, move || made().is_some()), || None);
    // Another span is another correction.
    use_effect(move || {
        span.read();
        let mut stage = decider.stage;
        if saved.peek().is_some() {
            saved.set(None);
            said.set(Said::Nothing);
            units.set(String::new());
            note.set(String::new());
        }
        if *stage.peek() != Stage::Ready && !matches!(&*stage.peek(), Stage::Saving | Stage::SentAgain) {
            stage.set(Stage::Ready);
        }
    });
    let unit_change = move || units.read().trim().parse::<i64>().unwrap_or_default();
    let figures = match (span().filter(|span| span.from < span.to), saved()) {
        (None, _) => Panel::Waiting,
        (Some(_), Some((before, after))) => Panel::Showing((before, after)),
        (Some(span), None) => match asked.figures(span, 0) {
            Panel::Waiting => Panel::Waiting,
            Panel::Refused(reason) => Panel::Refused(reason),
            Panel::Showing(before) => {
                let is_said = said() != Said::Nothing;
                let after = is_said.then(|| asked.corrected(span, said().state(), unit_change())).flatten();
                Panel::Showing((before, after))
            }
        },
    };
    let answered = made()
        .filter(is_applied)
        .zip(span())
        .map(|(decision, span)| confirmed.figures(span, decision.revision));
    let counted = figures.shown().and_then(|(before, _)| before.and_then(|before| before.units));
    let now = figures.shown().copied();
    let save = use_callback(move |()| {
        let Some(Span { from, to }) = *span.peek() else { return };
        let units = units.peek().trim().parse().ok().filter(|units| *units != 0);
        let who = Who::Ids(vec![id.clone()]);
        let state = said.peek().state();
        let input = CorrectionInput { entity_type: kind, who, from, to, state, units };
        let shown = now.unwrap_or_default();
        let onmade = EventHandler::new(move |_: Decision| saved.set(Some(shown)));
        decider.decide(DecisionInput::Correction(input), &note.peek(), onmade);
    });
    let zone = context.zone();
    let is_empty = span()
        .is_some_and(|span| span.from >= span.to && !(span.from == span.to && said() == Said::UnitsOnly));
    let is_complete = span().is_some()
        && !is_empty
        && !note.read().trim().is_empty()
        && match said() {
            Said::Nothing => false,
            Said::State(_) => true,
            Said::UnitsOnly => unit_change() != 0,
        };
    let is_made = made().is_some();
    rsx! {
        form {
            class: "decision-form",
            aria_label: words::CORRECTION,
            "data-testid": "correction",
            onsubmit: move |event| {
                event.prevent_default();
                save(());
            },
            p { class: "page-note", {words::CHOOSE_SPAN} }
            SpanFields { span }
            p { class: "decision-chosen", role: "status", "data-testid": "correction-span",
                if is_empty {
                    {words::NO_SPAN}
                } else if let Some(Span { from, to }) = span() {
                    {words::chosen_span(&zone.span(from, to), &time::length(to.ms() - from.ms()))}
                }
            }
            div { class: "decision-fields",
                StateField { kind, said, has_units_only: true, is_disabled: is_made }
                label {
                    span { {words::UNITS} }
                    input {
                        class: "field",
                        r#type: "number",
                        "data-testid": "correction-units",
                        step: "1",
                        min: "-1000000",
                        max: "1000000",
                        disabled: is_made,
                        value: "{units}",
                        oninput: move |event| units.set(event.value()),
                    }
                }
                if let Some(counted) = counted.filter(|counted| *counted > 0 && !is_made) {
                    button {
                        class: "button",
                        r#type: "button",
                        "data-testid": "correction-take-units",
                        onclick: move |_| units.set((-counted).to_string()),
                        {words::take_away(counted)}
                    }
                }
            }
            match figures {
                Panel::Refused(reason) => rsx! { p { class: "notice notice-outdated", {reason} } },
                Panel::Showing((None, _)) => rsx! { p { class: "page-note", {words::NO_FIGURES} } },
                Panel::Showing((Some(before), after)) => rsx! {
                    {table(kind, Some(before), after, answered.and_then(|answered| answered.shown().copied().flatten()))}
                    if before.units.is_none() {
                        p { class: "page-note", {words::UNITS_OFF_GRID} }
                    }
                },
                // Where the figures will be, so that nothing moves away from under a hand.
                Panel::Waiting => rsx! {
                    {table(kind, None, None, None)}
                },
            }
            if !is_made {
                Note { note, testid: "correction-note" }
            }
            div { class: "decision-buttons",
                if is_made {
                    button { class: "button", r#type: "button", "data-testid": "correction-next", onclick: move |_| span.set(None), {words::NEXT} }
                } else {
                    button {
                        class: "button",
                        r#type: "submit",
                        "data-testid": "correction-save",
                        disabled: !is_complete || !decider.is_ready(),
                        {words::SAVE}
                    }
                }
                button { class: "button", r#type: "button", "data-testid": "correction-close", onclick: move |_| onclose.call(()), {words::CLOSE} }
            }
            Outcome { decider, onagain: save }
        }
    }
}

/// Whether all figures follow it, so that they can be told.
fn is_applied(decision: &Decision) -> bool {
    decision.progress == Progress::Applied
}

/// The figures of the span as they are and as they will be, and once it is saved as the server answers.
fn table(
    kind: EntityType,
    before: Option<Figures>,
    after: Option<Figures>,
    answered: Option<Figures>,
) -> Element {
    type Row = (&'static str, String, Quantity, fn(&Figures) -> Option<f64>);
    let state = |state| words::state_option(kind, state).to_owned();
    let rows: [Row; 6] = [
        ("utilization", figure::UTILIZATION.to_owned(), Quantity::Percent, Figures::utilization),
        ("working", state(EventType::Working), Quantity::Duration, |of| Some(minutes_of(of.working_ms))),
        ("idle", state(EventType::Idle), Quantity::Duration, |of| Some(minutes_of(of.idle_ms))),
        ("absent", state(EventType::Absent), Quantity::Duration, |of| Some(minutes_of(of.absent_ms))),
        ("unobserved", words::NO_DATA.to_owned(), Quantity::Duration, |of| {
            Some(minutes_of(of.unobserved_ms))
        }),
        ("units", words::UNIT_COUNT.to_owned(), Quantity::Count, |of| of.units.map(|units| units as f64)),
    ];
    let columns = [
        ("before", words::BEFORE, before),
        ("after", words::AFTER, after),
        ("answered", words::CONFIRMED, answered),
    ];
    let shown = columns.into_iter().filter(|(slug, _, figures)| *slug != "answered" || figures.is_some());
    let columns: Vec<_> = shown.collect();
    rsx! {
        table { class: "decision-figures", aria_label: words::FIGURES,
            thead {
                tr {
                    th { scope: "col", {words::FIGURE} }
                    for (slug , name , _) in columns.iter() {
                        th { key: "{slug}", scope: "col", {*name} }
                    }
                }
            }
            tbody {
                for (slug , name , quantity , value) in rows {
                    tr { key: "{slug}",
                        th { scope: "row", {name} }
                        for (column , _ , figures) in columns.iter() {
                            td { key: "{column}", "data-testid": "{column}-{slug}", "data-value": raw(figures.as_ref().and_then(value)),
                                {quantity.text(figures.as_ref().and_then(value))}
                            }
                        }
                    }
                }
            }
        }
    }
}

fn minutes_of(ms: i64) -> f64 {
    ms as f64 / domain::MS_PER_MINUTE as f64
}
