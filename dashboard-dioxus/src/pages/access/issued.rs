//! What the server tells once, and nobody can look up afterwards.

use crate::api::operation::IssuedToken;
use crate::api::use_client;
use crate::components::command::Command;
use crate::components::first_steps::device_command;
use crate::components::page_context::use_page_context;
use crate::route::{Address, BoardAddress, Selection};
use crate::words::access as words;
use dioxus::prelude::*;
use dioxus::router::exports::percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Where the server lets a wall board in.
const BOARD: &str = "/auth/board";

/// A box for it, which stays until somebody says that they are done.
#[component]
pub(super) fn ShownOnce(title: String, ondone: EventHandler<()>, children: Element) -> Element {
    rsx! {
        section { class: "access-once", "data-testid": "shown-once",
            h3 {
                tabindex: -1,
                onmounted: move |event| async move {
                    // Read aloud at once. What is gone again cannot take the focus.
                    _ = event.set_focus(true).await;
                },
                {title}
            }
            {children}
            button { class: "button", r#type: "button", "data-testid": "shown-once-done", onclick: move |_| ondone.call(()), {words::DONE} }
        }
    }
}

/// Whose token it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Device,
    Program,
}

/// A new token, and what to do with it.
#[component]
pub(super) fn Issued(issued: IssuedToken, kind: Kind, ondone: EventHandler<()>) -> Element {
    let context = use_page_context();
    let url = use_client().api_url;
    let until = context.zone().date_time(issued.expires_at);
    let factory_id = context.factory_window().map(|choice| choice.factory_id).unwrap_or_default();
    let board_link = board_link(&url().unwrap_or_default(), context.selection(), &issued.secret);
    rsx! {
        ShownOnce { title: words::token_of(&issued.name), ondone,
            p { {words::shown_once(&until)} }
            Command { testid: "token", label: words::TOKEN, text: issued.secret }
            match kind {
                Kind::Device => rsx! {
                    p { {words::SAVE_ON_DEVICE} }
                    Command {
                        testid: "agent",
                        text: device_command(&url().unwrap_or_default(), &factory_id, &issued.name),
                    }
                },
                Kind::Program => rsx! {
                    p { {words::USE_IN_PROGRAM} }
                    if issued.is_viewer {
                        p { {words::FOR_BOARD} }
                        Command { testid: "board-link", text: board_link }
                    }
                },
            }
        }
    }
}

/// The link by which a screen shows the board of a factory and asks nobody to sign in. Browsers send what stands behind # to nobody.
fn board_link(url: &str, selection: Selection, secret: &str) -> String {
    let board = Address::Board(BoardAddress { selection, ..BoardAddress::default() }).to_string();
    let server = url.strip_suffix("/graphql").unwrap_or(url);
    format!("{server}{BOARD}?next={}#{secret}", utf8_percent_encode(&board, NON_ALPHANUMERIC))
}
