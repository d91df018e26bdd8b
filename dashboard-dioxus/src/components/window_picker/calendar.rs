use crate::lean::calendar::LocalTime;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Span;
use crate::model::window::{WindowChoice, date};
use crate::model::window_span::{DAYS_PER_WEEK, first_of_month, from_day_to_day, monday};
use crate::words::{time, window as words};
use dioxus::prelude::*;
use domain::MS_PER_DAY;
use domain::instant::CivilDate;

/// The days of one month. A press chooses a day; a press on another one then makes both the ends of a range.
#[component]
pub(super) fn Calendar(
    /// What is looked at now.
    shown: Option<Span>,
    now: Instant,
    zone: Zone,
    onchosen: EventHandler<WindowChoice>,
) -> Element {
    let today = zone.local(now).date.days();
    let ends = shown.map(|span| [span.from, Instant(span.to.0 - 1)].map(|at| zone.local(at).date.days()));
    let mut month = use_signal(|| {
        let CivilDate { year, month, .. } =
            CivilDate::from_days(ends.map_or(today, |[_, last]| last.min(today)));
        (year, month)
    });
    let mut begun = use_signal(|| None::<i64>);
    let (year, number) = month();
    let first = first_of_month(year, number);
    let is_chosen = move |day: i64| match begun() {
        Some(begun) => day == begun,
        None => ends.is_some_and(|[first, last]| (first..=last).contains(&day)),
    };
    let press = use_callback(move |day: i64| match begun() {
        Some(begun) => onchosen.call(from_day_to_day(&zone, begun, day)),
        None => begun.set(Some(day)),
    });
    rsx! {
        div { class: "calendar", "data-testid": "calendar",
            div { class: "calendar-head",
                {turn(words::MONTH_BACK, "‹", move |()| month.set((year, number - 1)))}
                span { aria_live: "polite", {time::month_and_year(&local(first))} }
                {turn(words::MONTH_FORTH, "›", move |()| month.set((year, number + 1)))}
            }
            div { class: "calendar-days",
                for weekday in monday(first)..monday(first) + DAYS_PER_WEEK {
                    span { key: "{weekday}", class: "calendar-weekday", aria_hidden: "true", {time::weekday_letter(&local(weekday))} }
                }
                for day in first..first_of_month(year, number + 1) {
                    button {
                        key: "{day}",
                        class: "calendar-day",
                        r#type: "button",
                        style: (day == first).then(|| format!("grid-column: {}", day - monday(day) + 1)),
                        "data-day": date(day),
                        aria_label: time::date(&local(day)),
                        aria_pressed: is_chosen(day),
                        aria_current: if day == today { "date" },
                        disabled: day > today,
                        onclick: move |_| press.call(day),
                        "{CivilDate::from_days(day).day}"
                    }
                }
            }
            p { class: "calendar-note", role: "status",
                if let Some(day) = begun() {
                    {words::begun(&time::date(&local(day)))}
                    button { class: "button", r#type: "button", "data-testid": "calendar-day-apply", onclick: move |_| onchosen.call(WindowChoice::Day(day)), {words::ONE_DAY} }
                } else {
                    {words::PICK}
                }
            }
        }
    }
}

/// The way to a neighbouring month.
fn turn(label: &'static str, sign: &'static str, mut onpress: impl FnMut(()) + 'static) -> Element {
    rsx! {
        button { class: "button", r#type: "button", aria_label: label, title: label, onclick: move |_| onpress(()), {sign} }
    }
}

/// The midnight with which a day begins, whatever the zone.
fn local(day: i64) -> LocalTime {
    LocalTime::of_wall_ms(day * MS_PER_DAY)
}
