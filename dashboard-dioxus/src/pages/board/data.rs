use super::layout::Viewport;
use super::pages::{Area, Page, PageId, after, areas, pages, place_of};
use super::viewport::use_viewport;
use crate::api::operation::{Entities, FactoryMetrics, factory_metrics};
use crate::api::{Answer, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::memo::{Memo, use_memo, use_read_only};
use crate::live::table::Table;
use crate::model::{EntityMetrics, FactorySummary};
use crate::route::BoardAddress;
use dioxus::prelude::*;
use domain::event::EntityType;
use gloo_timers::future::TimeoutFuture;

/// How long a page is shown unless the address says otherwise, in seconds: long enough to find a name on it.
const SHOWN_S: u16 = 15;
const MS_PER_SECOND: u32 = 1_000;

/// What the parts of the board show.
pub(super) struct BoardData {
    pub(super) viewport: ReadSignal<Viewport>,
    pub(super) workers: Answer<Table<EntityMetrics>>,
    pub(super) workstations: Answer<Table<EntityMetrics>>,
    pub(super) areas: Memo<Vec<Area>>,
    /// Whether anybody was given an area.
    pub(super) has_areas: Memo<bool>,
    pub(super) pages: Memo<Vec<Page>>,
    /// The page in view.
    pub(super) shown: Memo<Option<Page>>,
    /// The figures of its area, from the server.
    pub(super) summary: Answer<FactorySummary>,
}

/// Asks for what the board shows, and turns its pages.
pub(super) fn use_board_data(address: ReadSignal<BoardAddress>) -> BoardData {
    let context = use_page_context();
    let workers =
        use_subscription::<Entities>(move || Some(context.factory_window()?.entities(EntityType::Worker)));
    let workstations = use_subscription::<Entities>(move || {
        Some(context.factory_window()?.entities(EntityType::Workstation))
    });
    let viewport = use_viewport();
    let areas = use_memo(move || {
        // Half of the board would look like all of it.
        match (workers.read().shown(), workstations.read().shown()) {
            (Some(workers), Some(workstations)) => areas([workers, workstations].into_iter()),
            _ => Vec::new(),
        }
    });
    let pages = use_memo(move || pages(&areas.read(), viewport().capacity()));
    let wanted = use_rotation(address, pages);
    let shown = use_memo(move || {
        let pages = pages.read();
        pages.get(place_of(&pages, wanted.read().as_ref())).cloned()
    });
    let area = use_memo(move || shown.read().as_ref().map(|page| page.id.area.clone()));
    let has_areas = use_memo(move || areas.read().iter().any(|area| area.name.is_some()));
    let summary = use_subscription::<FactoryMetrics>(move || {
        let summary = context.factory_window()?.summary();
        let area = area()?;
        // The server sums up areas and the whole, which is the same where there are none.
        (area.is_some() || !has_areas()).then_some(factory_metrics::Variables { area, ..summary })
    });
    BoardData { viewport, workers, workstations, areas, has_areas, pages, shown, summary }
}

/// The page that is wanted next, turned as time passes.
fn use_rotation(address: ReadSignal<BoardAddress>, pages: Memo<Vec<Page>>) -> ReadSignal<Option<PageId>> {
    let mut wanted = use_signal(|| None::<PageId>);
    use_future(move || async move {
        // Only a browser has timers; a page that is drawn as text stands still.
        while cfg!(target_arch = "wasm32") {
            let shown_s = address.peek().rotate_s.unwrap_or(SHOWN_S);
            TimeoutFuture::new(u32::from(shown_s) * MS_PER_SECOND).await;
            let pages = pages.peek();
            let shown = pages.get(place_of(&pages, wanted.peek().as_ref())).map(|page| page.id.clone());
            let next = after(&pages, shown.as_ref());
            if *wanted.peek() != next {
                wanted.set(next);
            }
        }
    });
    use_read_only(wanted)
}
