//! Andon's live dashboard: one page in the browser, fed by one connection to the server.

mod api;
mod app;
mod chart;
mod components;
mod lean;
mod live;
mod model;
mod pages;
mod route;
mod storage;
mod styles;
#[cfg(test)]
mod testing;
mod words;

use app::App;
use gloo_timers::future::TimeoutFuture;

fn main() {
    std::panic::set_hook(Box::new(|_| say_on_page(words::page::FAILED)));
    components::theme_switch::apply_remembered();
    // In a task of its own: starting the program was one.
    wasm_bindgen_futures::spawn_local(async {
        TimeoutFuture::new(0).await;
        // The page's note that it is loading, which drawing would leave in place.
        say_on_page("");
        dioxus::launch(App);
    });
}

/// Puts text in place of everything on the page. A panic cannot be caught in wasm and nothing runs after it, so this
/// is also the last that a failing page can do.
fn say_on_page(text: &str) {
    let page = web_sys::window().and_then(|window| window.document());
    if let Some(main) = page.and_then(|page| page.get_element_by_id("main")) {
        main.set_text_content(Some(text));
    }
}
