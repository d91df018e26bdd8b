//! Who looks at the page: the pages of who may do what, as far as they may see them, and the way out.
//!
//! The browser opens and closes the panel by itself (`popover`), so nothing is compiled for that. On a telephone the panel stands in
//! the footer.

use crate::components::page_context::use_page_context;
use crate::route::{ACCESS_LOG, AUDIT_LOG, AccessAddress, Address};
use crate::words::account as words;
use dioxus::prelude::*;

/// The id of the panel, which the buttons that open it refer to.
pub(crate) const PANEL_ID: &str = "account";
/// Where the server signs somebody out.
const SIGN_OUT: &str = "/auth/sign-out";

/// Opens the panel: the name of somebody who has signed in, or that nobody has to.
#[component]
pub(crate) fn AccountButton() -> Element {
    let context = use_page_context();
    let label = context.of_me(|me| me.person().unwrap_or(words::OPEN).to_owned());
    rsx! {
        if let Some(label) = label {
            button {
                class: "button account-open",
                r#type: "button",
                "popovertarget": PANEL_ID,
                "data-testid": "account-open",
                {label}
            }
        }
    }
}

/// The panel itself.
#[component]
pub(crate) fn Account() -> Element {
    let context = use_page_context();
    let Some(me) = context.of_me(Clone::clone) else { return VNode::empty() };
    let selection = context.selection();
    let factory_id = &*selection.factory;
    let is_admin = !factory_id.is_empty() && me.is_admin(factory_id);
    let sees_log = is_admin || me.is_operator;
    let sees_own = is_admin || me.is_a_worker(factory_id);
    let link = |name: &'static str, page: &str| {
        let address =
            AccessAddress { selection: selection.clone(), page: page.to_owned(), ..AccessAddress::default() };
        rsx! {
            li {
                Link { class: "shell-page", to: Address::Access(address), {name} }
            }
        }
    };
    rsx! {
        div { id: PANEL_ID, class: "account", "popover": "auto", "data-testid": "account",
            if me.access_open {
                p { {words::OPEN_NOTE} }
                p { class: "page-note", {words::TO_CLOSE} }
            } else {
                p { {words::signed_in_as(&me.name)} }
                // Sent by the browser, which then shows where one signs in.
                form { method: "post", action: SIGN_OUT,
                    button { class: "button", r#type: "submit", "data-testid": "sign-out", {words::SIGN_OUT} }
                }
            }
            if sees_log || sees_own {
                nav { aria_label: words::PAGES,
                    ul { class: "account-pages",
                        if is_admin {
                            {link(words::ACCESS, "")}
                        }
                        if sees_log {
                            {link(words::AUDIT_LOG, AUDIT_LOG)}
                        }
                        if sees_own {
                            {link(words::ACCESS_LOG, ACCESS_LOG)}
                        }
                    }
                }
            }
        }
    }
}
