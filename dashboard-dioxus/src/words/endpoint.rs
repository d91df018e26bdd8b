//! Where the API is.

use std::fmt::Display;

pub(crate) const NO_OWN_ADDRESS: &str = "The browser does not tell this page's own address.";
pub(crate) const UNREACHABLE: &str = "The server of this page cannot be reached.";

pub(crate) fn too_late(path: &str, limit_s: u32) -> String {
    format!("{path} did not arrive within {limit_s} s.")
}

pub(crate) fn bad_config(path: &str, error: &dyn Display) -> String {
    format!("{path} must look like {{\"apiUrl\": \"http://host:port\"}}: {error}.")
}

pub(crate) fn bad_address(path: &str, address: &str) -> String {
    format!("apiUrl in {path} must begin with http:// or https://, but it is {address:?}.")
}

pub(crate) fn bad_status(path: &str, status: u16) -> String {
    format!("The server of this page answered {path} with status {status}.")
}

pub(crate) fn too_long(path: &str, limit_bytes: usize) -> String {
    format!("{path} is longer than {limit_bytes} bytes.")
}
