use crate::components::page_context::use_page_context;
use crate::lean::zone::Zone;
use crate::model::window::{MAX_MINUTES, WindowChoice};
use crate::route::{Selection, go_to};
use crate::words::window as words;
use dioxus::prelude::*;
use domain::instant::CivilDate;

/// The picker's entry that opens the fields for any other window.
const OTHER: &str = "other";

/// The words for a window; times are the zone's.
pub(crate) fn label(window: WindowChoice, zone: &Zone) -> String {
    match window {
        WindowChoice::Today => words::TODAY.to_owned(),
        WindowChoice::Yesterday => words::YESTERDAY.to_owned(),
        WindowChoice::ThisWeek => words::THIS_WEEK.to_owned(),
        WindowChoice::Last7Days => words::LAST_7_DAYS.to_owned(),
        WindowChoice::Last30Days => words::LAST_30_DAYS.to_owned(),
        WindowChoice::AllTime => words::ALL_TIME.to_owned(),
        WindowChoice::LastMinutes(minutes) => words::last_minutes(minutes),
        WindowChoice::Day(days) => zone.date(zone.instant(days, 12 * 60)),
        WindowChoice::Range(span) => {
            let (from, to) = (zone.date_time(span.from), zone.time_near(span.to, span.from));
            crate::words::time::from_to(&from, &to)
        }
    }
}

/// Which window is looked at: the usual ones in a list, any other by its fields.
#[component]
pub(crate) fn WindowPicker() -> Element {
    let context = use_page_context();
    let mut is_open = use_signal(|| false);
    let window = context.address.read().selection().window;
    let zone = context.zone();
    let go = move |window: WindowChoice| {
        is_open.set(false);
        let address = context.address.peek().clone();
        let selection = Selection { window, ..address.selection().clone() };
        go_to(address.selecting(selection));
    };
    let mut choose = go;
    rsx! {
        div {
            class: "window-picker",
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    is_open.set(false);
                }
            },
            label { class: "picker",
                span { class: "visually-hidden", {words::LABEL} }
                select {
                    class: "field",
                    "data-testid": "window-picker",
                    value: "{window}",
                    onchange: move |event| {
                        if event.value() == OTHER {
                            is_open.set(true);
                        } else {
                            let Ok(window) = event.value().parse();
                            choose(window);
                        }
                    },
                    if !WindowChoice::NAMED.contains(&window) {
                        option { key: "{window}", value: "{window}", selected: true, {label(window, &zone)} }
                    }
                    for choice in WindowChoice::NAMED {
                        option {
                            key: "{choice}",
                            value: "{choice}",
                            selected: choice == window,
                            {label(choice, &zone)}
                        }
                    }
                }
            }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "window-other",
                aria_expanded: is_open(),
                onclick: move |_| is_open.toggle(),
                {words::OTHER}
            }
            if is_open() {
                OtherWindow { zone, onchosen: go }
            }
        }
    }
}

/// Fields for the last N minutes, a day, or a range, each with its own button.
#[component]
fn OtherWindow(zone: Zone, onchosen: EventHandler<WindowChoice>) -> Element {
    let mut minutes = use_signal(|| "30".to_owned());
    let day = use_signal(String::new);
    let from = use_signal(String::new);
    let to = use_signal(String::new);
    let mut complaint = use_signal(|| None::<&'static str>);
    let chosen_minutes = move |event: FormEvent| {
        event.prevent_default();
        if let Ok(minutes) = minutes.peek().parse() {
            onchosen.call(WindowChoice::last_minutes(minutes));
        }
    };
    let chosen_day = move |event: FormEvent| {
        event.prevent_default();
        if let Some(date) = CivilDate::parse(&day.peek()) {
            onchosen.call(WindowChoice::Day(date.days()));
        }
    };
    let chosen_range = move |event: FormEvent| {
        event.prevent_default();
        match range(&zone, &from.peek(), &to.peek()) {
            Some(window) => onchosen.call(window),
            None => complaint.set(Some(words::EMPTY_RANGE)),
        }
    };
    rsx! {
        div { class: "window-picker-other", "data-testid": "window-fields",
            form { class: "window-picker-form", onsubmit: chosen_minutes,
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
                {show_button("window-minutes-show")}
            }
            form { class: "window-picker-form", onsubmit: chosen_day,
                {field(words::DAY, "date", "window-day", day)}
                {show_button("window-day-show")}
            }
            form { class: "window-picker-form", onsubmit: chosen_range,
                {field(words::FROM, "datetime-local", "window-from", from)}
                {field(words::TO, "datetime-local", "window-to", to)}
                {show_button("window-range-show")}
            }
            if let Some(complaint) = complaint() {
                p { class: "window-picker-complaint", role: "alert", {complaint} }
            }
        }
    }
}

/// A field that must be filled in, by its label, its type and what is typed.
fn field(
    label: &'static str,
    r#type: &'static str,
    testid: &'static str,
    mut typed: Signal<String>,
) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type,
                "data-testid": testid,
                required: true,
                value: "{typed}",
                oninput: move |event| typed.set(event.value()),
            }
        }
    }
}

fn show_button(testid: &'static str) -> Element {
    rsx! {
        button { class: "button", "data-testid": testid, {words::SHOW} }
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
    fn a_range_is_typed_and_told_in_the_factorys_time() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let window = range(&zone, "2026-01-05T08:00", "2026-01-05T16:00").unwrap();
        assert_eq!(window.to_string(), "2026-01-05T02:30Z..2026-01-05T10:30Z");
        assert_eq!(label(window, &zone), "Mon 5 Jan 2026, 08:00 to 16:00");
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_none() {
        let zone = Zone::fixed("UTC", 0);
        assert_eq!(range(&zone, "2026-01-05T08:00", "2026-01-05T08:03"), None);
        assert_eq!(range(&zone, "2026-01-05T08:00", ""), None);
    }

    #[test]
    fn a_window_is_told_in_words() {
        let zone = Zone::fixed("UTC", 0);
        assert_eq!(label(WindowChoice::LastMinutes(480), &zone), "Last 8 hours");
        assert_eq!(label(WindowChoice::LastMinutes(45), &zone), "Last 45 minutes");
        assert_eq!(label(WindowChoice::Day(20_458), &zone), "Mon 5 Jan 2026");
    }
}
