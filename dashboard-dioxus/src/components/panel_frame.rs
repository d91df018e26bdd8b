use dioxus::prelude::*;

/// A titled part of the board.
#[component]
pub(crate) fn PanelFrame(title: &'static str, revision: Option<i64>, children: Element) -> Element {
    rsx! {
        section { class: "panel", aria_label: title, "data-revision": revision.map(|revision| revision.to_string()),
            h2 { class: "panel-title", {title} }
            {children}
        }
    }
}

/// What a panel says instead of numbers while it waits for them.
#[component]
pub(crate) fn PanelWaiting() -> Element {
    rsx! {
        p { class: "panel-note", "Loading…" }
    }
}

/// The server's words on why there is nothing to show.
#[component]
pub(crate) fn PanelRefused(reason: String) -> Element {
    rsx! {
        p { class: "panel-note panel-refused", role: "alert", "data-testid": "refused", "{reason}" }
    }
}
