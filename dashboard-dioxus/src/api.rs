//! The API as the dashboard uses it: four operations, checked against `schema.graphql` when this compiles, over one
//! connection.

pub(crate) mod backoff;
pub(crate) mod endpoint;
pub(crate) mod keep_alive;
pub(crate) mod operation;
pub(crate) mod protocol;
pub(crate) mod session;
pub(crate) mod socket;
