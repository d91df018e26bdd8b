//! Questions about a factory and the reports that answer them, each for exactly one set of events; for queries and
//! subscriptions alike. Everything begins with the scope of the factory.

mod error;
mod floor;
mod scope;
pub mod sources;

pub use error::ReportError;
pub use floor::{Activity, Change, Now, Question, Report, Row, series, states, timeline};
#[cfg(test)]
pub(crate) use scope::View;
pub use scope::{FactoryScope, ScopeKey, factories, factory};
