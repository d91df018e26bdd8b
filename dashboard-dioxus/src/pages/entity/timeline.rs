use super::subject::{Subject, use_subject};
use crate::api::Panel;
use crate::chart::timeline::Track;
use crate::chart::timeline_chart::Timeline as TimelineChart;
use crate::chart::zoom::Purpose;
use crate::components::export_button::ExportButton;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::returned_focus::use_returned_focus;
use crate::components::skeleton::Skeleton;
use crate::lean::instant::Instant;
use crate::lean::memo::use_memo;
use crate::lean::zone::Zone;
use crate::live::clock::now_ms;
use crate::model::Span;
use crate::model::window_span::{day_of_window, window_of_day};
use crate::pages::back_office::Correction;
use crate::pages::decisions::correction::CorrectionView;
use crate::pages::over_time::chart_windows::{ChartWindows, Rows};
use crate::pages::over_time::{export, timelines};
use crate::route::{Address, Selection};
use crate::words::{entity, entity_page as words, over_time, time};
use dioxus::prelude::*;
use domain::event::EventType;
use std::rc::Rc;

/// The rows of the timeline, and whether the server listed everything.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    tracks: Rc<[Track]>,
    is_truncated: bool,
}

/// What it was doing: the whole window in one row, or its last days below each other.
#[component]
pub(super) fn DayTimeline() -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let answers = subject.timelines;
    let drawn = use_memo(move || {
        let Some(windows) = subject.windows.cloned() else { return Panel::Waiting };
        let zone = context.zone();
        match timelines::together(&answers, windows.row_windows().len()) {
            Panel::Waiting => Panel::Waiting,
            Panel::Refused(reason) => Panel::Refused(reason),
            Panel::Showing(shown) => {
                let names = row_names(&windows, &subject.address.read().id, &zone);
                let tracks = shown.iter().zip(&names).map(|(one, name)| timelines::track(name, one));
                let is_truncated = shown.iter().any(|timeline| timeline.truncated);
                Panel::Showing(Drawn { tracks: tracks.collect(), is_truncated })
            }
        }
    });
    let table = use_callback(move |()| {
        let id = subject.address.peek().id.clone();
        let shown = answers.iter().filter_map(|answer| answer.peek().shown().cloned()).collect::<Vec<_>>();
        // Rows are drawn with the latest day first; a file is in the order of time.
        let rows: Vec<_> = shown.iter().rev().map(|timeline| (id.as_str(), timeline)).collect();
        export::timelines(subject.kind, &context.zone(), &rows)
    });
    let address = subject.address.read();
    let window = address.selection.window.to_string();
    let name = [context.selection().factory, address.id.clone(), "timeline".to_owned(), window];
    let days = links(&subject, &context.zone());
    let focus = use_returned_focus();
    let mut is_correcting = use_signal(|| false);
    let mut span = use_signal(|| None::<Span>);
    let marked = span().filter(|_| is_correcting()).map(|span| [span.from.ms(), span.to.ms()]);
    let view = CorrectionView {
        kind: subject.kind,
        id: address.id.clone(),
        span,
        moved: subject.moved,
        onclose: EventHandler::new(move |()| {
            is_correcting.set(false);
            focus.take();
        }),
    };
    let tools = rsx! {
        button {
            class: "button",
            r#type: "button",
            "data-testid": "correct",
            aria_expanded: is_correcting(),
            onmounted: move |event| focus.mounted(event.data()),
            onclick: move |_| {
                span.set(None);
                is_correcting.toggle();
            },
            {if is_correcting() { words::STOP_CORRECTING } else { words::CORRECT }}
        }
        ExportButton { name: name.to_vec(), table }
    };
    rsx! {
        PanelFrame { title: words::TIMELINE, outdated: timelines::outdated(&answers), tools,
            if !days.is_empty() {
                nav { class: "entity-page-days", aria_label: words::DAYS,
                    for (word , day) in days {
                        Link { key: "{word}", to: day, {word} }
                    }
                }
            }
            match &*drawn.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason, onretry: move |()| timelines::retry(&answers) }
                },
                Panel::Showing(drawn) => rsx! {
                    if subject.windows.read().as_ref().is_some_and(|windows| windows.is_cut) {
                        p { class: "page-note", {words::LAST_DAYS} }
                    }
                    if drawn.is_truncated {
                        Empty { text: over_time::TRUNCATED }
                    }
                    TimelineChart {
                        title: words::TIMELINE,
                        tracks: drawn.tracks.clone(),
                        now_ms: (subject.now_ms)(),
                        zone: context.zone(),
                        working: entity::state(subject.kind, EventType::Working),
                        purpose: if is_correcting() { Purpose::Choose } else { Purpose::Zoom },
                        marked,
                        on_zoom: move |ends: [f64; 2]| {
                            if is_correcting() {
                                let [from, to] = ends.map(Instant::from_ms);
                                // Nobody can say what will be.
                                let now = Instant::from_ms(now_ms());
                                span.set(Some(Span { from: from.min(now), to: to.min(now) }));
                            } else {
                                context.zoom_into(ends);
                            }
                        },
                    }
                },
            }
            if is_correcting() {
                Correction { view }
            }
        }
    }
}

/// What the rows are called.
fn row_names(windows: &ChartWindows, id: &str, zone: &Zone) -> Vec<String> {
    match &windows.rows {
        Rows::Whole(_) => vec![id.to_owned()],
        Rows::Days(days) => {
            days.iter().map(|day| time::weekday_and_month(&zone.local(zone.instant(*day, 0)))).collect()
        }
    }
}

/// The ways to single days: to those that are drawn, or from one day to its neighbours.
fn links(subject: &Subject, zone: &Zone) -> Vec<(String, Address)> {
    let Some(windows) = subject.windows.cloned() else { return Vec::new() };
    let address = subject.address.read().clone();
    let now = Instant::from_ms((subject.now_ms)());
    let to = |day: i64| {
        let selection = Selection { window: window_of_day(day, now, zone), ..address.selection.clone() };
        Address::entity(subject.kind, &address.id, selection)
    };
    let date = |day: i64| time::weekday_and_month(&zone.local(zone.instant(day, 0)));
    match windows.rows {
        Rows::Days(days) => days.into_iter().rev().map(|day| (date(day), to(day))).collect(),
        Rows::Whole(_) => {
            let Some(day) = day_of_window(address.selection.window, now, zone) else { return Vec::new() };
            let before = (words::previous_day(&date(day - 1)), to(day - 1));
            let is_past = day < zone.local(now).date.days();
            let after = is_past.then(|| (words::next_day(&date(day + 1)), to(day + 1)));
            [Some(before), after].into_iter().flatten().collect()
        }
    }
}
