use super::subject::use_subject;
use crate::api::Panel;
use crate::chart::timeline::Track;
use crate::chart::timeline_chart::Timeline as TimelineChart;
use crate::components::export_button::ExportButton;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::use_memo;
use crate::model::Slug;
use crate::pages::over_time::chart_windows::ChartWindows;
use crate::pages::over_time::trend::Compared;
use crate::pages::over_time::trend_panel::TrendPanel;
use crate::pages::over_time::{export, timelines, trend};
use crate::words::{compare as words, entity, entity_page, over_time};
use dioxus::prelude::*;
use domain::event::EventType;
use std::rc::Rc;

/// What each was doing, below each other on one axis of time.
#[component]
pub(super) fn Timelines() -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let answers = subject.timelines;
    let drawn = use_memo(move || {
        if subject.windows.read().is_none() {
            return Panel::Waiting;
        }
        let titles = subject.known.read();
        match timelines::together(&answers, titles.len()) {
            Panel::Waiting => Panel::Waiting,
            Panel::Refused(reason) => Panel::Refused(reason),
            Panel::Showing(shown) => {
                let tracks = shown.iter().zip(titles.iter());
                let tracks: Rc<[Track]> =
                    tracks.map(|(one, (_, title))| timelines::track(title, one)).collect();
                Panel::Showing((tracks, shown.iter().any(|timeline| timeline.truncated)))
            }
        }
    });
    let table = use_callback(move |()| {
        let known = subject.known.peek();
        let shown: Vec<_> = answers.iter().map_while(|answer| answer.peek().shown().cloned()).collect();
        let rows: Vec<_> = known.iter().map(|(id, _)| id.as_str()).zip(&shown).collect();
        export::timelines(*subject.kind.peek(), &context.zone(), &rows)
    });
    let name = file_name("timelines");
    let tools = rsx! {
        ExportButton { name, table }
    };
    rsx! {
        PanelFrame { title: words::TIMELINES, outdated: timelines::outdated(&answers), tools,
            match &*drawn.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 4 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason, onretry: move |()| timelines::retry(&answers) }
                },
                Panel::Showing((tracks, is_truncated)) => rsx! {
                    if subject.windows.read().as_ref().is_some_and(|windows| windows.is_cut) {
                        p { class: "page-note", {entity_page::LAST_WEEK} }
                    }
                    if *is_truncated {
                        Empty { text: over_time::TRUNCATED }
                    }
                    TimelineChart {
                        title: words::TIMELINES,
                        tracks: tracks.clone(),
                        now_ms: (subject.now_ms)(),
                        zone: context.zone(),
                        working: entity::state(subject.kind.cloned(), EventType::Working),
                        on_zoom: move |ends| context.zoom_into(ends),
                    }
                },
            }
        }
    }
}

/// How busy each was and what it made, step by step.
#[component]
pub(super) fn Trends() -> Element {
    let subject = use_subject();
    let is_short = subject.windows.read().as_ref().is_none_or(ChartWindows::is_short);
    let (utilization, units) = if is_short {
        (words::UTILIZATION_BY_HOUR, words::UNITS_BY_HOUR)
    } else {
        (words::UTILIZATION_BY_DAY, words::UNITS_BY_DAY)
    };
    rsx! {
        div { class: "entity-page-pair",
            Trend { title: utilization, compared: Compared::Utilization }
            Trend { title: units, compared: Compared::Units }
        }
    }
}

#[component]
fn Trend(title: String, compared: Compared) -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let answer = subject.series;
    let drawn = use_memo(move || {
        answer.with(|set| (set.window, trend::of_several(compared, &subject.known.read(), set)))
    });
    let table = use_callback(move |()| {
        let (answer, ids) = (answer.peek(), subject.ids.peek());
        let Some(set) = answer.shown() else { return String::new() };
        let rows: Vec<_> = ids.iter().map(|id| (id.as_str(), trend::points_of(set, id))).collect();
        export::points(*subject.kind.peek(), &context.zone(), &rows)
    });
    rsx! {
        TrendPanel {
            title,
            answer,
            drawn,
            now_ms: subject.now_ms,
            name: file_name("trends"),
            table,
        }
    }
}

/// What a file of this page is called after.
fn file_name(what: &str) -> Vec<String> {
    let subject = use_subject();
    let window = subject.address.read().selection.window.to_string();
    vec![
        use_page_context().selection().factory,
        subject.kind.read().slug().to_owned(),
        what.to_owned(),
        window,
    ]
}
