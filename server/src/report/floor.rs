//! The figures of a factory's workers and workstations.

mod as_of;
mod change;
pub mod finality;
pub(super) mod limits;
mod metrics;
mod question;
pub mod restatements;
pub mod series;
pub mod states;
mod team;
pub mod timeline;

pub use change::Change;
pub use metrics::{Activity, Now, Report, Row};
pub use question::Question;
