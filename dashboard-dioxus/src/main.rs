//! Andon's live dashboard: one page in the browser, fed by one connection to the server.

mod api;
#[cfg_attr(not(test), expect(dead_code, reason = "the views that show charts come next"))]
mod chart;
mod components;
#[cfg_attr(not(test), expect(dead_code, reason = "the views that export come next"))]
mod csv;
#[expect(dead_code, reason = "the views that export come next")]
mod download;
mod format;
mod live;
mod route;
mod styles;
mod views;
mod window;

use api::operation::Choice;
use dioxus::prelude::*;
use live::{Live, keep_live};
use route::Route;

/// What a reader sees when the page itself fails: better no numbers than numbers that stand still.
const FAILED: &str = "The dashboard has stopped because of an error in it. Reload the page to go on.";

fn main() {
    std::panic::set_hook(Box::new(|_| say_on_page(FAILED)));
    // The page's note that it is loading, which drawing would leave in place.
    say_on_page("");
    dioxus::launch(App);
}

#[component]
fn App() -> Element {
    let live = use_context_provider(Live::new);
    use_coroutine(move |choices: UnboundedReceiver<Choice>| keep_live(live, choices));
    rsx! {
        if cfg!(debug_assertions) {
            style { {styles::ALL} }
        }
        Router::<Route> {}
    }
}

/// Puts text in place of everything on the page. A panic cannot be caught in wasm and nothing runs after it, so this
/// is also the last that a failing page can do.
fn say_on_page(text: &str) {
    let page = web_sys::window().and_then(|window| window.document());
    if let Some(main) = page.and_then(|page| page.get_element_by_id("main")) {
        main.set_text_content(Some(text));
    }
}
