//! Numbers that stand for something, as types of their own, so that none is taken for another.
//!
//! * A *slug* is the text by which clients name a factory, a *code* the text by which devices name a worker, a workstation
//!   or an event.
//! * An *id* is the number under which the database keeps what a slug or a code names.
//! * A *revision* counts the commits of a factory that a reader can see.

use std::fmt;

/// The number under which a factory is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactoryId(pub i32);

/// The number under which a worker or workstation is kept, within its factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub i32);

/// The number under which the name of a model version is kept, within its factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelVersionId(pub i32);

/// The number under which the name of a source is kept, within its factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub i32);

/// The number under which a principal is kept: a person, a device or another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(pub i32);

/// The number under which a token or a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(pub i32);

/// The text by which clients name a factory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactorySlug(pub String);

impl FactorySlug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactorySlug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How many commits of a factory a reader has seen: it grows by one with each that changes something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub i64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<&str> for FactorySlug {
    fn from(slug: &str) -> Self {
        Self(slug.to_owned())
    }
}
