mod calendar;
mod popover;

use self::popover::Popover;
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::use_memo;
use crate::lean::zone::Zone;
use crate::live::clock::use_clock;
use crate::model::window::WindowChoice;
use crate::model::window_span::{Direction, is_month, next_to};
use crate::route::{Selection, go_to};
use crate::words::{time, window as words};
use dioxus::prelude::*;
use std::rc::Rc;

/// How often it is looked which windows have begun, in ms.
const CLOCK_STEP_MS: u32 = 60_000;

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
        WindowChoice::Range(span) if is_month(span, zone) => time::month_and_year(&zone.local(span.from)),
        WindowChoice::Range(span) => zone.span(span.from, span.to),
    }
}

/// Which window is looked at: a step back and forth, and between them what opens the ways to any other.
#[component]
pub(crate) fn WindowPicker() -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let mut is_open = use_signal(|| false);
    let mut opener = use_signal(|| None::<Rc<MountedData>>);
    let window = use_memo(move || context.address.read().selection().window);
    let neighbours = use_memo(move || {
        let (zone, now) = (context.zone(), Instant::from_ms(clock()));
        [Direction::Back, Direction::Forth].map(|direction| next_to(window(), &zone, now, direction))
    });
    let close = use_callback(move |()| {
        is_open.set(false);
        // Whoever came by keyboard goes on where they were.
        if let Some(opener) = opener.peek().clone() {
            spawn(async move {
                // An element that is gone cannot take the focus.
                _ = opener.set_focus(true).await;
            });
        }
    });
    let go = use_callback(move |window: WindowChoice| {
        is_open.set(false);
        let address = context.address.peek().clone();
        let selection = Selection { window, ..address.selection().clone() };
        go_to(address.selecting(selection));
    });
    let [back, forth] = neighbours();
    rsx! {
        div { class: "window-picker",
            {step(words::STEP_BACK, "window-back", "‹", back, go)}
            button {
                class: "button window-picker-open",
                r#type: "button",
                "data-testid": "window-open",
                "data-window": "{window}",
                aria_haspopup: "dialog",
                aria_expanded: is_open(),
                onmounted: move |event| opener.set(Some(event.data())),
                onclick: move |_| is_open.toggle(),
                span { class: "visually-hidden", "{words::LABEL}: " }
                {label(window(), &context.zone())}
            }
            {step(words::STEP_FORTH, "window-forth", "›", forth, go)}
            if is_open() {
                Popover { window: window(), now_ms: clock(), onchosen: go, onclose: close }
            }
        }
    }
}

/// The way to a neighbouring window, if there is one.
fn step(
    label: &'static str,
    testid: &'static str,
    sign: &'static str,
    to: Option<WindowChoice>,
    go: Callback<WindowChoice>,
) -> Element {
    rsx! {
        button {
            class: "button window-picker-step",
            r#type: "button",
            "data-testid": testid,
            aria_label: label,
            title: label,
            disabled: to.is_none(),
            onclick: move |_| {
                if let Some(to) = to {
                    go.call(to);
                }
            },
            {sign}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_told_in_words() {
        let zone = Zone::fixed("UTC", 0);
        let range = |text: &str| label(text.parse().unwrap(), &zone);
        assert_eq!(label(WindowChoice::LastMinutes(480), &zone), "Last 8 hours");
        assert_eq!(label(WindowChoice::LastMinutes(45), &zone), "Last 45 minutes");
        assert_eq!(label(WindowChoice::Day(20_458), &zone), "Mon 5 Jan 2026");
        assert_eq!(range("2026-01-05T02:30Z..2026-01-05T10:30Z"), "Mon 5 Jan 2026, 02:30 to 10:30");
        assert_eq!(range("2026-01-05T00:00Z..2026-01-12T00:00Z"), "Mon 5 Jan 2026 to Sun 11 Jan 2026");
        assert_eq!(range("2026-01-01T00:00Z..2026-02-01T00:00Z"), "Jan 2026");
    }
}
