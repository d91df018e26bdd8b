//! What the address of the page is about, for all components of the page.

use crate::api::operation::{Caller, Factories, FactoryWindow, Listed, UtcOffsets, factories, utc_offsets};
use crate::api::{Answer, Panel, use_query};
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::zone::Zone;
use crate::model::window::WindowChoice;
use crate::model::{Factory, UNSEEN_AFTER_MIN};
use crate::route::{Address, Selection, go_to, replace_by};
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;

/// The factory and window that the address names, and what follows from them.
#[derive(Clone, Copy)]
pub(crate) struct PageContext {
    pub(crate) address: Memo<Address>,
    /// The factories, and who asks.
    pub(crate) listed: Answer<Listed>,
    factory_window: Memo<Option<FactoryWindow>>,
    zone: Memo<Zone>,
}

/// What the page is about.
pub(crate) fn use_page_context() -> PageContext {
    use_context::<PageContext>()
}

impl PageContext {
    /// The factory of the address, else the first there is, in the window of the address; none as long as there is no
    /// factory. Whoever reads it is drawn again when it changes.
    pub(crate) fn factory_window(&self) -> Option<FactoryWindow> {
        self.factory_window.cloned()
    }

    /// The factory's time zone, UTC as long as it is not known.
    pub(crate) fn zone(&self) -> Zone {
        self.zone.cloned()
    }

    /// After how long without an observation one counts as not observed, in minutes.
    pub(crate) fn unseen_after_min(&self) -> u16 {
        self.address.read().selection().unseen_after_min.unwrap_or(UNSEEN_AFTER_MIN)
    }

    /// The same in ms.
    pub(crate) fn unseen_after_ms(&self) -> f64 {
        f64::from(self.unseen_after_min()) * MS_PER_MINUTE as f64
    }

    /// The factory as it is listed.
    pub(crate) fn factory(&self) -> Option<Factory> {
        let choice = self.factory_window()?;
        let is_it = |factory: &&Factory| factory.id == choice.factory_id;
        self.listed.with(|listed| listed.factories.iter().find(is_it).cloned()).flatten()
    }

    /// The id that the address names when there is no such factory.
    pub(crate) fn unknown_factory(&self) -> Option<String> {
        let id = self.factory_window()?.factory_id;
        self.listed.with(|listed| listed.factories.iter().all(|factory| factory.id != id))?.then_some(id)
    }

    /// The factories that are listed; none as long as they are not known.
    pub(crate) fn factories(&self) -> Vec<Factory> {
        self.listed.with(|listed| listed.factories.clone()).unwrap_or_default()
    }

    /// Something about who asks, once that is known.
    pub(crate) fn of_me<P>(&self, part: impl FnOnce(&Caller) -> P) -> Option<P> {
        self.listed.with(|listed| part(&listed.me))
    }

    /// Goes to the same page in the window between two instants, in ms. The browser's back button returns.
    pub(crate) fn zoom_into(&self, ends: [f64; 2]) {
        let [from, to] = ends.map(Instant::from_ms);
        if let Some(window) = WindowChoice::range(from, to) {
            let selection = Selection { window, ..self.selection() };
            go_to(self.address.peek().clone().selecting(selection));
        }
    }

    /// What is selected on this page, for the address of another.
    pub(crate) fn selection(&self) -> Selection {
        let selection = self.address.read().selection().clone();
        match self.factory_window() {
            Some(choice) => Selection { factory: choice.factory_id, ..selection },
            None => selection,
        }
    }
}

/// Provides [`PageContext`] to the components of the page at an address.
pub(crate) fn use_page_context_provider(address: Memo<Address>) {
    let listed = use_query::<Factories>(|| Some(factories::Variables));
    let factory_window = use_memo(move || wanted_factory_window(address.read().selection(), &listed.read()));
    let zone = use_zone(listed, factory_window);
    use_context_provider(|| PageContext { address, listed, factory_window, zone });
    // Writes the choice into the address in place of the one that left it open, so that a factory which is created
    // later and comes first does not take over the screen.
    use_effect(move || {
        let address = address();
        if let Some(choice) = factory_window()
            && address.selection().factory.is_empty()
            && !matches!(address, Address::Unknown(..))
        {
            let named = Selection { factory: choice.factory_id, ..address.selection().clone() };
            // The page stays the same, even one about an entity: its factory was only left open.
            replace_by(address.with_selection(named));
        }
    });
}

/// The factory's zone: with the server's offsets, with the browser's until these are there, UTC until its name is known.
fn use_zone(listed: Answer<Listed>, factory_window: Memo<Option<FactoryWindow>>) -> Memo<Zone> {
    let factory_id = move || factory_window.read().as_ref().map(|choice| choice.factory_id.clone());
    let name = use_memo(move || {
        let is_it = |factory: &&Factory| Some(&factory.id) == factory_id().as_ref();
        let zone_of =
            |listed: &Listed| listed.factories.iter().find(is_it).map(|factory| factory.time_zone.clone());
        listed.with(zone_of).flatten()
    });
    let offsets =
        use_query::<UtcOffsets>(move || factory_id().map(|factory_id| utc_offsets::Variables { factory_id }));
    use_effect(move || {
        let of_another =
            |name: &String| offsets.with(|of| of.as_ref().is_some_and(|of| of.time_zone != *name));
        if name.read().as_ref().and_then(of_another) == Some(true) {
            offsets.refresh();
        }
    });
    use_memo(move || match name.read().as_ref() {
        None => Zone::fixed("UTC", 0),
        Some(name) => offsets
            .with(|of| {
                of.as_ref()
                    .filter(|of| of.time_zone == *name)
                    .map(|of| Zone::listed(name, of.changes.clone()))
            })
            .flatten()
            .unwrap_or_else(|| Zone::named(name)),
    })
}

fn wanted_factory_window(selection: &Selection, listed: &Panel<Listed>) -> Option<FactoryWindow> {
    let first = || listed.shown()?.factories.first().map(|factory| factory.id.clone());
    let named = Some(selection.factory.clone()).filter(|id| !id.is_empty());
    named.or_else(first).map(|factory_id| FactoryWindow { factory_id, window: selection.window })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::metric::UnitsBasis;
    use serde_json::json;

    fn listed(factories: Vec<Factory>) -> Panel<Listed> {
        let me = json!({ "name": "anonymous", "isOperator": true, "accessOpen": true, "grants": [] });
        Panel::Showing(Listed { factories, me: serde_json::from_value(me).unwrap() })
    }

    fn factories() -> Panel<Listed> {
        let factory = |id: &str| Factory {
            id: id.to_owned(),
            name: id.to_owned(),
            time_zone: "UTC".to_owned(),
            units_basis: UnitsBasis::Workers,
        };
        listed(vec![factory("alpha"), factory("beta")])
    }

    fn wanted_factory(named: &str, factories: &Panel<Listed>) -> Option<String> {
        let selection = Selection { factory: named.to_owned(), ..Selection::default() };
        wanted_factory_window(&selection, factories).map(|choice| choice.factory_id)
    }

    #[test]
    fn the_address_decides_and_otherwise_the_first_factory() {
        assert_eq!(wanted_factory("beta", &factories()).as_deref(), Some("beta"));
        assert_eq!(wanted_factory("", &factories()).as_deref(), Some("alpha"));
    }

    #[test]
    fn a_named_factory_is_asked_for_before_the_list_is_there() {
        assert_eq!(wanted_factory("beta", &Panel::Waiting).as_deref(), Some("beta"));
        assert_eq!(wanted_factory("", &Panel::Waiting), None);
        assert_eq!(wanted_factory("", &listed(Vec::new())), None);
    }
}
