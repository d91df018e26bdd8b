//! The addresses of the pages. Links know them and not the pages, which stand in [`crate::app`].

mod address;
mod field;
mod query;
mod selection;

pub(crate) use address::Address;
pub(crate) use field::{FORCES, Force};
pub(crate) use query::{
    ACCESS_LOG, AUDIT_LOG, AccessAddress, BoardAddress, CompareAddress, DecisionsAddress, DevicesAddress,
    EntityAddress, EventsAddress, FloorAddress, OF_SERVER,
};
pub(crate) use selection::Selection;

use dioxus::prelude::navigator;

/// Goes to an address, so that the browser's back button returns to the one before.
pub(crate) fn go_to(address: Address) {
    // Only an address outside this application could fail to be shown.
    _ = navigator().push(address);
}

/// Goes to an address in place of the one before, to which the browser's back button then does not return.
pub(crate) fn replace_by(address: Address) {
    // Only an address outside this application could fail to be shown.
    _ = navigator().replace(address);
}
