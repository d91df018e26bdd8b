//! What can go wrong in the database.

use std::path::PathBuf;

use sea_orm::DbErr;

use super::engine::fault::Fault;

/// What can go wrong with the database. Clients never see its text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A row does not hold what we write.
    #[error("the database holds {0}, which this version does not understand")]
    Corrupt(String),
    /// Somebody deleted or replaced a file that is open.
    #[error("{0} is not the file any more that is open; nothing is stored until the server is started again")]
    FileReplaced(PathBuf),
}

impl StoreError {
    /// What kind of failure it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => Fault::of(error),
            Self::Corrupt(_) => Fault::Other,
            Self::FileReplaced(_) => Fault::FileReplaced,
        }
    }
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, StoreError>;
