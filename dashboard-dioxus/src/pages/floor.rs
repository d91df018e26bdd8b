mod area;
mod attention;
mod attention_list;
mod change;
mod export;
mod figures;
mod heat;
mod production;
mod ranking;
mod rows;
mod steps;

use self::area::{AreaPicker, areas};
use self::attention_list::AttentionList;
use self::figures::Figures;
use self::heat::Heat;
use self::production::Production;
use self::rows::Rows;
use crate::api::operation::{
    Entities, FactoryEntities, FactoryMetrics, MetricSeries, factory_entities, factory_metrics,
    metric_series, window_input,
};
use crate::api::{Panel, use_query, use_query_at, use_subscription};
use crate::components::first_steps::FirstSteps;
use crate::components::notice::Refused;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::window_picker;
use crate::lean::memo::use_memo;
use crate::live::clock::use_clock;
use crate::live::table::Table;
use crate::route::FloorAddress;
use crate::words;
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::event::EntityType;

/// How often it is looked whether what was seen has become old, in ms. The whole page has one clock.
const CLOCK_STEP_MS: u32 = 10_000;

/// How the factory is doing: its figures, who or what needs somebody, everybody and everything, and the course of the
/// window. Whatever tells of all workers or all workstations is one operation.
#[component]
pub(crate) fn Floor(address: ReadSignal<FloorAddress>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let minute = use_memo(move || (clock() / MS_PER_MINUTE as f64) as i64);
    // The end of the step of the server's grid that holds now: charts are drawn again only when it moves.
    let step_end_ms = use_memo(move || ((clock() / BUCKET_MS as f64).floor() + 1.0) * BUCKET_MS as f64);
    let area = use_memo(move || Some(address.read().area.clone()).filter(|area| !area.is_empty()));

    let summary = use_subscription::<FactoryMetrics>(move || {
        let choice = context.factory_window()?;
        let window = window_input(choice.window);
        Some(factory_metrics::Variables { factory_id: choice.factory_id, window, area: area() })
    });
    let entities = move |kind| {
        use_subscription::<Entities>(move || Some(context.factory_window()?.entities(kind).in_area(area())))
    };
    let workers = entities(EntityType::Worker);
    let workstations = entities(EntityType::Workstation);
    let names = use_query::<FactoryEntities>(move || {
        Some(factory_entities::Variables { factory_id: context.factory_window()?.factory_id })
    });
    let areas = use_memo(move || names.with(|names| areas(names)).unwrap_or_default());
    let span = use_memo(move || summary.with(|summary| summary.window).flatten());
    let series = use_query_at::<MetricSeries>(
        // Grows with what is stored, and with a window that moves.
        move || {
            summary.with(|shown| shown.revision + shown.window.map_or(0, |window| window.to.0 / BUCKET_MS))
        },
        move || {
            let choice = context.factory_window()?;
            Some(metric_series::Variables {
                factory_id: choice.factory_id,
                window: window_input(choice.window)?,
                resolution: steps::resolution(span()?),
                area: area(),
            })
        },
    );

    // As long as nobody is known, every event may be the first.
    use_effect(move || {
        let revision = summary.with(|summary| summary.revision);
        if revision.is_some() && names.peek().shown().is_some_and(Vec::is_empty) {
            names.refresh();
        }
    });
    let is_untouched = use_memo(move || {
        let is_empty = |answer: crate::api::Answer<Table<_>>| answer.with(Table::is_empty).unwrap_or(true);
        names.with(Vec::is_empty) == Some(true) && is_empty(workers) && is_empty(workstations)
    });

    let window = window_picker::label(address.read().selection.window, &context.zone());
    let factory = context.factory();
    let title =
        factory.as_ref().map_or_else(|| words::page::FLOOR.to_owned(), |factory| factory.name.clone());
    rsx! {
        PageTitle { title,
            p { class: "page-note", {window.clone()} }
            AreaPicker { address, areas, onopen: move |()| names.refresh() }
        }
        match (&*context.factories.read(), factory) {
            (Panel::Showing(factories), _) if factories.is_empty() && context.factory_window().is_none() => rsx! { FirstSteps {} },
            (Panel::Refused(reason), _) if context.factory_window().is_none() => rsx! {
                Refused { reason, onretry: move |()| context.factories.retry() }
            },
            (_, Some(factory)) if is_untouched() => rsx! { FirstSteps { factory: (factory.id, factory.name) } },
            _ => rsx! {
                div { class: "floor",
                    div { class: "floor-top",
                        Figures { summary, series, area, clock, now_ms: step_end_ms, window }
                    }
                    div { class: "floor-needs-place",
                        AttentionList { address, workers, workstations, clock }
                    }
                    div { class: "floor-rows",
                        Rows { kind: EntityType::Worker, address, answer: workers, clock }
                        Rows { kind: EntityType::Workstation, address, answer: workstations, clock }
                    }
                    div { class: "floor-charts",
                        Production { series, now_ms: step_end_ms }
                        Heat { summary, names, area, minute, now_ms: step_end_ms }
                    }
                }
            },
        }
    }
}
