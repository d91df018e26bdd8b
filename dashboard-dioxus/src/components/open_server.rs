//! Says on top of every page that everybody may see and change everything, where others than this machine reach the server. Where
//! only this machine may, as with the demo, the header's button says it and nothing stands in the way.

use crate::api::use_client;
use crate::components::page_context::use_page_context;
use crate::words::account as words;
use dioxus::prelude::*;

/// The line, until somebody hides it or the page is loaded anew.
#[component]
pub(crate) fn OpenServer() -> Element {
    let context = use_page_context();
    let url = use_client().api_url;
    let is_reached = url.read().as_deref().is_some_and(|url| !is_this_machine(url));
    rsx! {
        if is_reached && context.of_me(|me| me.access_open) == Some(true) {
            // The browser closes it by itself, so nothing is compiled for that.
            dialog { class: "open-server", open: true, aria_label: words::OPEN, "data-testid": "open-server",
                p { {words::OPEN_NOTE} }
                form { method: "dialog",
                    button { class: "button", "data-testid": "open-server-hide", {words::HIDE} }
                }
            }
        }
    }
}

/// How addresses begin by which a machine reaches itself alone.
const THIS_MACHINE: [&str; 4] = ["http://127.", "http://localhost:", "http://localhost/", "http://[::1]"];

fn is_this_machine(url: &str) -> bool {
    THIS_MACHINE.iter().any(|start| url.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_addresses_of_a_machine_for_itself_are_those_of_this_machine() {
        for own in [
            "http://127.0.0.1:8000/graphql",
            "http://localhost:8000/graphql",
            "http://localhost/graphql",
            "http://[::1]:8000/graphql",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "http://10.0.0.7:8000/graphql",
            "https://andon.example/graphql",
            "http://localhost.example/graphql",
            "http://[::2]:8000/graphql",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
