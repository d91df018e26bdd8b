//! The one way from a factory's slug to its data: what the caller may see of it. It lies here because only a child module
//! reaches the private lookup by slug.

use domain::id::FactoryId;

use super::{Factory, all, by_slug};
use crate::store::{Snapshot, error::Result};

/// What a caller may see of one factory. Only [`FactoryScope::open`] and [`FactoryScope::open_all`] make one.
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

/// What the caller sees of a factory; every caller sees everything.
fn view(_factory_id: FactoryId) -> View {
    View::All
}

impl FactoryScope {
    /// The scope of the factory with this slug, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn open(snapshot: &Snapshot, slug: &str) -> Result<Option<Self>> {
        let factory = by_slug(snapshot, slug).await?;
        Ok(factory.map(|factory| Self { view: view(factory.id), factory }))
    }

    /// The scopes of all factories that the caller may see, in the byte order of their slugs.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn open_all(snapshot: &Snapshot) -> Result<Vec<Self>> {
        let factories = all(snapshot).await?.into_iter();
        Ok(factories.map(|factory| Self { view: view(factory.id), factory }).collect())
    }

    /// The same scope with the factory as it is now, if it is still there.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read_again(&self, snapshot: &Snapshot) -> Result<Option<Self>> {
        let factory = by_slug(snapshot, self.factory.slug.as_str()).await?;
        Ok(factory.map(|factory| Self { factory, view: self.view }))
    }

    /// The factory as it was read.
    pub fn factory(&self) -> &Factory {
        &self.factory
    }

    /// What identifies this scope.
    pub fn key(&self) -> ScopeKey {
        ScopeKey { factory_id: self.factory.id, view: self.view }
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

    /// The key of the scope that [`FactoryScope::open`] gives the caller for the factory with this id.
    pub(crate) fn of_factory(factory_id: FactoryId) -> Self {
        Self { factory_id, view: view(factory_id) }
    }
}
