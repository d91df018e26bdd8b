//! From a factory's slug to its scope, or to the sentence that there is none.

use super::error::ReportError;
use crate::store::{Snapshot, factories::FactoryScope};

/// The scope of the factory with this slug.
///
/// # Errors
/// The factory is unknown, or the database failed.
pub async fn factory(snapshot: &Snapshot, slug: &str) -> Result<FactoryScope, ReportError> {
    found(FactoryScope::open(snapshot, slug).await?, slug)
}

/// The scopes of all factories that the caller may see, in the byte order of their slugs.
///
/// # Errors
/// The database failed.
pub async fn factories(snapshot: &Snapshot) -> Result<Vec<FactoryScope>, ReportError> {
    Ok(FactoryScope::open_all(snapshot).await?)
}

/// The same scope with the factory as it is now.
///
/// # Errors
/// The factory is gone, or the database failed.
pub(crate) async fn factory_now(
    snapshot: &Snapshot,
    scope: &FactoryScope,
) -> Result<FactoryScope, ReportError> {
    found(scope.read_again(snapshot).await?, scope.factory().slug.as_str())
}

fn found(scope: Option<FactoryScope>, slug: &str) -> Result<FactoryScope, ReportError> {
    scope.ok_or_else(|| ReportError::FactoryNotFound(slug.to_owned()))
}
