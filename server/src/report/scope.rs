//! From a factory's slug to what a caller may see of it, or to the sentence that there is none.

use super::error::ReportError;
use crate::store::{
    Snapshot,
    access::{Access, Permission, Scope},
};

/// What a caller may see of the factory with this slug.
///
/// # Errors
/// The factory is unknown, or the database failed.
pub async fn factory<P: Permission>(
    access: Access,
    snapshot: &Snapshot,
    slug: &str,
) -> Result<Scope<P>, ReportError> {
    found(access.open(snapshot, slug).await?, slug)
}

/// What a caller may see of all factories, in the byte order of their slugs.
///
/// # Errors
/// The database failed.
pub async fn factories<P: Permission>(
    access: Access,
    snapshot: &Snapshot,
) -> Result<Vec<Scope<P>>, ReportError> {
    Ok(access.open_all(snapshot).await?)
}

/// The same scope with the factory as it is now.
///
/// # Errors
/// The factory is gone, or the database failed.
pub(crate) async fn factory_now<P: Permission>(
    snapshot: &Snapshot,
    scope: &Scope<P>,
) -> Result<Scope<P>, ReportError> {
    found(scope.read_again(snapshot).await?, scope.factory().slug.as_str())
}

fn found<P>(scope: Option<Scope<P>>, slug: &str) -> Result<Scope<P>, ReportError> {
    scope.ok_or_else(|| ReportError::FactoryNotFound(slug.to_owned()))
}
