use super::calendar::Calendar;
use super::label;
use crate::components::command::copy;
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::window::{MAX_MINUTES, WindowChoice};
use crate::model::window_span::{last_month, last_week, span};
use crate::words::{time, window as words};
use dioxus::prelude::*;

/// The ways to any window: the usual ones, the days of a calendar, the last so many minutes, and a range to the minute.
#[component]
pub(super) fn Popover(
    window: WindowChoice,
    now_ms: f64,
    onchosen: EventHandler<WindowChoice>,
    onclose: EventHandler<()>,
) -> Element {
    let zone = use_page_context().zone();
    let now = Instant::from_ms(now_ms);
    let shown = span(window, &zone, now);
    rsx! {
        div { class: "window-picker-backdrop", onclick: move |_| onclose.call(()) }
        div {
            class: "window-picker-popover",
            role: "dialog",
            aria_label: words::LABEL,
            "data-testid": "window-popover",
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            Presets { window, now, zone: zone.clone(), onchosen }
            div { class: "window-picker-more",
                Calendar { shown, now, zone: zone.clone(), onchosen }
                LastMinutes { onchosen }
                Range { window: shown.map(|span| [zone.field(span.from), zone.field(span.to)]), zone: zone.clone(), onchosen }
                p { class: "window-picker-foot",
                    span { class: "page-note", {time::in_zone(zone.name())} }
                    CopyLink {}
                }
            }
        }
    }
}

/// The usual windows, the one in view marked and focused.
#[component]
fn Presets(window: WindowChoice, now: Instant, zone: Zone, onchosen: EventHandler<WindowChoice>) -> Element {
    let presets = presets(&zone, now);
    let focused = presets.iter().position(|(_, choice)| *choice == window).unwrap_or_default();
    rsx! {
        ul { class: "window-picker-presets",
            for (index , (name , choice)) in presets.into_iter().enumerate() {
                li { key: "{name}",
                    button {
                        class: "window-picker-preset",
                        r#type: "button",
                        "data-window": "{choice}",
                        aria_pressed: choice == window,
                        onmounted: move |event| async move {
                            if index == focused {
                                // What is gone again cannot take the focus.
                                _ = event.set_focus(true).await;
                            }
                        },
                        onclick: move |_| onchosen.call(choice),
                        {name}
                    }
                }
            }
        }
    }
}

/// The usual windows by their names.
fn presets(zone: &Zone, now: Instant) -> Vec<(String, WindowChoice)> {
    let named = |choice: WindowChoice| (label(choice, zone), choice);
    let [today, yesterday, this_week, rest @ ..] = WindowChoice::NAMED;
    let calendar = [
        (words::LAST_WEEK.to_owned(), last_week(zone, now)),
        (words::LAST_MONTH.to_owned(), last_month(zone, now)),
    ];
    [today, yesterday, this_week].map(named).into_iter().chain(calendar).chain(rest.map(named)).collect()
}

#[component]
fn LastMinutes(onchosen: EventHandler<WindowChoice>) -> Element {
    let mut minutes = use_signal(|| "30".to_owned());
    let submit = move |event: FormEvent| {
        event.prevent_default();
        if let Ok(minutes) = minutes.peek().parse() {
            onchosen.call(WindowChoice::last_minutes(minutes));
        }
    };
    rsx! {
        form { class: "window-picker-form", onsubmit: submit,
            label {
                span { {words::LAST} }
                input {
                    class: "field",
                    r#type: "number",
                    "data-testid": "window-minutes",
                    min: "5",
                    max: "{MAX_MINUTES}",
                    step: "5",
                    required: true,
                    value: "{minutes}",
                    oninput: move |event| minutes.set(event.value()),
                }
                span { {words::MINUTES} }
            }
            button { class: "button", "data-testid": "window-minutes-apply", {words::APPLY} }
        }
    }
}

/// From one minute to another, to begin with those of the window in view.
#[component]
fn Range(window: Option<[String; 2]>, zone: Zone, onchosen: EventHandler<WindowChoice>) -> Element {
    let [shown_from, shown_to] = window.unwrap_or_default();
    let from = use_signal(|| shown_from);
    let to = use_signal(|| shown_to);
    let mut complaint = use_signal(|| None::<&'static str>);
    let submit = move |event: FormEvent| {
        event.prevent_default();
        match range(&zone, &from.peek(), &to.peek()) {
            Some(window) => onchosen.call(window),
            None => complaint.set(Some(words::EMPTY_RANGE)),
        }
    };
    rsx! {
        form { class: "window-picker-form", aria_label: words::CUSTOM, onsubmit: submit,
            {field(words::FROM, "window-from", from)}
            {field(words::TO, "window-to", to)}
            button { class: "button", "data-testid": "window-range-apply", {words::APPLY} }
            if let Some(complaint) = complaint() {
                p { class: "window-picker-complaint", role: "alert", {complaint} }
            }
        }
    }
}

/// A field that must be filled in, by its label and what is typed.
fn field(label: &'static str, testid: &'static str, mut typed: Signal<String>) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type: "datetime-local",
                "data-testid": testid,
                required: true,
                value: "{typed}",
                oninput: move |event| typed.set(event.value()),
            }
        }
    }
}

/// Copies the address of the page, which says everything about what is looked at.
#[component]
fn CopyLink() -> Element {
    let mut said = use_signal(|| None::<&'static str>);
    let press = move |_| async move {
        let address = web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default();
        let is_copied = copy(&address).await;
        said.set(Some(if is_copied { words::COPIED } else { words::NOT_COPIED }));
    };
    rsx! {
        button { class: "button", r#type: "button", "data-testid": "window-copy", onclick: press, {words::COPY_LINK} }
        span { class: "page-note", role: "status", {said()} }
    }
}

/// The window between two fields for times.
fn range(zone: &Zone, from: &str, to: &str) -> Option<WindowChoice> {
    WindowChoice::range(zone.typed(from)?, zone.typed(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_typed_in_the_factorys_time() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let window = range(&zone, "2026-01-05T08:00", "2026-01-05T16:00").unwrap();
        assert_eq!(window.to_string(), "2026-01-05T02:30Z..2026-01-05T10:30Z");
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_none() {
        let zone = Zone::fixed("UTC", 0);
        assert_eq!(range(&zone, "2026-01-05T08:00", "2026-01-05T08:03"), None);
        assert_eq!(range(&zone, "2026-01-05T08:00", ""), None);
    }

    #[test]
    fn the_usual_windows_hold_the_last_week_and_the_last_month() {
        let now = Instant::parse("2026-01-07T10:00Z").unwrap();
        let presets = presets(&Zone::fixed("UTC", 0), now);
        let of = |name: &str| presets.iter().find(|(known, _)| known == name).unwrap().1.to_string();
        assert_eq!(of("Last week"), "2025-12-29T00:00Z..2026-01-05T00:00Z");
        assert_eq!(of("Last month"), "2025-12-01T00:00Z..2026-01-01T00:00Z");
        assert_eq!(presets.len(), WindowChoice::NAMED.len() + 2);
    }
}
