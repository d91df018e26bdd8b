//! What subscriptions bring, merged into what the page holds.

pub(crate) mod table;
