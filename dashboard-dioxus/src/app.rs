//! The application: the pages by their addresses, over one connection to the server.

use crate::api::client::Client;
use crate::api::link::keep_live;
use crate::components::gradual::use_later;
use crate::components::page_context::use_page_context_provider;
use crate::components::shell::Shell;
use crate::components::theme_switch::use_theme_provider;
use crate::lean::history::BrowserHistory;
use crate::lean::memo::use_memo;
use crate::pages::back_office::{Access, Board, Cameras, Compare, DataProblems, Decisions, Devices, People};
use crate::pages::entity::{Worker, Workstation};
use crate::pages::events::Events;
use crate::pages::floor::Floor;
use crate::pages::not_found::NotFound;
use crate::route::{
    AccessAddress, Address, BoardAddress, CompareAddress, DecisionsAddress, DevicesAddress, EntityAddress,
    EventsAddress, FloorAddress, Selection,
};
use crate::styles;
use dioxus::prelude::*;
use dioxus_history::provide_history_context;
use domain::event::EntityType;
use std::rc::Rc;

/// Everything on the page.
#[component]
pub(crate) fn App() -> Element {
    use_hook(|| {
        if let Some(history) = BrowserHistory::open() {
            provide_history_context(Rc::new(history));
        }
        let (client, commands) = Client::open();
        provide_context(client);
        spawn(keep_live(client, commands));
    });
    let is_time = use_later();
    rsx! {
        if cfg!(debug_assertions) {
            style { {styles::ALL} }
        }
        if is_time {
            Router::<Route> {}
        }
    }
}

/// The pages as the router knows them. An [`Address`] is the same without its page, for links.
#[derive(Clone, Debug, PartialEq, Routable)]
#[rustfmt::skip]
pub(crate) enum Route {
    #[layout(WithContext)]
        #[layout(WithShell)]
            #[route("/?:..address")]
            Floor { address: FloorAddress },
            #[route("/worker?:..address")]
            Worker { address: EntityAddress },
            #[route("/workstation?:..address")]
            Workstation { address: EntityAddress },
            #[route("/compare?:..address")]
            Compare { address: CompareAddress },
            #[route("/events?:..address")]
            Events { address: EventsAddress },
            #[route("/cameras?:..address")]
            Cameras { address: DevicesAddress },
            #[route("/devices?:..address")]
            Devices { address: DevicesAddress },
            #[route("/data-problems?:..address")]
            DataProblems { address: DevicesAddress },
            #[route("/decisions?:..address")]
            Decisions { address: DecisionsAddress },
            #[route("/people?:..address")]
            People { address: DevicesAddress },
            #[route("/access?:..address")]
            Access { address: AccessAddress },
        #[end_layout]
        #[route("/board?:..address")]
        Board { address: BoardAddress },
        #[layout(WithShell)]
            #[route("/:..segments")]
            NotFound { segments: Vec<String> },
}

impl Route {
    /// The address that leads to it.
    fn address(self) -> Address {
        match self {
            Self::Floor { address } => Address::Floor(address),
            Self::Worker { address } => Address::Entity(EntityType::Worker, address),
            Self::Workstation { address } => Address::Entity(EntityType::Workstation, address),
            Self::Compare { address } => Address::Compare(address),
            Self::Events { address } => Address::Events(address),
            Self::Cameras { address } => Address::Cameras(address),
            Self::Devices { address } => Address::Devices(address),
            Self::DataProblems { address } => Address::DataProblems(address),
            Self::Decisions { address } => Address::Decisions(address),
            Self::People { address } => Address::People(address),
            Self::Access { address } => Address::Access(address),
            Self::Board { address } => Address::Board(address),
            Self::NotFound { segments } => Address::Unknown(segments.join("/"), Selection::default()),
        }
    }
}

/// Gives what the address is about to every page.
#[component]
fn WithContext() -> Element {
    let route = use_route::<Route>();
    use_theme_provider();
    use_page_context_provider(use_memo(use_reactive!(|route| route.address())));
    let is_time = use_later();
    rsx! {
        if is_time {
            Outlet::<Route> {}
        }
    }
}

/// What most pages have around them.
#[component]
fn WithShell() -> Element {
    rsx! {
        Shell { Outlet::<Route> {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::window::WindowChoice;
    use proptest::prelude::*;

    fn selection(factory: &str, window: WindowChoice) -> Selection {
        Selection { factory: factory.to_owned(), window, ..Selection::default() }
    }

    fn floor(factory: &str, window: WindowChoice) -> Route {
        Route::Floor {
            address: FloorAddress { selection: selection(factory, window), ..FloorAddress::default() },
        }
    }

    fn opened(address: &str) -> Option<Route> {
        address.parse().ok()
    }

    #[test]
    fn an_address_remembers_factory_and_window() {
        let route = floor("demo", WindowChoice::Last7Days);
        assert_eq!(route.to_string(), "/?factory=demo&window=last-7-days");
        assert_eq!(opened("/?factory=demo&window=last-7-days"), Some(route));
    }

    #[test]
    fn an_address_that_says_less_means_today_and_the_first_factory() {
        assert_eq!(opened("/"), Some(floor("", WindowChoice::Today)));
        assert_eq!(opened("/?window=yesterday"), Some(floor("", WindowChoice::Yesterday)));
        assert_eq!(opened("/?factory=demo&window=someday"), Some(floor("demo", WindowChoice::Today)));
    }

    /// Every page, each with something in its address.
    fn pages() -> [Route; 12] {
        let selection = selection("demo", WindowChoice::Today);
        let text = "W 1 & co".to_owned();
        let entity = EntityAddress { selection: selection.clone(), id: text.clone() };
        [
            Route::Floor {
                address: FloorAddress {
                    selection: Selection { area: text.clone(), ..selection.clone() },
                    ..FloorAddress::default()
                },
            },
            Route::Worker { address: entity.clone() },
            Route::Workstation { address: entity },
            Route::Compare {
                address: CompareAddress {
                    selection: selection.clone(),
                    ids: vec![text.clone()],
                    ..CompareAddress::default()
                },
            },
            Route::Events {
                address: EventsAddress {
                    selection: selection.clone(),
                    id: text.clone(),
                    ..EventsAddress::default()
                },
            },
            Route::Cameras { address: DevicesAddress { selection: selection.clone(), id: text.clone() } },
            Route::Devices { address: DevicesAddress { selection: selection.clone(), id: text.clone() } },
            Route::DataProblems {
                address: DevicesAddress { selection: selection.clone(), id: text.clone() },
            },
            Route::Decisions {
                address: DecisionsAddress {
                    selection: selection.clone(),
                    id: text.clone(),
                    number: Some(7),
                    ..DecisionsAddress::default()
                },
            },
            Route::People { address: DevicesAddress { selection: selection.clone(), id: text.clone() } },
            Route::Access {
                address: AccessAddress {
                    selection: selection.clone(),
                    page: "audit-log".to_owned(),
                    action: text.clone(),
                    by: text.clone(),
                    about: text.clone(),
                    after: text.clone(),
                },
            },
            Route::Board { address: BoardAddress { selection, names: text, ..BoardAddress::default() } },
        ]
    }

    #[test]
    fn every_page_is_opened_by_its_address() {
        for page in pages() {
            assert_eq!(opened(&page.to_string()), Some(page.clone()));
            assert_eq!(page.clone().address().to_string(), page.to_string(), "a link leads to the page");
        }
    }

    /// Starts the program, and knows pages by their paths before the program does.
    const BOOT: &str = include_str!("../../xtask/src/dashboard/boot.js");

    #[test]
    fn the_second_part_is_fetched_at_once_for_the_pages_that_are_in_it() {
        let (_, rest) = BOOT.split_once("/^\\/(").expect("an expression of paths");
        let (names, _) = rest.split_once(")$/").expect("its end");
        let fetched_for: Vec<&str> = names.split('|').collect();
        for page in pages() {
            let text = page.to_string();
            let (path, _) = text.split_once('?').expect("an address that says something");
            let is_in_second_part = match page {
                Route::Floor { .. }
                | Route::Worker { .. }
                | Route::Workstation { .. }
                | Route::Events { .. }
                | Route::NotFound { .. } => false,
                Route::Compare { .. }
                | Route::Cameras { .. }
                | Route::Devices { .. }
                | Route::DataProblems { .. }
                | Route::Decisions { .. }
                | Route::People { .. }
                | Route::Access { .. }
                | Route::Board { .. } => true,
            };
            assert_eq!(fetched_for.contains(&&path[1..]), is_in_second_part, "{path}");
        }
        assert!(
            fetched_for
                .iter()
                .all(|name| !matches!(opened(&format!("/{name}")), Some(Route::NotFound { .. }) | None))
        );
    }

    #[test]
    fn an_unknown_page_is_not_found() {
        assert!(matches!(opened("/reports/7"), Some(Route::NotFound { .. })));
    }

    #[test]
    fn a_page_about_one_entity_is_left_with_its_factory() {
        let page = Address::entity(EntityType::Worker, "W1", selection("a", WindowChoice::Today));
        let yesterday = selection("a", WindowChoice::Yesterday);
        assert_eq!(
            page.clone().selecting(yesterday.clone()),
            Address::entity(EntityType::Worker, "W1", yesterday)
        );
        let other = selection("b", WindowChoice::Today);
        assert_eq!(page.selecting(other), floor("b", WindowChoice::Today).address());
    }

    #[test]
    fn another_factory_keeps_the_page_of_access_and_nothing_that_was_asked_of_the_one_before() {
        let page =
            opened("/access?factory=a&window=today&page=access-log&about=W1&after=x").map(Route::address);
        let of_other = opened("/access?factory=b&window=today&page=access-log").map(Route::address);
        assert_eq!(page.clone().map(|page| page.selecting(selection("b", WindowChoice::Today))), of_other);
        let same = page.clone().map(|page| page.selecting(selection("a", WindowChoice::Today)));
        assert_eq!(same, page);
    }

    #[test]
    fn another_window_of_events_begins_with_its_latest() {
        let page = opened("/events?factory=a&window=today&source=c&page=3&after=x").map(Route::address);
        let first = opened("/events?factory=a&window=yesterday&source=c").map(Route::address);
        assert_eq!(page.map(|page| page.selecting(selection("a", WindowChoice::Yesterday))), first);
    }

    proptest! {
        #[test]
        fn any_id_survives_the_way_through_the_address_bar(ids in prop::collection::vec("[^\\p{Cc}]{1,20}", 0..4)) {
            let worker = Route::Worker { address: EntityAddress { id: ids.join(" "), ..EntityAddress::default() } };
            let compare = Route::Compare { address: CompareAddress { ids, ..CompareAddress::default() } };
            for route in [worker, compare] {
                prop_assert_eq!(route.clone().address().to_string(), route.to_string());
                prop_assert_eq!(route.to_string().parse::<Route>().ok(), Some(route));
            }
        }
    }
}
