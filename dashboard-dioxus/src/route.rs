//! The pages and their addresses.

mod address;

pub(crate) use address::Address;

use crate::components::shell::Shell;
use crate::here::Place;
use crate::model::EntityKind;
use crate::views::board::Board;
use crate::views::compare::Compare;
use crate::views::devices::Devices;
use crate::views::events::Events;
use crate::views::floor::Floor;
use crate::views::not_found::NotFound;
use crate::views::worker::Worker;
use crate::views::workstation::Workstation;
use dioxus::prelude::*;

/// An address says everything about what is looked at, so it can be bookmarked, shared and put on a wall display.
#[derive(Clone, Debug, PartialEq, Routable)]
#[rustfmt::skip]
pub(crate) enum Route {
    #[layout(Place)]
        #[layout(Shell)]
            #[route("/?:..at")]
            Floor { at: Address },
            #[route("/worker?:..at")]
            Worker { at: Address },
            #[route("/workstation?:..at")]
            Workstation { at: Address },
            #[route("/compare?:..at")]
            Compare { at: Address },
            #[route("/events?:..at")]
            Events { at: Address },
            #[route("/devices?:..at")]
            Devices { at: Address },
        #[end_layout]
        #[route("/board?:..at")]
        Board { at: Address },
    #[end_layout]
    #[route("/:..segments")]
    NotFound { segments: Vec<String> },
}

impl Route {
    /// What the address says after its `?`.
    pub(crate) fn at(&self) -> Address {
        match self {
            Self::Floor { at }
            | Self::Worker { at }
            | Self::Workstation { at }
            | Self::Compare { at }
            | Self::Events { at }
            | Self::Devices { at }
            | Self::Board { at } => at.clone(),
            Self::NotFound { .. } => Address::default(),
        }
    }

    /// The same page at another address. A page about one entity gives way to the floor when the factory changes,
    /// because another factory's worker of the same id is somebody else.
    pub(crate) fn moved_to(&self, at: Address) -> Self {
        if at.factory != self.at().factory && matches!(self, Self::Worker { .. } | Self::Workstation { .. }) {
            return Self::Floor { at: at.place() };
        }
        match self {
            Self::Floor { .. } | Self::NotFound { .. } => Self::Floor { at },
            Self::Worker { .. } => Self::Worker { at },
            Self::Workstation { .. } => Self::Workstation { at },
            Self::Compare { .. } => Self::Compare { at },
            Self::Events { .. } => Self::Events { at },
            Self::Devices { .. } => Self::Devices { at },
            Self::Board { .. } => Self::Board { at },
        }
    }

    /// The page of one worker or workstation, in the factory and window of an address.
    pub(crate) fn entity(kind: EntityKind, id: &str, at: &Address) -> Self {
        let at = Address { id: id.to_owned(), ..at.place() };
        match kind {
            EntityKind::Worker => Self::Worker { at },
            EntityKind::Workstation => Self::Workstation { at },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::WindowChoice;

    fn floor(factory: &str, window: WindowChoice) -> Route {
        Route::Floor { at: Address { factory: factory.to_owned(), window, ..Address::default() } }
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

    #[test]
    fn every_page_is_opened_by_its_address() {
        let at = Address { factory: "demo".to_owned(), id: "W 1 & co".to_owned(), ..Address::default() };
        let pages = [
            Route::Floor { at: at.clone() },
            Route::Worker { at: at.clone() },
            Route::Workstation { at: at.clone() },
            Route::Compare { at: at.clone() },
            Route::Events { at: at.clone() },
            Route::Devices { at: at.clone() },
            Route::Board { at },
        ];
        for page in pages {
            assert_eq!(opened(&page.to_string()), Some(page));
        }
    }

    #[test]
    fn an_unknown_page_is_not_found() {
        assert!(matches!(opened("/reports/7"), Some(Route::NotFound { .. })));
    }

    #[test]
    fn a_page_about_one_entity_is_left_with_its_factory() {
        let at = Address { factory: "a".to_owned(), id: "W1".to_owned(), ..Address::default() };
        let page = Route::Worker { at: at.clone() };
        let yesterday = Address { window: WindowChoice::Yesterday, ..at.clone() };
        assert_eq!(page.moved_to(yesterday.clone()), Route::Worker { at: yesterday });
        let other = Address { factory: "b".to_owned(), ..at };
        assert_eq!(page.moved_to(other), floor("b", WindowChoice::Today));
    }
}
