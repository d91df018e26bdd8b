use crate::api::operation::{FactoryEntities, factory_entities};
use crate::api::{Panel, use_query};
use crate::components::connection_status::ConnectionStatus;
use crate::components::metric_table::{Column, EntityCell, MetricTable, TEXT};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::rename::{Editable, Rename};
use crate::components::skeleton::Skeleton;
use crate::model::Slug;
use crate::route::{Address, BoardAddress};
use crate::words::{board as words, entity};
use dioxus::prelude::*;

const COLUMNS: &[Column] = &[Column::text(words::WHO), Column::text(words::KIND), Column::text(entity::AREA)];

/// The areas of a factory's workers and workstations, by which the board turns its pages.
#[component]
pub(crate) fn AreaSetup(address: ReadSignal<BoardAddress>) -> Element {
    let context = use_page_context();
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let board = Address::from(BoardAddress { edit: String::new(), ..address.read().clone() });
    rsx! {
        main { class: "board-setup",
            PageTitle { title: words::SETUP,
                p { class: "page-note", {words::SETUP_NOTE} }
            }
            p { class: "board-setup-ways",
                Link { to: board, {words::BACK} }
                Link { to: Address::floor(context.selection()), {words::LEAVE} }
                ConnectionStatus {}
            }
            PanelFrame { title: words::EVERYONE, outdated: entities.outdated(),
                match &*entities.read() {
                    Panel::Waiting => rsx! { Skeleton { lines: 12 } },
                    Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| entities.retry() } },
                    Panel::Showing(list) if list.is_empty() => rsx! { Empty { text: words::NOBODY_YET } },
                    Panel::Showing(list) => rsx! {
                        MetricTable { label: words::EVERYONE, columns: COLUMNS,
                            for named in list.iter() {
                                tr { key: "{named.kind.slug()} {named.id}", "data-testid": "setup-{named.kind.slug()}-{named.id}",
                                    EntityCell { kind: named.kind, id: named.id.clone(), name: named.name.clone(), selection: context.selection() }
                                    td { class: TEXT, {entity::kind(named.kind)} }
                                    td { class: TEXT,
                                        Rename {
                                            kind: named.kind,
                                            id: named.id.clone(),
                                            what: Editable::Area,
                                            value: named.area.clone(),
                                            onrenamed: move |_| entities.refresh(),
                                            {words::area(named.area.as_deref())}
                                        }
                                    }
                                }
                            }
                        }
                    },
                }
            }
        }
    }
}
