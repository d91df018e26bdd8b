//! From a factory's slug to what a caller may see of it, or to the sentence that there is none.

use super::error::ReportError;
use crate::store::{
    Snapshot,
    access::{Access, AccessError, Permission, Scope},
};

/// What a caller may see of the factory with this slug.
///
/// # Errors
/// The factory is unknown, the caller may not do that there, or the database failed.
pub async fn factory<P: Permission>(
    access: &Access,
    snapshot: &Snapshot,
    slug: &str,
) -> Result<Scope<P>, ReportError> {
    access.open(snapshot, slug).await.map_err(|error| match error {
        AccessError::NotFound => ReportError::FactoryNotFound(slug.to_owned()),
        AccessError::Forbidden(permission) => ReportError::Forbidden { permission, slug: slug.to_owned() },
        AccessError::Store(error) => error.into(),
    })
}

/// What a caller may see of all factories, in the byte order of their slugs.
///
/// # Errors
/// The database failed.
pub async fn factories<P: Permission>(
    access: &Access,
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
    let now = scope.read_again(snapshot).await?;
    now.ok_or_else(|| ReportError::FactoryNotFound(scope.factory().slug.0.clone()))
}
