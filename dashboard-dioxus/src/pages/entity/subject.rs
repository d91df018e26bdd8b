//! Whom the page is about, what is known of it, and what its parts have in common.

use crate::api::operation::{Entities, FactoryEntities, factory_entities, timeline};
use crate::api::{Answer, Panel, use_query_at, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::shared::Shared;
use crate::live::clock::use_clock;
use crate::live::table::Table;
use crate::model::{EntityMetrics, EntityName};
use crate::pages::over_time::CHART_CLOCK_STEP_MS;
use crate::pages::over_time::chart_windows::{ChartWindows, MOST_DAYS};
use crate::pages::over_time::timelines::{Timelines, use_timelines};
use crate::route::EntityAddress;
use dioxus::prelude::*;
use domain::event::EntityType;

/// What is known of a worker or workstation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EntityStatus {
    /// Nothing yet.
    Waiting,
    /// It has figures in the window.
    Seen(Shared<EntityMetrics>),
    /// It was seen at some time, but not in this window.
    Known(EntityName),
    /// Nobody ever saw it.
    Unknown,
    /// It could not be found out, in the server's words.
    Refused(String),
}

/// Given to all parts of the page as a context.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) kind: EntityType,
    pub(crate) address: ReadSignal<EntityAddress>,
    pub(crate) entities: Answer<Table<EntityMetrics>>,
    /// Asked only where the window has no figures of it.
    pub(crate) names: Answer<Vec<EntityName>>,
    pub(crate) status: Memo<EntityStatus>,
    /// Another number whenever the answers of queries may have changed.
    pub(crate) moved: Memo<Option<i64>>,
    pub(crate) windows: Memo<Option<ChartWindows>>,
    pub(crate) timelines: Timelines<MOST_DAYS>,
    /// The time, coarsely.
    pub(crate) now_ms: ReadSignal<f64>,
}

impl Subject {
    /// Whether there is anybody to show anything of.
    pub(crate) fn is_known(&self) -> bool {
        matches!(&*self.status.read(), EntityStatus::Seen(_) | EntityStatus::Known(_))
    }
}

/// Whom the page is about, for its parts.
pub(crate) fn use_subject() -> Subject {
    use_context::<Subject>()
}

/// Asks about the entity of the address.
pub(crate) fn provide_subject(kind: EntityType, address: ReadSignal<EntityAddress>) -> Subject {
    let context = use_page_context();
    let entities = use_subscription::<Entities>(move || {
        let id = address.read().id.clone();
        if id.is_empty() { None } else { Some(context.factory_window()?.entities_with_ids(kind, vec![id])) }
    });
    let row = use_memo(move || entities.with(|table| table.row(&address.read().id).cloned()).flatten());
    // The window moves with the clock even while the factory does not.
    let moved = use_memo(move || {
        entities.with(|table| table.revision() + table.window().map_or(0, |window| window.to.0))
    });
    let is_missing = use_memo(move || entities.with(|_| row.read().is_none()).unwrap_or(false));
    let names = use_query_at::<FactoryEntities>(
        move || moved.cloned(),
        move || {
            let factory_id = context.factory_window()?.factory_id;
            is_missing().then_some(factory_entities::Variables { factory_id })
        },
    );
    let status = use_memo(move || {
        if let Some(row) = row() {
            return EntityStatus::Seen(row);
        }
        if !is_missing() {
            return EntityStatus::Waiting;
        }
        let id = &address.read().id;
        match &*names.read() {
            Panel::Waiting => EntityStatus::Waiting,
            Panel::Refused(reason) => EntityStatus::Refused(reason.clone()),
            Panel::Showing(names) => names
                .iter()
                .find(|name| name.kind == kind && name.id == *id)
                .map_or(EntityStatus::Unknown, |name| EntityStatus::Known(name.clone())),
        }
    });
    let now_ms = use_clock(CHART_CLOCK_STEP_MS);
    let windows = use_memo(move || {
        context.factory()?;
        let is_known = matches!(&*status.read(), EntityStatus::Seen(_) | EntityStatus::Known(_));
        let window = entities.with(Table::window).filter(|_| is_known)?;
        let last_seen = row.read().as_ref().and_then(|row| row.last_seen_at);
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
        let asked = |window| timeline::Variables {
            factory_id: choice.factory_id.clone(),
            kind,
            id: address.read().id.clone(),
            window,
        };
        windows.row_windows().into_iter().map(asked).collect()
    });
    let timelines = use_timelines(move || moved.cloned(), asked);
    use_context_provider(|| Subject {
        kind,
        address,
        entities,
        names,
        status,
        moved,
        windows,
        timelines,
        now_ms,
    })
}
