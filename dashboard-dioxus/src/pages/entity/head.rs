use super::subject::{EntityStatus, use_subject};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::rename::{Editable, Rename};
use crate::route::{Address, CompareAddress};
use crate::words::{entity, entity_page as words};
use dioxus::prelude::*;
use domain::event::EntityType;

/// Who it is: name, id and area, the first and the last edited in place.
#[component]
pub(super) fn Head(kind: EntityType, id: String, status: EntityStatus) -> Element {
    let context = use_page_context();
    let subject = use_subject();
    let (is_known, name, area) = match status {
        EntityStatus::Seen(row) => (true, row.name.clone(), row.area.clone()),
        EntityStatus::Known(names) => (true, names.name, names.area),
        EntityStatus::Waiting | EntityStatus::Unknown | EntityStatus::Refused(_) => (false, None, None),
    };
    let title = name.clone().unwrap_or_else(|| id.clone());
    let others = Address::Compare(CompareAddress {
        selection: context.selection(),
        kind: Some(kind),
        ids: vec![id.clone()],
    });
    let onrenamed = move |_| subject.names.refresh();
    rsx! {
        PageTitle { title,
            if is_known {
                Rename { kind, id: id.clone(), what: Editable::Name, value: name, onrenamed }
            }
            span { class: "page-note", "{entity::kind(kind)} {id}" }
            if is_known {
                Rename { kind, id: id.clone(), what: Editable::Area, value: area.clone(), onrenamed,
                    span { class: "page-note", "data-testid": "entity-area",
                        {area.as_deref().map_or_else(|| words::NO_AREA.to_owned(), words::area)}
                    }
                }
            }
            Link { class: "page-note entity-page-compare", to: others, {words::COMPARE} }
        }
    }
}
