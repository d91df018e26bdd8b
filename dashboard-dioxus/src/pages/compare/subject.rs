//! Who is compared, and what the parts of the page have in common.

use crate::api::operation::{
    Entities, EntitySeries, FactoryEntities, entity_series, factory_entities, timeline,
};
use crate::api::{Answer, use_query_at, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::live::clock::use_clock;
use crate::live::table::Table;
use crate::model::{EntityMetrics, EntityName, EntitySeriesSet};
use crate::pages::over_time::CHART_CLOCK_STEP_MS;
use crate::pages::over_time::chart_windows::ChartWindows;
use crate::pages::over_time::timelines::{Timelines, use_timelines};
use crate::route::{Address, CompareAddress};
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::window::Resolution;
use std::rc::Rc;

/// The most that are compared at once: as many as a chart can tell apart.
pub(super) const MOST: usize = crate::chart::series::MOST_SERIES;

/// Given to all parts of the page as a context.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub(super) address: ReadSignal<CompareAddress>,
    pub(super) kind: Memo<EntityType>,
    /// Each once, in the order of the address, at most [`MOST`].
    pub(super) ids: Memo<Vec<String>>,
    /// Everybody who could be compared.
    pub(super) names: Answer<Vec<EntityName>>,
    /// The compared by id and by what people call them.
    pub(super) titles: Memo<Vec<(String, Rc<str>)>>,
    /// Those of them that were ever seen: of others the server can tell nothing.
    pub(super) known: Memo<Vec<(String, Rc<str>)>>,
    pub(super) entities: Answer<Table<EntityMetrics>>,
    pub(super) windows: Memo<Option<ChartWindows>>,
    pub(super) timelines: Timelines<MOST>,
    pub(super) series: Answer<EntitySeriesSet>,
    /// The time, coarsely.
    pub(super) now_ms: ReadSignal<f64>,
}

impl Subject {
    /// This page with others in it.
    pub(super) fn with_ids(&self, ids: Vec<String>) -> Address {
        let selection = self.address.peek().selection.clone();
        Address::Compare(CompareAddress { selection, kind: Some(*self.kind.peek()), ids })
    }
}

/// Who is compared, for the parts of the page.
pub(super) fn use_subject() -> Subject {
    use_context::<Subject>()
}

/// Asks about those of the address.
pub(super) fn provide_subject(address: ReadSignal<CompareAddress>) -> Subject {
    let context = use_page_context();
    let kind = use_memo(move || address.read().kind.unwrap_or(EntityType::Worker));
    let ids = use_memo(move || compared(&address.read().ids));
    let entities = use_subscription::<Entities>(move || {
        let ids = ids();
        if ids.is_empty() { None } else { Some(context.factory_window()?.entities_with_ids(kind(), ids)) }
    });
    // The window moves with the clock even while the factory does not.
    let moved = use_memo(move || {
        entities.with(|table| table.revision() + table.window().map_or(0, |window| window.to.0))
    });
    let names = use_query_at::<FactoryEntities>(
        move || moved.cloned(),
        move || Some(factory_entities::Variables { factory_id: context.factory_window()?.factory_id }),
    );
    let titles = use_memo(move || {
        let title = |id: &String| {
            let of = |list: &Vec<EntityName>| {
                let entity = list.iter().find(|entity| entity.kind == kind() && entity.id == *id);
                entity.and_then(|entity| entity.name.clone())
            };
            let name = names.with(of).flatten();
            (id.clone(), Rc::from(name.as_deref().unwrap_or(id)))
        };
        ids.read().iter().map(title).collect::<Vec<(String, Rc<str>)>>()
    });
    let known = use_memo(move || {
        let is_known = |id: &str| {
            let of =
                |list: &Vec<EntityName>| list.iter().any(|entity| entity.kind == kind() && entity.id == *id);
            names.with(of).unwrap_or(false)
        };
        titles().into_iter().filter(|(id, _)| is_known(id)).collect::<Vec<(String, Rc<str>)>>()
    });
    let now_ms = use_clock(CHART_CLOCK_STEP_MS);
    let windows = use_memo(move || {
        context.factory()?;
        let (window, last_seen) =
            entities.with(|table| (table.window(), table.rows().filter_map(|row| row.last_seen_at).max()))?;
        Some(ChartWindows::new(
            address.read().selection.window,
            window,
            last_seen,
            Instant::from_ms(now_ms()),
            &context.zone(),
        ))
    });
    let asked = use_memo(move || {
        let (Some(choice), Some(windows)) = (context.factory_window(), windows()) else { return Vec::new() };
        let asked = |(id, _): &(String, Rc<str>)| timeline::Variables {
            factory_id: choice.factory_id.clone(),
            kind: kind(),
            id: id.clone(),
            window: windows.hours.clone(),
        };
        known.read().iter().map(asked).collect()
    });
    let timelines = use_timelines(move || moved.cloned(), asked);
    let series = use_query_at::<EntitySeries>(
        move || moved.cloned(),
        move || {
            let windows = windows().filter(|_| !known.read().is_empty())?;
            let (resolution, window) = if windows.is_short() {
                (Resolution::Hour, windows.hours)
            } else {
                (Resolution::Day, windows.days)
            };
            Some(entity_series::Variables {
                factory_id: context.factory_window()?.factory_id,
                window,
                resolution,
                kind: kind(),
                ids: Some(known.read().iter().map(|(id, _)| id.clone()).collect()),
                area: None,
            })
        },
    );
    use_context_provider(|| Subject {
        address,
        kind,
        ids,
        names,
        titles,
        known,
        entities,
        windows,
        timelines,
        series,
        now_ms,
    })
}

/// Each once, and no more than can be compared.
fn compared(ids: &[String]) -> Vec<String> {
    let mut compared: Vec<String> = Vec::with_capacity(MOST);
    for id in ids {
        if compared.len() < MOST && !compared.contains(id) {
            compared.push(id.clone());
        }
    }
    compared
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn everybody_is_compared_once_and_no_more_than_four() {
        let ids = ["W1", "W2", "W1", "W3", "W4", "W5"].map(str::to_owned);
        assert_eq!(compared(&ids), ["W1", "W2", "W3", "W4"]);
    }
}
