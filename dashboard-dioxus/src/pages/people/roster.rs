//! Those who are known in the factory, which of them are selected, and how they are changed.

use crate::api::client::Client;
use crate::api::operation::{EntityChangeInput, FactoryEntities, Unknown, factory_entities, update_entities};
use crate::api::{Answer, use_client, use_polled_query};
use crate::components::page_context::{PageContext, use_page_context};
use crate::lean::memo::{Memo, use_memo};
use crate::lean::order;
use crate::lean::sorted_map::SortedMap;
use crate::live::clock::use_clock;
use crate::model::EntityName;
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::id_order;
use std::collections::HashMap;
use std::rc::Rc;

/// How often it is asked whether others have come or were changed elsewhere, in ms.
const AGAIN_MS: u32 = 30_000;

/// What names one of them.
pub(super) type Key = (EntityType, String);

/// All parts of the page work on this one.
#[derive(Clone, Copy)]
pub(super) struct Roster {
    context: PageContext,
    client: Client,
    pub(super) entities: Answer<Vec<EntityName>>,
    /// What was changed here since the last answer, which is seen at once.
    changed: Signal<Vec<EntityName>>,
    /// Workers, then workstations, in the order of their ids.
    pub(super) listed: Memo<Rc<[EntityName]>>,
    pub(super) selected: Signal<SortedMap<Key, ()>>,
}

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.entities == other.entities
    }
}

/// Asks who is known, for the component that calls this.
pub(super) fn use_roster() -> Roster {
    let context = use_page_context();
    let client = use_client();
    let entities = use_polled_query::<FactoryEntities>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let clock = use_clock(AGAIN_MS);
    use_effect(move || {
        clock.read();
        entities.refresh();
    });
    let mut changed = use_signal(Vec::new);
    use_effect(move || {
        // Every answer that comes after a change was asked after it, but for one that was on its way; the next one follows.
        drop(entities.read());
        if !changed.peek().is_empty() {
            changed.set(Vec::new());
        }
    });
    let listed = use_memo(move || {
        let answered = entities.with(Clone::clone).unwrap_or_default();
        Rc::<[EntityName]>::from(merged(answered, &changed.read()))
    });
    let selected = use_signal(SortedMap::default);
    Roster { context, client, entities, changed, listed, selected }
}

impl Roster {
    /// Shows what the server has changed.
    pub(super) fn take_over(self, entities: Vec<EntityName>) {
        let mut changed = self.changed;
        changed.write().extend(entities);
        self.entities.refresh();
    }

    /// Has the server make changes, all of them or none. Answers with how many it made, or why it made none.
    pub(super) async fn apply(
        self,
        changes: Vec<EntityChangeInput>,
        unknown: Unknown,
    ) -> Result<usize, String> {
        let Some(choice) = self.context.factory_window() else { return Ok(0) };
        let updated = update_entities(self.client, choice.factory_id, changes, unknown).await?;
        let count = updated.len();
        self.take_over(updated);
        Ok(count)
    }

    /// Selects one, or no longer.
    pub(super) fn toggle(self, key: Key) {
        let mut selected = self.selected;
        let mut selected = selected.write();
        if selected.remove(&key).is_none() {
            selected.insert(key, ());
        }
    }
}

/// Those of an answer as they are after what was changed since.
fn merged(answered: Vec<EntityName>, changed: &[EntityName]) -> Vec<EntityName> {
    if changed.is_empty() {
        return answered;
    }
    let key = |named: &EntityName| (named.kind, named.id.clone());
    let mut later: HashMap<Key, EntityName> =
        changed.iter().map(|named| (key(named), named.clone())).collect();
    let mut merged: Vec<EntityName> =
        answered.into_iter().map(|named| later.remove(&key(&named)).unwrap_or(named)).collect();
    if !later.is_empty() {
        merged.extend(later.into_values());
        order::sort(&mut merged, |one, other| {
            one.kind.cmp(&other.kind).then_with(|| id_order::compare(&one.id, &other.id))
        });
    }
    merged
}

#[cfg(test)]
mod unit {
    use super::*;

    fn named(kind: EntityType, id: &str, name: Option<&str>) -> EntityName {
        EntityName { kind, id: id.to_owned(), name: name.map(str::to_owned), area: None }
    }

    #[test]
    fn what_was_changed_last_is_seen_and_who_is_new_stands_in_the_order_of_the_ids() {
        let answered = vec![
            named(EntityType::Worker, "W2", None),
            named(EntityType::Worker, "W10", None),
            named(EntityType::Workstation, "W2", None),
        ];
        let changed = [
            named(EntityType::Worker, "W10", Some("Ada")),
            named(EntityType::Worker, "W3", Some("Eve")),
            named(EntityType::Worker, "W10", Some("Ben")),
        ];
        let expected = [
            named(EntityType::Worker, "W2", None),
            named(EntityType::Worker, "W3", Some("Eve")),
            named(EntityType::Worker, "W10", Some("Ben")),
            named(EntityType::Workstation, "W2", None),
        ];
        assert_eq!(merged(answered, &changed), expected);
    }
}
