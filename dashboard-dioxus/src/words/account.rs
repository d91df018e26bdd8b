//! Who looks at the page, and a server on which nobody has to say who they are.

use super::isolated;

pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const PAGES: &str = "Access";
pub(crate) const ACCESS: &str = "People and devices";
pub(crate) const AUDIT_LOG: &str = "Audit log";
pub(crate) const ACCESS_LOG: &str = "Who looked at me";
pub(crate) const OPEN: &str = "Open server";
pub(crate) const OPEN_NOTE: &str = "Everybody who reaches this server may see and change everything.";
pub(crate) const TO_CLOSE: &str = "Start it with --access required to let in only whom you choose.";
pub(crate) const HIDE: &str = "Hide";

pub(crate) fn signed_in_as(name: &str) -> String {
    format!("Signed in as {}", isolated(name))
}
