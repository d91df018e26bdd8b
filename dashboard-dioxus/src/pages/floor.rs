mod area;
mod attention_list;
mod change;
mod data;
mod export;
mod figures;
mod heat;
mod production;
mod ranking;
mod rows;
pub(crate) mod steps;
pub(crate) mod timeline;
mod timeline_rows;

use self::area::AreaPicker;
use self::attention_list::AttentionList;
use self::data::{FloorData, use_floor_data};
use self::figures::Figures;
use self::production::Production;
use self::rows::Rows;
use self::timeline::TimelineView;
use crate::api::Panel;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::returned_focus::use_returned_focus;
use crate::components::skeleton::Skeleton;
use crate::components::window_picker;
use crate::lean::memo::use_memo;
use crate::live::clock::use_clock;
use crate::model::window::WindowChoice;
use crate::pages::back_office::{FirstSteps, FloorTimeline, Moved, Several};
use crate::pages::decisions::several::SeveralView;
use crate::pages::moved::{ClosedFigures, MovedView};
use crate::route::FloorAddress;
use crate::words;
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::event::EntityType;

/// How often it is looked whether what was seen has become old, in ms. The whole page has one clock.
const CLOCK_STEP_MS: u32 = 10_000;

/// The lines that stand for rows and charts until they are there: about a screen.
const PENDING_LINES: usize = 24;

/// How the factory is doing: its figures, who or what needs somebody, everybody and everything, and the course of the
/// window. Whatever tells of all workers or all workstations is one operation.
#[component]
pub(crate) fn Floor(address: ReadSignal<FloorAddress>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let minute = use_memo(move || (clock() / MS_PER_MINUTE as f64) as i64);
    // The end of the step of the server's grid that holds now: charts are drawn again only when it moves.
    let step_end_ms = use_memo(move || ((clock() / BUCKET_MS as f64).floor() + 1.0) * BUCKET_MS as f64);
    let data = use_floor_data(address);
    let FloorData { area, summary, workers, workstations, names, areas, series, is_untouched } = data;
    let closed = use_memo(move || {
        let figures = summary
            .with(|summary| ClosedFigures::of(summary.window, &summary.finality, summary.revision))??;
        Some(ClosedFigures { area: area(), ..figures })
    });
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let factory = context.factory();
    let focus = use_returned_focus();
    let mut is_correcting = use_signal(|| false);
    // All appear at once: a table that came before the other, or before what is above it, would be pushed away.
    let is_waiting = matches!(&*summary.read(), Panel::Waiting)
        || [workers, workstations].iter().any(|answer| matches!(&*answer.read(), Panel::Waiting));
    let title =
        factory.as_ref().map_or_else(|| words::page::FLOOR.to_owned(), |factory| factory.name.clone());
    rsx! {
        PageTitle { title,
            p { class: "page-note", {window.clone()} }
            AreaPicker { address, areas, onopen: move |()| names.refresh() }
            if names.with(Vec::is_empty) == Some(false) {
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "correct-several",
                    aria_expanded: is_correcting(),
                    onmounted: move |event| focus.mounted(event.data()),
                    onclick: move |_| is_correcting.toggle(),
                    {words::floor::CORRECT_SEVERAL}
                }
            }
        }
        if is_correcting() {
            Several { view: SeveralView { names, areas, area: area(), onclose: EventHandler::new(move |()| { is_correcting.set(false); focus.take(); }) } }
        }
        match (&*context.listed.read(), factory) {
            (Panel::Showing(listed), _) if listed.factories.is_empty() && context.factory_window().is_none() => rsx! { FirstSteps {} },
            (Panel::Refused(reason), _) if context.factory_window().is_none() => rsx! {
                Refused { reason, onretry: move |()| context.listed.retry() }
            },
            (_, Some(factory)) if is_untouched() => rsx! { FirstSteps { factory: (factory.id, factory.name) } },
            _ => rsx! {
                div { class: if is_waiting { "floor floor-waiting" } else { "floor" },
                    div { class: "floor-top",
                        Figures { summary, series, area, clock, minute, now_ms: step_end_ms, window }
                        if closed.read().is_some() {
                            Moved { view: MovedView { figures: closed } }
                        }
                    }
                    div { class: "floor-needs-place",
                        AttentionList { address, names, area, clock }
                    }
                    if is_waiting {
                        div { class: "floor-pending", Skeleton { lines: PENDING_LINES } }
                    }
                    div { class: "floor-rows",
                        Rows { kind: EntityType::Worker, address, answer: workers, clock }
                        Rows { kind: EntityType::Workstation, address, answer: workstations, clock }
                    }
                    div { class: "floor-charts",
                        Production { series, now_ms: step_end_ms }
                        if address.read().selection.window == WindowChoice::AllTime {
                            PanelFrame { title: words::floor::TIMELINE,
                                Empty { text: words::floor::NO_COURSE }
                            }
                        } else if !is_waiting {
                            FloorTimeline { view: TimelineView { address, data, minute, step_end_ms } }
                        }
                    }
                }
            },
        }
    }
}
