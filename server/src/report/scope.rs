//! From a factory's slug to what a caller may see of it, or to the sentence that there is none.

use super::error::ReportError;
use crate::store::{
    Snapshot,
    access::{Access, AccessError, AccessLogScope, Permission, Scope, SeePeople},
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
    access.open(snapshot, slug).await.map_err(|error| refused(error, slug))
}

fn refused(error: AccessError, slug: &str) -> ReportError {
    match error {
        AccessError::NotFound => ReportError::FactoryNotFound(slug.to_owned()),
        AccessError::Forbidden(permission) => ReportError::Forbidden { permission, slug: slug.to_owned() },
        AccessError::Store(error) => error.into(),
    }
}

/// The log of who asked what about a worker of the factory with this slug.
///
/// # Errors
/// As those of [`factory`].
pub async fn access_log(
    access: &Access,
    snapshot: &Snapshot,
    slug: &str,
    worker: &str,
) -> Result<AccessLogScope, ReportError> {
    access.open_access_log(snapshot, slug, worker).await.map_err(|error| refused(error, slug))
}

/// What a caller may see of what single workers did in the factory with this slug: of all of them, or where they are `workers`,
/// of those.
///
/// # Errors
/// As those of [`factory`].
pub async fn people(
    access: &Access,
    snapshot: &Snapshot,
    slug: &str,
    workers: Option<&[String]>,
) -> Result<Scope<SeePeople>, ReportError> {
    match factory(access, snapshot, slug).await {
        Err(forbidden @ ReportError::Forbidden { .. }) => {
            let workers = workers.unwrap_or_default();
            let own = match workers {
                [] => None,
                workers => access.open_own(snapshot, slug, workers.iter().map(String::as_str)).await?,
            };
            own.ok_or(forbidden)
        }
        scope => scope,
    }
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
