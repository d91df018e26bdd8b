//! The one way from a factory's slug to its data: what the caller may see of it.

use std::{fmt, marker::PhantomData};

use domain::id::FactoryId;

use super::permission::{Permission, SeeFigures, SeePeople};
use crate::store::{
    Snapshot,
    error::Result,
    factories::{self, Factory},
};

/// Who asks. So far everybody who reaches the server may do everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What of each factory.
    view: View,
}

/// What a caller may see of one factory, for questions of the kind `P`. Only [`Access::open`] and [`Access::open_all`] make one.
pub struct Scope<P> {
    factory: Factory,
    view: View,
    permission: PhantomData<fn() -> P>,
}

/// Which part of a factory's data a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
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

/// A factory to the server itself, which reads it for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerScope(FactoryId);

impl Access {
    /// Of everybody, on a server that is open.
    pub const OPEN: Self = Self { view: View::All };

    /// Of the server itself, which does something that nobody asked for. Each use says why that may be done.
    pub fn of_server() -> Self {
        Self { view: View::All }
    }

    /// What the caller may see of the factory with this slug, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open<P: Permission>(self, snapshot: &Snapshot, slug: &str) -> Result<Option<Scope<P>>> {
        let factory = factories::by_slug(snapshot, slug).await?;
        Ok(factory.map(|factory| self.scope_of(factory)))
    }

    /// What the caller may see of every factory, in the byte order of their slugs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_all<P: Permission>(self, snapshot: &Snapshot) -> Result<Vec<Scope<P>>> {
        let factories = factories::all(snapshot).await?.into_iter();
        Ok(factories.map(|factory| self.scope_of(factory)).collect())
    }

    /// The key of the scope that the caller has of the factory with this id.
    pub(crate) fn key_of(self, factory_id: FactoryId) -> ScopeKey {
        ScopeKey { factory_id, view: self.view }
    }

    fn scope_of<P>(self, factory: Factory) -> Scope<P> {
        Scope { view: self.view, factory, permission: PhantomData }
    }
}

impl<P: Permission> Scope<P> {
    /// The same scope with the factory as it is now, if it is still there.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read_again(&self, snapshot: &Snapshot) -> Result<Option<Self>> {
        let factory = factories::by_slug(snapshot, self.factory.slug.as_str()).await?;
        Ok(factory.map(|factory| Self { factory, ..self.clone() }))
    }

    /// The factory as it was read.
    pub fn factory(&self) -> &Factory {
        &self.factory
    }

    /// Its key in every table.
    pub(in crate::store) fn factory_id(&self) -> FactoryId {
        self.factory.id
    }

    /// What identifies this scope.
    pub fn key(&self) -> ScopeKey {
        ScopeKey { factory_id: self.factory.id, view: self.view }
    }

    /// A scope of this factory with another view.
    #[cfg(test)]
    pub(crate) fn with_view(factory: Factory, view: View) -> Self {
        Self { factory, view, permission: PhantomData }
    }
}

/// Whoever may see what single workers did may see figures.
impl From<Scope<SeePeople>> for Scope<SeeFigures> {
    fn from(Scope { factory, view, .. }: Scope<SeePeople>) -> Self {
        Self { factory, view, permission: PhantomData }
    }
}

// A permission is no value, so that it need be neither `Clone` nor `Debug`.
impl<P> Clone for Scope<P> {
    fn clone(&self) -> Self {
        Self { factory: self.factory.clone(), view: self.view, permission: PhantomData }
    }
}

impl<P> fmt::Debug for Scope<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("factory", &self.factory.slug).field("view", &self.view).finish()
    }
}

impl ScopeKey {
    /// Whose data it is about.
    pub(crate) fn factory_id(self) -> FactoryId {
        self.factory_id
    }
}

impl ServerScope {
    /// The factory with this id. Each use says why it is for nobody.
    pub fn of(factory_id: FactoryId) -> Self {
        Self(factory_id)
    }

    /// Its key in every table.
    pub fn factory_id(self) -> FactoryId {
        self.0
    }
}
