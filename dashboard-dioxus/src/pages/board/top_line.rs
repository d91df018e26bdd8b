use crate::api::{Connection, use_client};
use crate::components::connection_status::ConnectionStatus;
use crate::components::page_context::use_page_context;
use crate::components::window_picker;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::live::clock::{now_ms, use_clock};
use crate::route::BoardAddress;
use crate::words::board as words;
use crate::words::time;
use dioxus::prelude::*;

/// How often the clock and the age are told anew, in ms.
const CLOCK_STEP_MS: u32 = 1_000;

/// Where this is, what time it is there, and whether the numbers are current.
#[component]
pub(crate) fn TopLine(address: ReadSignal<BoardAddress>) -> Element {
    let context = use_page_context();
    let factory = context.factory().map(|factory| factory.name).unwrap_or_default();
    let window = window_picker::label(address.read().selection.window, &context.zone());
    rsx! {
        header { class: "board-line",
            p { class: "board-line-factory", {factory} }
            p { {window} }
            Clock {}
            ConnectionStatus {}
        }
    }
}

#[component]
fn Clock() -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let zone = context.zone();
    let shown = zone.time(Instant::from_ms(clock()));
    rsx! {
        if context.factory().is_some() {
            p { class: "board-line-clock", "data-testid": "board-clock",
                span { class: "board-line-time", {shown} }
                " "
                span { class: "board-line-zone", {zone.name().to_owned()} }
            }
        }
    }
}

/// Whether what is in view can be taken for what is; also while a first connection is being made, when nothing is in view.
pub(crate) fn use_is_trusted() -> Memo<bool> {
    let client = use_client();
    use_memo(move || match &*client.connection.read() {
        Connection::Live => true,
        Connection::Connecting => client.confirmed_at_ms.read().is_none(),
        Connection::Disconnected { .. } => false,
    })
}

/// Says across the whole board that its numbers are old.
#[component]
pub(crate) fn NotLive() -> Element {
    let client = use_client();
    let clock = use_clock(CLOCK_STEP_MS);
    clock.read();
    let age_ms = (client.confirmed_at_ms)().map(|confirmed_at_ms| (now_ms() - confirmed_at_ms).max(0.0));
    rsx! {
        div { class: "board-not-live", "data-testid": "board-not-live",
            p { class: "board-not-live-word", role: "alert", {words::NOT_LIVE} }
            p { {age_ms.map_or_else(|| words::NO_NUMBERS.to_owned(), |age_ms| words::old(&time::span(age_ms)))} }
        }
    }
}
