//! What everybody or everything was doing over the window: span by span, or as utilization hour by hour.

use super::data::FloorData;
use super::heat::Heat;
use super::ranking::{Ranking, ranked};
use super::{steps, timeline_rows};
use crate::api::operation::{Timelines, timelines, window_input};
use crate::api::{Panel, use_query_at};
use crate::chart::state_rows::step_grid;
use crate::chart::state_rows_chart::StateRows;
use crate::components::notice::{Empty, Outdated, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::{Memo, use_memo};
use crate::model::{ENTITY_TYPES, Slug, by_slug};
use crate::route::{Address, FloorAddress, go_to, replace_by};
use crate::words::{entity, floor as words};
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::event::{EntityType, EventType};

/// What an address calls the chart by hours; the other one has no name.
const BY_HOUR: &str = "hours";

/// What the panel shows, handed over to the part of the program that it belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct TimelineView {
    pub(super) address: ReadSignal<FloorAddress>,
    pub(super) data: FloorData,
    /// Tells when answers may be asked for again.
    pub(super) minute: Memo<i64>,
    /// The end of the step of five minutes that still runs, in ms.
    pub(super) step_end_ms: Memo<f64>,
}

impl TimelineView {
    /// The revision of a minute, which also changes when a window has moved: large answers are asked for again with it.
    pub(super) fn revision(self) -> Option<i64> {
        (self.minute)();
        let summary = self.data.summary.peek();
        let summary = summary.shown()?;
        Some(summary.revision + summary.window.map_or(0, |window| window.to.0 / BUCKET_MS))
    }
}

/// The panel with its two charts.
#[component]
pub(crate) fn TimelinePanel(view: TimelineView) -> Element {
    let address = view.address;
    let kind = use_memo(move || address.read().chart_of.unwrap_or(EntityType::Worker));
    let is_by_hour = address.read().chart == BY_HOUR;
    rsx! {
        PanelFrame { title: words::TIMELINE, tools: rsx! { Charts { address, kind } },
            if is_by_hour {
                Heat { view, kind }
            } else {
                States { view, kind }
            }
        }
    }
}

/// Which chart is shown, and of whom.
#[component]
fn Charts(address: ReadSignal<FloorAddress>, kind: Memo<EntityType>) -> Element {
    let shown = address.read().chart.clone();
    // In place of the address before: the way back leads to another page or window, not to another view of it.
    let change = move |change: &dyn Fn(&mut FloorAddress)| {
        let mut address = address.peek().clone();
        change(&mut address);
        replace_by(Address::from(address));
    };
    rsx! {
        div { class: "floor-chart-tabs", role: "tablist", aria_label: words::CHARTS,
            for (slug , name) in [("", words::TIMELINE), (BY_HOUR, words::BY_HOUR)] {
                button {
                    key: "{slug}",
                    class: "button floor-export",
                    r#type: "button",
                    role: "tab",
                    "data-testid": "floor-chart-{slug}",
                    aria_selected: if shown == slug { "true" } else { "false" },
                    onclick: move |_| change(&|address| slug.clone_into(&mut address.chart)),
                    {name}
                }
            }
        }
        label { class: "picker",
            span { class: "visually-hidden", {words::CHART_OF} }
            select {
                class: "field",
                "data-testid": "floor-chart-of",
                onchange: move |event| {
                    let chosen = by_slug(&ENTITY_TYPES, &event.value());
                    change(&|address| address.chart_of = chosen.filter(|kind| *kind != EntityType::Worker));
                },
                for of in ENTITY_TYPES {
                    option { key: "{of.slug()}", value: of.slug(), selected: of == kind(), {entity::kinds(of)} }
                }
            }
        }
    }
}

/// What each was doing, asked for as one.
#[component]
fn States(view: TimelineView, kind: Memo<EntityType>) -> Element {
    let context = use_page_context();
    let FloorData { summary, names, area, workers, workstations, .. } = view.data;
    let resolution =
        use_memo(move || summary.with(|summary| summary.window).flatten().map(steps::state_step_seconds));
    let answer = use_query_at::<Timelines>(
        move || view.revision(),
        move || {
            let choice = context.factory_window()?;
            Some(timelines::Variables {
                factory_id: choice.factory_id,
                window: window_input(choice.window)?,
                kind: kind(),
                resolution: resolution()?,
                area: area(),
            })
        },
    );
    let now_ms = use_memo(move || ((view.minute)() * MS_PER_MINUTE) as f64);
    // Rows change places with the answer and not with every number: nobody can read rows that jump.
    let drawn = use_memo(move || {
        let ranking = Ranking::parse(view.address.read().selection.sort(kind()));
        let table = if kind() == EntityType::Worker { workers } else { workstations };
        let in_order = || {
            let table = table.peek();
            let lines = ranked(table.shown()?, ranking, *now_ms.peek(), context.unseen_after_ms());
            Some(lines.iter().map(|line| line.row.id.clone()).collect::<Vec<_>>())
        };
        let ids = ranking.and_then(|_| in_order()).unwrap_or_default();
        let known = names.read();
        let known = known.shown().map(Vec::as_slice).unwrap_or_default();
        answer.with(|set| (step_grid(set.window, set.step_ms), timeline_rows::rows(set, known, kind(), &ids)))
    });
    rsx! {
        Outdated { reason: answer.outdated() }
        match &*answer.read() {
            Panel::Waiting => rsx! { Skeleton { lines: 8 } },
            Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
            Panel::Showing(set) if set.timelines.is_empty() => rsx! { Empty { text: entity::none_seen(kind()) } },
            Panel::Showing(set) => rsx! {
                if let Some((grid, rows)) = drawn() {
                    div { "data-testid": "floor-timeline", "data-revision": set.revision,
                        StateRows {
                            title: words::states(kind()),
                            grid,
                            rows,
                            now_ms: now_ms(),
                            zone: context.zone(),
                            working: entity::state(kind(), EventType::Working),
                            on_open: move |id: String| go_to(Address::entity(kind(), &id, context.selection())),
                            on_zoom: move |ends| context.zoom_into(ends),
                        }
                    }
                }
            },
        }
    }
}
