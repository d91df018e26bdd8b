//! Two to four workers or workstations beside each other.

mod figures;
mod over_time;
mod picker;
mod subject;

#[cfg(test)]
mod tests;

use crate::components::notice::Empty;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::window_picker;
use crate::route::CompareAddress;
use crate::words::compare as words;
use dioxus::prelude::*;

use self::figures::Figures;
use self::over_time::{Timelines, Trends};
use self::picker::Picker;
use self::subject::provide_subject;

/// The workers or workstations of the address, side by side.
#[component]
pub(crate) fn Compare(address: ReadSignal<CompareAddress>) -> Element {
    let context = use_page_context();
    let subject = provide_subject(address);
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let count = subject.ids.read().len();
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {window.clone()} }
        }
        Picker {}
        match count {
            0 => rsx! { Empty { text: words::NOBODY } },
            _ => rsx! {
                if count == 1 {
                    Empty { text: words::one_more(*subject.kind.read()) }
                }
                Figures { window }
                if !subject.known.read().is_empty() {
                    Timelines {}
                    Trends {}
                }
            },
        }
    }
}
