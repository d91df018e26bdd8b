use crate::api::operation::{Entities, FactoryMetrics};
use crate::api::{Panel, use_subscription};
use crate::components::entity_table::EntityTable;
use crate::components::first_steps::FirstSteps;
use crate::components::notice::Refused;
use crate::components::summary::Summary;
use crate::components::window_picker;
use crate::here::use_here;
use crate::model::EntityKind;
use crate::route::Address;
use crate::views::page_title::PageTitle;
use crate::words;
use dioxus::prelude::*;

/// How the factory is doing: its figures, its workers and its workstations.
#[component]
pub(crate) fn Floor(at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let summary = use_subscription::<FactoryMetrics>(move || Some(here.choice()?.summary()));
    let workers = use_subscription::<Entities>(move || Some(here.choice()?.entities(EntityKind::Worker)));
    let workstations =
        use_subscription::<Entities>(move || Some(here.choice()?.entities(EntityKind::Workstation)));
    let window = window_picker::label(at.read().window, &here.zone());
    let title = here.factory().map_or_else(|| words::page::FLOOR.to_owned(), |factory| factory.name);
    rsx! {
        PageTitle { title,
            p { class: "page-note", {window.clone()} }
        }
        match &*here.factories.read() {
            Panel::Showing(factories) if factories.is_empty() && here.choice().is_none() => rsx! { FirstSteps {} },
            Panel::Refused(reason) if here.choice().is_none() => rsx! {
                Refused { reason, onretry: move |()| here.factories.retry() }
            },
            _ => rsx! {
                Summary { answer: summary, window }
                div { class: "floor-tables",
                    EntityTable { kind: EntityKind::Worker, answer: workers, at: here.place() }
                    EntityTable { kind: EntityKind::Workstation, answer: workstations, at: here.place() }
                }
            },
        }
    }
}
