//! One view for each route.

pub(crate) mod board;
pub(crate) mod compare;
pub(crate) mod devices;
mod entity_page;
pub(crate) mod events;
pub(crate) mod floor;
pub(crate) mod not_found;
mod over_time;
pub(crate) mod page_title;
pub(crate) mod worker;
pub(crate) mod workstation;
