//! What changes while it is in view.

pub(crate) mod clock;
pub(crate) mod table;
