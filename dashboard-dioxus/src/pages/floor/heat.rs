use super::data::FloorData;
use super::steps;
use super::timeline::TimelineView;
use crate::api::operation::{UtilizationByStep, utilization_by_step, window_input};
use crate::api::{Panel, use_query_at};
use crate::chart::heatmap::{Column, Row, cells};
use crate::chart::heatmap_chart::Heatmap;
use crate::chart::series::Step;
use crate::components::notice::{Empty, Outdated, Refused};
use crate::components::page_context::use_page_context;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::sorted_map::SortedMap;
use crate::lean::zone::Zone;
use crate::model::{EntityName, Span, UtilizationSet, UtilizationSteps};
use crate::route::{Address, go_to};
use crate::words::{entity, floor as words};
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::window::Resolution;
use std::rc::Rc;

/// Up to so many rows are painted at once, so that they are in a picture and on paper too.
const ALL_PAINTED: usize = 100;

/// The utilization of workers or workstations hour by hour, asked for as one.
#[component]
pub(super) fn Heat(view: TimelineView, kind: Memo<EntityType>) -> Element {
    let context = use_page_context();
    let FloorData { summary, names, area, .. } = view.data;
    let resolution =
        use_memo(move || summary.with(|summary| summary.window).flatten().map(steps::heat_resolution));
    // A thousand workers' hours are a large answer, and an hour's colour seldom changes within a minute.
    let answer = use_query_at::<UtilizationByStep>(
        move || view.revision(),
        move || {
            let choice = context.factory_window()?;
            Some(utilization_by_step::Variables {
                factory_id: choice.factory_id,
                window: window_input(choice.window)?,
                resolution: resolution()?,
                kind: kind(),
                area: area(),
            })
        },
    );
    let drawn = use_memo(move || {
        let known = names.read();
        let known = known.shown().map(Vec::as_slice).unwrap_or_default();
        let resolution = resolution()?;
        answer.with(|set| drawn(set, known, (kind(), resolution), &context.zone()))
    });
    let is_by_day = resolution() == Some(Resolution::Day);
    rsx! {
        Outdated { reason: answer.outdated() }
        match &*answer.read() {
            Panel::Waiting => rsx! { Skeleton { lines: 8 } },
            Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
            Panel::Showing(set) if set.series.is_empty() => rsx! { Empty { text: entity::none_seen(kind()) } },
            Panel::Showing(set) => rsx! {
                if let Some((columns, rows)) = drawn() {
                    div {
                        class: if rows.len() <= ALL_PAINTED { "floor-heat floor-heat-whole" } else { "floor-heat" },
                        "data-testid": "heatmap",
                        "data-revision": set.revision,
                        Heatmap {
                            title: if is_by_day { words::heat_by_day(kind()) } else { words::heat(kind()) },
                            columns,
                            rows: rows.clone(),
                            now_ms: Some((view.step_end_ms)()),
                            zone: context.zone(),
                            on_open: move |id: String| go_to(Address::entity(kind(), &id, context.selection())),
                        }
                    }
                }
            },
        }
    }
}

fn drawn(
    set: &UtilizationSet,
    names: &[EntityName],
    (kind, resolution): (EntityType, Resolution),
    zone: &Zone,
) -> (Rc<[Column]>, Rc<[Row]>) {
    let columns = steps::heat_columns(set.window, resolution, zone);
    let mut known = SortedMap::default();
    for name in names.iter().filter(|known| known.kind == kind) {
        known.insert(name.id.as_str(), name.name.as_deref().unwrap_or(&name.id));
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
            name: known.get(&entity.id.as_str()).copied().unwrap_or(&entity.id).into(),
            cells: cells(&columns, &steps),
        }
    };
    let rows = set.series.iter().map(row).collect();
    (columns, rows)
}
