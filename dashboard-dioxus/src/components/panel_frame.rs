use crate::components::notice::Outdated;
use dioxus::prelude::*;

/// A titled part of a page. `tools`, such as a button to export what is shown, stand beside the title.
#[component]
pub(crate) fn PanelFrame(
    title: String,
    revision: Option<i64>,
    outdated: Option<String>,
    tools: Option<Element>,
    children: Element,
) -> Element {
    rsx! {
        section { class: "panel", aria_label: "{title}", "data-revision": revision.map(|revision| revision.to_string()),
            div { class: "panel-head",
                h2 { class: "panel-title", "{title}" }
                if let Some(tools) = tools {
                    div { class: "panel-tools", {tools} }
                }
            }
            Outdated { reason: outdated }
            div { class: "panel-body", {children} }
        }
    }
}
