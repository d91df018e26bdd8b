//! The pages and their addresses.

use crate::views::board::Board;
use crate::views::not_found::NotFound;
use crate::window::WindowChoice;
use dioxus::prelude::*;

/// An address says everything about what is looked at, so it can be bookmarked, shared and put on a wall display.
#[derive(Clone, Debug, PartialEq, Routable)]
pub(crate) enum Route {
    #[route("/?:factory&:window")]
    Board { factory: String, window: WindowChoice },
    #[route("/:..segments")]
    NotFound { segments: Vec<String> },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(factory: &str, window: WindowChoice) -> Route {
        Route::Board { factory: factory.to_owned(), window }
    }

    fn opened(address: &str) -> Option<Route> {
        address.parse().ok()
    }

    #[test]
    fn an_address_remembers_factory_and_window() {
        let route = board("demo", WindowChoice::Last7Days);
        assert_eq!(route.to_string(), "/?factory=demo&window=last-7-days");
        assert_eq!(opened("/?factory=demo&window=last-7-days"), Some(route));
    }

    #[test]
    fn an_address_that_says_less_means_today_and_the_first_factory() {
        assert_eq!(opened("/"), Some(board("", WindowChoice::Today)));
        assert_eq!(opened("/?window=yesterday"), Some(board("", WindowChoice::Yesterday)));
        assert_eq!(opened("/?factory=demo&window=someday"), Some(board("demo", WindowChoice::Today)));
    }

    #[test]
    fn an_unknown_page_is_not_found() {
        assert!(matches!(opened("/reports/7"), Some(Route::NotFound { .. })));
    }
}
