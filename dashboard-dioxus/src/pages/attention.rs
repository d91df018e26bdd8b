//! Who needs attention now: asked apart from what a page shows, because its window is not the one that is looked at.

use crate::api::operation::{Entities, FactoryWindow};
use crate::api::{Answer, use_subscription};
use crate::components::page_context::use_page_context;
use crate::lean::memo::{Memo, use_memo};
use crate::live::table::Table;
use crate::model::EntityMetrics;
use crate::model::attention::{Attention, judged_minutes};
use crate::model::window::WindowChoice;
use dioxus::prelude::*;
use domain::event::EntityType;
use std::rc::Rc;

/// Everyone who was seen lately.
#[derive(Clone, Copy)]
pub(super) struct Recent {
    pub(super) workers: Answer<Table<EntityMetrics>>,
    pub(super) workstations: Answer<Table<EntityMetrics>>,
}

/// Follows those of an area, or all of them, for as long as they are wanted.
pub(super) fn use_recent(area: Memo<Option<String>>, is_wanted: Memo<bool>) -> Recent {
    let context = use_page_context();
    let recent = move |kind| {
        use_subscription::<Entities>(move || {
            let window = WindowChoice::last_minutes(judged_minutes(context.unseen_after_ms()));
            let factory_id = context.factory_window().filter(|_| is_wanted())?.factory_id;
            Some(FactoryWindow { factory_id, window }.entities(kind).in_area(area()))
        })
    };
    Recent { workers: recent(EntityType::Worker), workstations: recent(EntityType::Workstation) }
}

/// Who needs attention, judged anew with each delivery and each step of the clock; told anew when that changed something.
pub(super) fn use_attention(
    workers: Answer<Table<EntityMetrics>>,
    workstations: Answer<Table<EntityMetrics>>,
    clock: ReadSignal<f64>,
) -> Memo<Option<Rc<Attention>>> {
    let context = use_page_context();
    let mut before = use_hook(|| CopyValue::new(Rc::new(Attention::default())));
    use_memo(move || {
        let (workers, workstations) = (workers.read(), workstations.read());
        let rows = workers.shown()?.rows().chain(workstations.shown()?.rows()).map(|row| &**row);
        let judged = Attention::judge(rows, clock(), context.unseen_after_ms(), &before.peek());
        let judged = Rc::new(judged);
        before.set(Rc::clone(&judged));
        Some(judged)
    })
}
