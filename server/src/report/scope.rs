//! The one way to a factory: from its slug to what the caller may see of it.

use super::error::ReportError;
use crate::store::{
    Snapshot,
    factories::{self, Factory},
};
use domain::id::FactoryId;

/// What a caller may see of one factory. Only [`factory`] and [`factories`] make one.
#[derive(Clone, Debug)]
pub struct FactoryScope {
    factory: Factory,
    view: View,
}

/// Which part of a factory's data a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// Everything.
    All,
    /// A second view, for tests of what callers with different views may share.
    #[cfg(test)]
    Other,
}

/// Identifies a scope: callers share a result only if the keys of their scopes are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeKey {
    factory_id: FactoryId,
    view: View,
}

/// The scope of the factory with this slug.
///
/// # Errors
/// The factory is unknown, or the database failed.
pub async fn factory(snapshot: &Snapshot, slug: &str) -> Result<FactoryScope, ReportError> {
    let factory = read(snapshot, slug).await?;
    let view = view(factory.id);
    Ok(FactoryScope { factory, view })
}

/// The scopes of all factories that the caller may see, in the byte order of their slugs.
///
/// # Errors
/// The database failed.
pub async fn factories(snapshot: &Snapshot) -> Result<Vec<FactoryScope>, ReportError> {
    let factories = factories::all(snapshot).await?.into_iter();
    Ok(factories.map(|factory| FactoryScope { view: view(factory.id), factory }).collect())
}

#[expect(clippy::disallowed_methods, reason = "this is the one way")]
async fn read(snapshot: &Snapshot, slug: &str) -> Result<Factory, ReportError> {
    factories::by_slug(snapshot, slug).await?.ok_or_else(|| ReportError::FactoryNotFound(slug.to_owned()))
}

/// What the caller sees of a factory; every caller sees everything.
fn view(_factory_id: FactoryId) -> View {
    View::All
}

impl FactoryScope {
    /// The factory as it was read.
    pub fn factory(&self) -> &Factory {
        &self.factory
    }

    /// What identifies this scope.
    pub fn key(&self) -> ScopeKey {
        ScopeKey { factory_id: self.factory.id, view: self.view }
    }

    /// The same scope, with the factory as it is now.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read_again(&self, snapshot: &Snapshot) -> Result<Self, ReportError> {
        Ok(Self { factory: read(snapshot, self.factory.slug.as_str()).await?, view: self.view })
    }

    /// A scope of this factory with another view.
    #[cfg(test)]
    pub(crate) fn with_view(factory: Factory, view: View) -> Self {
        Self { factory, view }
    }
}

impl ScopeKey {
    /// Whose data it is about.
    pub(crate) fn factory_id(self) -> FactoryId {
        self.factory_id
    }

    /// The key of the scope that [`factory`] gives the caller for the factory with this id.
    pub(crate) fn of_factory(factory_id: FactoryId) -> Self {
        Self { factory_id, view: view(factory_id) }
    }
}
