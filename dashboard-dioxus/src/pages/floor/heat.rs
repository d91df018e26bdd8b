use super::steps;
use crate::api::operation::{UtilizationByStep, utilization_by_step, window_input};
use crate::api::{Answer, Panel, use_query_at};
use crate::chart::heatmap::{Column, Row, cells};
use crate::chart::heatmap_chart::Heatmap;
use crate::chart::series::Step;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::sorted_map::SortedMap;
use crate::lean::zone::Zone;
use crate::model::window::WindowChoice;
use crate::model::{EntityName, FactorySummary, Span, UtilizationSet, UtilizationSteps};
use crate::route::{Address, go_to};
use crate::words::floor as words;
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::window::Resolution;
use std::rc::Rc;

/// Up to so many rows are painted at once, so that they are in a picture and on paper too.
const ALL_PAINTED: usize = 100;

/// The workers' utilization hour by hour, asked for as one. `minute` tells when it may be asked for again.
#[component]
pub(super) fn Heat(
    summary: Answer<FactorySummary>,
    names: Answer<Vec<EntityName>>,
    area: Memo<Option<String>>,
    minute: Memo<i64>,
    now_ms: Memo<f64>,
) -> Element {
    let context = use_page_context();
    let window = use_memo(move || summary.with(|summary| summary.window).flatten());
    let resolution = use_memo(move || window().map(steps::heat_resolution));
    // A thousand workers' hours are a large answer, and an hour's colour seldom changes within a minute.
    let revision = use_memo(move || {
        minute();
        summary.peek().shown().map(|summary| summary.revision)
    });
    let answer = use_query_at::<UtilizationByStep>(
        move || revision.cloned(),
        move || {
            let choice = context.factory_window()?;
            Some(utilization_by_step::Variables {
                factory_id: choice.factory_id,
                window: window_input(choice.window)?,
                resolution: resolution()?,
                area: area(),
            })
        },
    );
    let drawn = use_memo(move || {
        let known = names.read();
        let known = known.shown().map(Vec::as_slice).unwrap_or_default();
        let resolution = resolution()?;
        answer.with(|set| drawn(set, known, resolution, &context.zone()))
    });
    let is_all_time = context.factory_window().is_some_and(|choice| choice.window == WindowChoice::AllTime);
    let title = if resolution() == Some(Resolution::Day) { words::HEAT_BY_DAY } else { words::HEAT };
    let panel = answer.read();
    rsx! {
        PanelFrame { title, revision: panel.shown().map(|set| set.revision), outdated: answer.outdated(),
            match &*panel {
                _ if is_all_time => rsx! { Empty { text: words::NO_COURSE } },
                Panel::Waiting => rsx! { Skeleton { lines: 8 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                Panel::Showing(set) if set.series.is_empty() => rsx! { Empty { text: words::NO_HEAT } },
                Panel::Showing(_) => rsx! {
                    if let Some((columns, rows)) = drawn() {
                        div {
                            class: if rows.len() <= ALL_PAINTED { "floor-heat floor-heat-whole" } else { "floor-heat" },
                            "data-testid": "heatmap",
                            Heatmap {
                                title,
                                columns,
                                rows: rows.clone(),
                                now_ms: Some(now_ms()),
                                zone: context.zone(),
                                on_open: move |id: String| go_to(Address::entity(EntityType::Worker, &id, context.selection())),
                            }
                        }
                    }
                },
            }
        }
    }
}

fn drawn(
    set: &UtilizationSet,
    names: &[EntityName],
    resolution: Resolution,
    zone: &Zone,
) -> (Rc<[Column]>, Rc<[Row]>) {
    let columns = steps::heat_columns(set.window, resolution, zone);
    let workers = names.iter().filter(|known| known.kind == EntityType::Worker);
    let mut names = SortedMap::default();
    for known in workers {
        names.insert(known.id.as_str(), known.name.as_deref().unwrap_or(&known.id));
    }
    let row = |entity: &UtilizationSteps| {
        let step = |(Span { from, to }, value): &(Span, Option<f64>)| Step {
            from_ms: from.ms(),
            to_ms: to.ms(),
            value: *value,
        };
        let steps: Vec<Step> = entity.steps.iter().map(step).collect();
        Row {
            id: entity.id.as_str().into(),
            name: names.get(&entity.id.as_str()).copied().unwrap_or(&entity.id).into(),
            cells: cells(&columns, &steps),
        }
    };
    let rows = set.series.iter().map(row).collect();
    (columns, rows)
}
