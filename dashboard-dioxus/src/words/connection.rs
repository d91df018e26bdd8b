//! How the page stands with the server.

use std::fmt::Display;

pub(crate) const CONNECTING: &str = "Connecting…";
pub(crate) const LIVE: &str = "Live";
pub(crate) const DISCONNECTED: &str = "Disconnected.";
pub(crate) const RECONNECTING: &str = "Reconnecting now…";

pub(crate) const NO_ANSWER: &str = "The server does not respond.";
pub(crate) const SILENT: &str = "The server has stopped responding.";
pub(crate) const NO_REASON: &str = "The server gave no answer and no reason.";
pub(crate) const STOPPING: &str = "The server is stopping.";
pub(crate) const UNREACHABLE: &str = "The server cannot be reached.";
pub(crate) const NO_WEBSOCKETS: &str = "The server answers, but websockets do not come through: the proxy must pass Upgrade. Numbers may be 5 s late.";
// Without characters that JSON would escape.
pub(crate) const EVENTS_HELD_BACK: &str = "New events do not come through: the proxy must pass Upgrade, or not \
                                           gather what a server sends.";
pub(crate) const LOST: &str = "The connection to the server was lost.";
pub(crate) const BYTES: &str = "The server sent binary data instead of text.";
pub(crate) const CLOSING: &str = "This page is being closed.";
pub(crate) const NOT_SENT: &str =
    "There is no connection to the server, so nothing was changed. Try again when the page is live.";
pub(crate) const UNANSWERED: &str = "The connection ended before the server responded, so the change may or may not \
                                     have been made. Check before you try again.";

pub(crate) fn not_understood(error: &dyn Display) -> String {
    format!("The server sent what this page does not understand ({error}).")
}

pub(crate) fn another_shape(error: &dyn Display) -> String {
    format!("The server's answer has another shape than agreed ({error}).")
}

pub(crate) fn cannot_ask(error: &dyn Display) -> String {
    format!("This page could not send its request ({error}).")
}

pub(crate) fn browser_refuses(url: &str, error: &dyn Display) -> String {
    format!("The browser refuses to connect to {url} ({error}).")
}

pub(crate) fn refuses_this_page(reason: &str, code: u16) -> String {
    format!("The server refuses this page: {reason} (code {code}).")
}

pub(crate) fn reconnecting_in(wait_s: f64) -> String {
    format!("Reconnecting in {wait_s:.0} s.")
}

pub(crate) fn updated(age: &str) -> String {
    format!("Updated {age}")
}
