//! Why a question about a factory has no answer.

use domain::{event::EntityType, validate::excerpt, window::WindowError};

use super::floor::limits::{MAX_IDS, MAX_POINTS};
use crate::store::StoreError;

/// Why a question about a factory has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no factory with this slug.
    #[error("there is no factory \"{}\"", excerpt(.0))]
    FactoryNotFound(String),
    /// There is no such worker or workstation.
    #[error("there is no {} \"{}\"; its first event or updateEntities registers it", noun(*entity_type), excerpt(code))]
    EntityNotFound {
        /// Worker or workstation.
        entity_type: EntityType,
        /// The id as sent.
        code: String,
    },
    /// The window or its steps are not possible.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// All time has no steps and no timeline.
    #[error("a {0} needs a window with two ends; all time has none")]
    UnboundedWindow(&'static str),
    /// The question names too many workers or workstations.
    #[error("{0} ids are too many: name at most {MAX_IDS}, or leave the list out to ask for all")]
    TooManyIds(usize),
    /// The answer would be too long.
    #[error(
        "{step_count} steps of {entity_count} entities are {} points, but at most {MAX_POINTS} are answered; \
         choose a coarser resolution, a shorter window, or fewer entities by entityIds or area",
        step_count * entity_count
    )]
    TooManyPoints {
        /// The steps of the window.
        step_count: usize,
        /// The workers or workstations asked about.
        entity_count: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn noun(entity_type: EntityType) -> &'static str {
    match entity_type {
        EntityType::Worker => "worker",
        EntityType::Workstation => "workstation",
    }
}
