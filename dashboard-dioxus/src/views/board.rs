use crate::api::operation::FactoryMetrics;
use crate::api::use_subscription;
use crate::components::connection_status::ConnectionStatus;
use crate::components::summary::Summary;
use crate::components::window_picker;
use crate::here::use_here;
use crate::route::{Address, Route};
use crate::views::page_title::PageTitle;
use crate::words::{board as words, time};
use dioxus::prelude::*;

/// The factory for a television: nothing but what is to be read from across a hall.
#[component]
pub(crate) fn Board(at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let summary = use_subscription::<FactoryMetrics>(move || Some(here.choice()?.summary()));
    let window = window_picker::label(at.read().window, &here.zone());
    let title = here.factory().map_or_else(|| words::TITLE.to_owned(), |factory| factory.name);
    rsx! {
        main { class: "board",
            PageTitle { title,
                p { class: "page-note", "{window} · {time::in_zone(here.zone().name())}" }
            }
            Summary { answer: summary, window }
            footer { class: "board-foot",
                ConnectionStatus {}
                Link { to: Route::Floor { at: here.place() }, {words::LEAVE} }
            }
        }
    }
}
