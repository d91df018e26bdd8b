//! Questions about a factory and the reports that answer them, each for exactly one set of events; for queries and
//! subscriptions alike. Everything begins with the scope of the factory.

mod error;
mod floor;
mod scope;
pub mod sources;

pub use error::ReportError;
pub(crate) use error::forbidden;
pub use floor::{
    Activity, Change, Now, Question, Report, Row, finality, restatements, series, states, timeline,
};
pub(crate) use scope::factory_now;
pub use scope::{access_log, factories, factory, people};
