//! Where a person goes whom the server does not let in, or not any more, and what a page on another site than its server's proves
//! with who they are: `boot.js` has it from there.

use js_sys::encode_uri_component;
use wasm_bindgen::prelude::wasm_bindgen;

/// Where the server has people sign in, who come back to the dashboard then.
const DASHBOARD: &str = "/auth/dashboard?of=";

/// The status of an answer to somebody who is not signed in.
pub(crate) const UNAUTHORIZED: u16 = 401;
/// The same as the code of a websocket's end.
pub(crate) const NOT_LET_IN: u16 = 4403;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = andonSession)]
    static SESSION: Option<String>;
}

/// The header `Authorization` of a page on another site; the server's own pages have a cookie.
pub(crate) fn authorization() -> Option<String> {
    SESSION.with(Clone::clone)
}

/// Sends the person to where they sign in, and from there back to this page.
pub(crate) fn ask(api_url: &str) {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return };
    let Ok(page) = location.href() else { return };
    let server = api_url.strip_suffix("/graphql").unwrap_or(api_url);
    // Where the browser refuses, the page goes on to say that it is not let in.
    _ = location.assign(&format!("{server}{DASHBOARD}{}", String::from(encode_uri_component(&page))));
}
