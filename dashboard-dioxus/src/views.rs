//! One view for each route.

pub(crate) mod board;
pub(crate) mod not_found;
