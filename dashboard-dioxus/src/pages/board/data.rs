use super::layout::Viewport;
use super::pages::{Area, Group, MOST_PAGES, Page, areas, condensed, pages};
use super::turning::{Turning, use_turning};
use super::viewport::use_viewport;
use crate::api::operation::{Entities, FactoryMetrics, factory_metrics};
use crate::api::{Answer, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::shared::Shared;
use crate::live::table::Table;
use crate::model::attention::AttentionItem;
use crate::model::{EntityMetrics, FactorySummary};
use crate::pages::attention::{Recent, use_attention, use_recent};
use crate::route::BoardAddress;
use dioxus::prelude::*;
use domain::event::EntityType;

/// What the parts of the board show.
pub(super) struct BoardData {
    pub(super) viewport: ReadSignal<Viewport>,
    pub(super) workers: Answer<Table<EntityMetrics>>,
    pub(super) workstations: Answer<Table<EntityMetrics>>,
    pub(super) areas: Memo<Vec<Area>>,
    /// Whether anybody was given an area.
    pub(super) has_areas: Memo<bool>,
    pub(super) pages: Memo<Vec<Page>>,
    pub(super) turning: Turning,
    /// The figures of the area in view, or of all where a page is about all, from the server.
    pub(super) summary: Answer<FactorySummary>,
}

/// Asks for what the board shows, and turns its pages.
pub(super) fn use_board_data(address: ReadSignal<BoardAddress>, clock: ReadSignal<f64>) -> BoardData {
    let context = use_page_context();
    let only = use_memo(move || address.read().selection.area());
    // Until it is known, as most do.
    let sees_workers = use_memo(move || {
        let factory_id = context.factory_window().map(|choice| choice.factory_id).unwrap_or_default();
        context.of_me(|me| me.sees_workers(&factory_id)) != Some(false)
    });
    let entities = move |kind| {
        use_subscription::<Entities>(move || {
            let is_asked = kind == EntityType::Workstation || sees_workers();
            is_asked.then_some(context.factory_window()?.entities(kind).in_area(only()))
        })
    };
    let workers = entities(EntityType::Worker);
    let workstations = entities(EntityType::Workstation);
    let viewport = use_viewport();
    let areas = use_memo(move || {
        // Half of the board would look like all of it.
        match (workers.read().shown(), workstations.read().shown()) {
            (Some(workers), Some(workstations)) => areas([workers, workstations].into_iter()),
            (None, Some(workstations)) if !sees_workers() => areas(std::iter::once(workstations)),
            _ => Vec::new(),
        }
    });
    let all = use_memo(move || {
        let pages = pages(&areas.read(), viewport().capacity());
        // The figures are of workers, too, whom not everybody sees.
        let has_figures = || !sees_workers() && workstations.read().shown().is_some();
        if pages.is_empty() && has_figures() { vec![Page::of_all()] } else { pages }
    });
    // Who needs attention is looked for among workers, too.
    let is_condensed = use_memo(move || all.read().len() > MOST_PAGES && sees_workers());
    let recent = use_recent(only, is_condensed);
    let attention = use_attention(recent.workers, recent.workstations, clock);
    let pages = use_memo(move || {
        if !is_condensed() {
            return all();
        }
        let attention = attention.read();
        let items = attention.as_ref().map(|attention| attention.items.as_slice()).unwrap_or_default();
        let row = |item: &AttentionItem| row(item, [workers, workstations], recent);
        condensed(&items.iter().filter_map(row).collect::<Vec<_>>(), viewport().capacity())
    });
    let turning = use_turning(address, pages);
    let group = use_memo(move || turning.shown.read().as_ref().map(|page| page.id.group.clone()));
    let has_areas = use_memo(move || areas.read().iter().any(|area| area.name.is_some()));
    let summary = use_subscription::<FactoryMetrics>(move || {
        let summary = context.factory_window()?.summary();
        let area = match group()? {
            Group::Area(area) => area,
            Group::Summary | Group::Exceptions => {
                return Some(factory_metrics::Variables { area: only(), ..summary });
            }
        };
        // The server sums up areas and the whole, which is the same where there are none.
        (area.is_some() || !has_areas()).then_some(factory_metrics::Variables { area, ..summary })
    });
    BoardData { viewport, workers, workstations, areas, has_areas, pages, turning, summary }
}

/// The numbers of somebody who needs attention: those of the board's window where there are any.
fn row(
    item: &AttentionItem,
    shown: [Answer<Table<EntityMetrics>>; 2],
    recent: Recent,
) -> Option<Shared<EntityMetrics>> {
    let [workers, workstations] = shown;
    let answers = match item.kind {
        EntityType::Worker => [workers, recent.workers],
        EntityType::Workstation => [workstations, recent.workstations],
    };
    answers.into_iter().find_map(|answer| answer.peek().shown()?.row(&item.id).cloned())
}
