use super::area::areas;
use super::steps;
use crate::api::operation::{
    Entities, FactoryEntities, FactoryMetrics, MetricSeries, factory_entities, factory_metrics,
    metric_series, window_input,
};
use crate::api::{Answer, Panel, use_query, use_query_at, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::memo::{Memo, use_memo};
use crate::live::table::Table;
use crate::model::{EntityMetrics, EntityName, FactorySummary, Series};
use crate::route::FloorAddress;
use dioxus::prelude::*;
use domain::bucket::BUCKET_MS;
use domain::event::EntityType;

/// What the parts of the floor show. Whatever tells of all workers or all workstations is one operation.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct FloorData {
    /// The area that is shown, none for all of them.
    pub(super) area: Memo<Option<String>>,
    pub(super) summary: Answer<FactorySummary>,
    pub(super) workers: Answer<Table<EntityMetrics>>,
    pub(super) workstations: Answer<Table<EntityMetrics>>,
    pub(super) names: Answer<Vec<EntityName>>,
    pub(super) areas: Memo<Vec<String>>,
    pub(super) series: Answer<Series>,
    /// Whether nobody and nothing was ever seen.
    pub(super) is_untouched: Memo<bool>,
}

/// Asks for what the floor shows.
pub(super) fn use_floor_data(address: ReadSignal<FloorAddress>) -> FloorData {
    let context = use_page_context();
    let area = use_memo(move || address.read().selection.area());

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
        // Who is not shown workers is not told whether there are any.
        let is_empty = |answer: Answer<Table<_>>| answer.with(Table::is_empty).unwrap_or(true);
        names.with(Vec::is_empty) == Some(true)
            && is_empty(workers)
            && is_empty(workstations)
            && !matches!(&*workers.read(), Panel::Refused(_))
    });
    FloorData { area, summary, workers, workstations, names, areas, series, is_untouched }
}
