//! Where a person goes whom the server does not let in, or not any more.

use js_sys::encode_uri_component;

/// The server's page on which people sign in.
const SIGN_IN: &str = "/auth/sign-in";

/// The status of an answer to somebody who is not signed in.
pub(crate) const UNAUTHORIZED: u16 = 401;
/// The same as the code of a websocket's end.
pub(crate) const NOT_LET_IN: u16 = 4403;

/// Sends the person to where they sign in, and from there back to this page. A page whose API is elsewhere stays: nobody signs in
/// for it here.
pub(crate) fn ask(api_url: &str) {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return };
    let (Ok(origin), Ok(path), Ok(search)) = (location.origin(), location.pathname(), location.search())
    else {
        return;
    };
    if api_url.strip_prefix(&origin).is_some_and(|rest| rest.starts_with('/')) {
        let next = encode_uri_component(&(path + &search));
        // Where the browser refuses, the page goes on to say that it is not let in.
        _ = location.assign(&format!("{SIGN_IN}?next={}", String::from(next)));
    }
}
