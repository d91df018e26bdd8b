use super::subject::use_subject;
use crate::api::operation::{EntitySeries, WindowInput, entity_series};
use crate::api::{Answer, use_query_at};
use crate::components::page_context::use_page_context;
use crate::lean::memo::use_memo;
use crate::model::EntitySeriesSet;
use crate::pages::over_time::chart_windows::ChartWindows;
use crate::pages::over_time::trend_panel::TrendPanel;
use crate::pages::over_time::{export, trend};
use crate::words::{entity_page as words, time};
use dioxus::prelude::*;
use domain::window::Resolution;

/// How busy it was and what it made, hour by hour and day by day.
#[component]
pub(super) fn Trends() -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let ask = move |resolution: Resolution, window: fn(&ChartWindows) -> &WindowInput| {
        use_query_at::<EntitySeries>(
            move || (subject.moved)(),
            move || {
                Some(entity_series::Variables {
                    factory_id: context.factory_window()?.factory_id,
                    window: window(subject.windows.read().as_ref()?).clone(),
                    resolution,
                    kind: subject.kind,
                    ids: Some(vec![subject.address.read().id.clone()]),
                    area: None,
                })
            },
        )
    };
    let hours = ask(Resolution::Hour, |windows| &windows.hours);
    let days = ask(Resolution::Day, |windows| &windows.days);
    let windows = subject.windows.cloned();
    let is_cut = windows.as_ref().is_some_and(|windows| windows.is_cut);
    let zone = context.zone();
    let date = |day: i64| time::day_and_month(&zone.local(zone.instant(day, 0)));
    let days_title =
        windows.map(|ChartWindows { day_range: (first, last), .. }| words::by_day(&date(first), &date(last)));
    rsx! {
        div { class: "entity-page-pair",
            Trend {
                title: if is_cut { words::BY_HOUR_LAST_WEEK } else { words::BY_HOUR },
                slug: "by-hour",
                answer: hours,
            }
            Trend { title: days_title.unwrap_or_default(), slug: "by-day", answer: days }
        }
    }
}

#[component]
fn Trend(title: String, slug: &'static str, answer: Answer<EntitySeriesSet>) -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let drawn = use_memo(move || {
        answer.with(|set| (set.window, trend::of_one(trend::points_of(set, &subject.address.read().id))))
    });
    let table = use_callback(move |()| {
        let id = subject.address.peek().id.clone();
        let answer = answer.peek();
        let points = answer.shown().map_or(&[][..], |set| trend::points_of(set, &id));
        export::points(subject.kind, &context.zone(), &[(&id, points)])
    });
    let address = subject.address.read();
    let window = address.selection.window.to_string();
    let name = [context.selection().factory, address.id.clone(), slug.to_owned(), window];
    rsx! {
        TrendPanel {
            title,
            answer,
            drawn,
            now_ms: subject.now_ms,
            name: name.to_vec(),
            table,
        }
    }
}
