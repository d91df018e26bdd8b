//! The page of one worker or workstation, written once for both.

mod events;
mod figures;
mod head;
mod quality;
mod subject;
mod timeline;
mod trends;

#[cfg(test)]
mod tests;

use crate::api::Panel;
use crate::components::finality::FinalityMark;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::window_picker;
use crate::lean::memo::use_memo;
use crate::live::table::Table;
use crate::model::Slug;
use crate::pages::back_office::Moved;
use crate::pages::moved::{ClosedFigures, MovedView};
use crate::route::{Address, EntityAddress};
use crate::words::{entity, entity_page as words};
use dioxus::prelude::*;
use domain::event::EntityType;

use self::events::LatestEvents;
use self::figures::{Figures, Now};
use self::head::Head;
use self::quality::QualityNotes;
use self::subject::{EntityStatus, provide_subject};
use self::timeline::DayTimeline;
use self::trends::Trends;

/// One worker.
#[component]
pub(crate) fn Worker(address: ReadSignal<EntityAddress>) -> Element {
    rsx! {
        EntityPage { kind: EntityType::Worker, address }
    }
}

/// One workstation.
#[component]
pub(crate) fn Workstation(address: ReadSignal<EntityAddress>) -> Element {
    rsx! {
        EntityPage { kind: EntityType::Workstation, address }
    }
}

/// One worker or workstation in the window of the address.
#[component]
fn EntityPage(kind: EntityType, address: ReadSignal<EntityAddress>) -> Element {
    let context = use_page_context();
    let subject = provide_subject(kind, address);
    let closed = use_memo(move || {
        let entities = subject.entities;
        let figures = entities
            .with(|table| ClosedFigures::of(table.window(), table.finality(), table.revision()))??;
        subject
            .is_known()
            .then(|| ClosedFigures { entity: Some((kind, address.read().id.clone())), ..figures })
    });
    let id = address.read().id.clone();
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let panel = subject.entities.read();
    let status = subject.status.read().clone();
    if id.is_empty() {
        return rsx! {
            PageTitle { title: entity::kind(kind) }
            Empty { text: entity::NO_ID }
        };
    }
    if status == EntityStatus::Unknown {
        return rsx! {
            PageTitle { title: id.clone() }
            p { class: "notice notice-empty", "data-testid": "unknown-entity",
                "{words::unknown(kind, &id)} "
                Link { to: Address::floor(context.selection()), {words::TO_FLOOR} }
            }
        };
    }
    let finality = panel.shown().map(|table| table.finality().clone());
    let tools = rsx! { FinalityMark { finality } };
    rsx! {
        Head { key: "{kind.slug()}-{id}", kind, id: id.clone(), status: status.clone() }
        PanelFrame { title: window.clone(), revision: panel.shown().map(Table::revision), tools,
            match (&*panel, &status) {
                (Panel::Refused(reason), _) => rsx! {
                    Refused { reason, onretry: move |()| subject.entities.retry() }
                },
                (_, EntityStatus::Refused(reason)) => rsx! {
                    Refused { reason, onretry: move |()| subject.names.retry() }
                },
                (_, EntityStatus::Seen(row)) => rsx! {
                    Now { kind, row: row.clone() }
                    Figures { row: row.clone(), window }
                },
                (_, EntityStatus::Known(_)) => rsx! {
                    Empty { text: entity::not_in_window(kind, &id) }
                },
                _ => rsx! { Skeleton { lines: 3 } },
            }
            if closed.read().is_some() {
                Moved { view: MovedView { figures: closed } }
            }
        }
        if subject.is_known() {
            DayTimeline {}
            Trends {}
            div { class: "entity-page-pair",
                QualityNotes {}
                LatestEvents {}
            }
        }
    }
}
