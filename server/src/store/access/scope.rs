//! The one way from a factory's slug to its data: what the caller may see of it.

use std::{fmt, marker::PhantomData, sync::Arc};

use domain::id::{CredentialId, FactoryId, FactorySlug, PrincipalId};

use super::{
    holder::{Holder, Refused},
    permission::{ChangeSettings, Permission, SeeFigures, SeePeople},
};
use crate::store::{
    Snapshot,
    error::{Result, StoreError},
    factories::{self, Factory},
};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access(Caller);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Caller {
    /// Whoever it is may do everything.
    Anybody,
    /// Somebody who proved who they are.
    Holder(Arc<Holder>),
}

/// What a caller may see of one factory, for questions of the kind `P`. Only [`Access::open`] and [`Access::open_all`] make one.
pub struct Scope<P> {
    factory: Factory,
    view: View,
    permission: PhantomData<fn() -> P>,
}

/// That a caller may do something in the factory with a slug, if there is one. Only [`Access::permit`] makes one.
pub struct Permit<P> {
    slug: FactorySlug,
    credential_id: Option<CredentialId>,
    permission: PhantomData<fn() -> P>,
}

/// Which part of a factory's data a caller sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Everything.
    All,
    /// Figures of the whole and of workstations, and nothing of single workers but of those who the caller is.
    Team {
        /// The workers that the caller is, as sent, sorted.
        own_workers: Arc<[String]>,
    },
    /// The device that the caller is, by its id.
    Device(Arc<str>),
}

/// Identifies a scope: callers share a result only if the keys of their scopes are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopeKey {
    factory_id: FactoryId,
    view: View,
}

/// That a caller may see who asked what about a worker. Only [`Access::open_access_log`] makes one.
pub struct AccessLogScope {
    factory_id: FactoryId,
    worker: String,
}

impl AccessLogScope {
    /// Whose log it is part of.
    pub(in crate::store) fn factory_id(&self) -> FactoryId {
        self.factory_id
    }

    /// The worker, as sent.
    pub fn worker(&self) -> &str {
        &self.worker
    }
}

/// A factory to the server itself, which reads it for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerScope(FactoryId);

/// Why a caller has no scope of a factory.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// There is no such factory, or the caller has no grant there: nobody is told which.
    #[error("there is no such factory")]
    NotFound,
    /// The caller may do other things there.
    #[error("this is not permitted in the factory: {}", .0.words())]
    Forbidden(domain::access::Permission),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for AccessError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoGrant => Self::NotFound,
            Refused::Forbidden(permission) => Self::Forbidden(permission),
        }
    }
}

impl Access {
    /// What somebody is called who did not prove who they are, on an open server.
    pub const ANONYMOUS: &str = "anonymous";

    /// Of everybody, on a server that is open.
    pub const OPEN: Self = Self(Caller::Anybody);

    /// Of the server itself, which does something that nobody asked for. Each use says why that may be done.
    pub fn of_server() -> Self {
        Self(Caller::Anybody)
    }

    /// Of somebody who proved who they are.
    pub(crate) fn of(holder: Arc<Holder>) -> Self {
        Self(Caller::Holder(holder))
    }

    /// The same, for somebody who has just created a factory and may administer it.
    #[must_use]
    pub(crate) fn administering(&self, factory: &Factory) -> Self {
        match &self.0 {
            Caller::Anybody => self.clone(),
            Caller::Holder(holder) => Self(Caller::Holder(Arc::new(holder.administering(factory)))),
        }
    }

    /// Who asks; none where everybody may.
    pub fn holder(&self) -> Option<&Holder> {
        match &self.0 {
            Caller::Anybody => None,
            Caller::Holder(holder) => Some(holder),
        }
    }

    /// The principal who asks; none where everybody may.
    pub fn principal_id(&self) -> Option<PrincipalId> {
        self.holder().map(|holder| holder.principal_id)
    }

    /// Whether the caller may create factories and people.
    pub fn is_operator(&self) -> bool {
        self.holder().is_none_or(|holder| holder.is_operator)
    }

    /// What the caller may see of the factory with this slug.
    ///
    /// # Errors
    /// There is no such factory, the caller may not do that there, or the database failed.
    pub async fn open<P: Permission>(
        &self,
        snapshot: &Snapshot,
        slug: &str,
    ) -> std::result::Result<Scope<P>, AccessError> {
        // Looked for in any case, so that who has no grant waits as long as who names a factory that is not.
        let factory = factories::by_slug(snapshot, slug).await?.ok_or(AccessError::NotFound)?;
        let view = self.view::<P>(factory.id)?;
        Ok(Scope { factory, view, permission: PhantomData })
    }

    /// What the caller may see of workers that they are, in the factory with this slug; none where they are not all of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_own<'a>(
        &self,
        snapshot: &Snapshot,
        slug: &str,
        workers: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Scope<SeePeople>>> {
        let figures = match self.open::<SeeFigures>(snapshot, slug).await {
            Ok(figures) => figures,
            Err(AccessError::Store(error)) => return Err(error),
            Err(AccessError::NotFound | AccessError::Forbidden(_)) => return Ok(None),
        };
        let is_own = figures.are_own(workers);
        let Scope { factory, view, .. } = figures;
        Ok(is_own.then_some(Scope { factory, view, permission: PhantomData }))
    }

    /// The log of who asked what about a worker of the factory with this slug: for whoever administers it, and for the worker.
    ///
    /// # Errors
    /// There is no such factory, the caller may not do that there, or the database failed.
    pub async fn open_access_log(
        &self,
        snapshot: &Snapshot,
        slug: &str,
        worker: &str,
    ) -> std::result::Result<AccessLogScope, AccessError> {
        let factory = factories::by_slug(snapshot, slug).await?.ok_or(AccessError::NotFound)?;
        let is_own = self.holder().is_some_and(|holder| holder.is_worker(factory.id, worker));
        if !is_own {
            self.view::<ChangeSettings>(factory.id)?;
        }
        Ok(AccessLogScope { factory_id: factory.id, worker: worker.to_owned() })
    }

    /// What the caller may see of every factory in which they may do that, in the byte order of their slugs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_all<P: Permission>(&self, snapshot: &Snapshot) -> Result<Vec<Scope<P>>> {
        let factories = factories::all(snapshot).await?.into_iter();
        let seen = factories.filter_map(|factory| {
            let view = self.view::<P>(factory.id).ok()?;
            Some(Scope { factory, view, permission: PhantomData })
        });
        Ok(seen.collect())
    }

    /// That the caller may do something in the factory with this slug, whether or not there is one.
    ///
    /// # Errors
    /// They may not.
    pub fn permit<P: Permission>(&self, slug: &str) -> std::result::Result<Permit<P>, Refused> {
        if let Some(holder) = self.holder() {
            holder.view(|grant| grant.factory_slug.as_str() == slug, P::VALUE)?;
        }
        let credential_id = self.holder().map(|holder| holder.credential_id);
        Ok(Permit { slug: slug.into(), credential_id, permission: PhantomData })
    }

    /// The key of the scope that the caller has of the factory with this id, for questions of the kind `P`; none where they
    /// may not ask them.
    pub(crate) fn key_of<P: Permission>(&self, factory_id: FactoryId) -> Option<ScopeKey> {
        Some(ScopeKey { factory_id, view: self.view::<P>(factory_id).ok()? })
    }

    fn view<P: Permission>(&self, factory_id: FactoryId) -> std::result::Result<View, Refused> {
        match &self.0 {
            Caller::Anybody => Ok(View::All),
            Caller::Holder(holder) => holder.view(|grant| grant.factory_id == factory_id, P::VALUE),
        }
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

    /// Whether it is of what single workers did, too.
    pub fn sees_people(&self) -> bool {
        self.view == View::All
    }

    /// Whether these workers are the caller, each of them.
    pub fn are_own<'a>(&self, mut workers: impl Iterator<Item = &'a str>) -> bool {
        match &self.view {
            View::Team { own_workers } => {
                workers.all(|worker| own_workers.iter().any(|own_worker| own_worker == worker))
            }
            View::All | View::Device(_) => false,
        }
    }

    /// Which part of the factory's data it is of.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What identifies this scope.
    pub fn key(&self) -> ScopeKey {
        ScopeKey { factory_id: self.factory.id, view: self.view.clone() }
    }

    /// A scope of this factory with another view.
    #[cfg(test)]
    pub(crate) fn with_view(factory: Factory, view: View) -> Self {
        Self { factory, view, permission: PhantomData }
    }
}

impl<P: Permission> Permit<P> {
    /// That the server itself may do something in the factory with this slug. Each use says why nobody has to be allowed to.
    pub fn of_server(slug: &str) -> Self {
        Self { slug: slug.into(), credential_id: None, permission: PhantomData }
    }

    /// What the caller proved who they are with; none where nobody has to.
    pub fn credential_id(&self) -> Option<CredentialId> {
        self.credential_id
    }

    /// The factory that it is for.
    pub fn into_slug(self) -> FactorySlug {
        self.slug
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
        Self { factory: self.factory.clone(), view: self.view.clone(), permission: PhantomData }
    }
}

impl<P> fmt::Debug for Scope<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("factory", &self.factory.slug).field("view", &self.view).finish()
    }
}

impl ScopeKey {
    /// Whose data it is about.
    pub(crate) fn factory_id(&self) -> FactoryId {
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
