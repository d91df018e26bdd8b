//! Whether somebody who reaches the server is who they say, and for how long they are let in.
//!
//! - An open server takes everybody for one who may do everything. One that is not asks for a token.
//! - What is found of a credential is kept until somebody changes who may do what. That raises a revision, at which every server
//!   looks each [`POLL_INTERVAL`]; those on one PostgreSQL are told at once. Whoever holds a connection is told what has changed.
//! - A server that could not look for [`MAX_BLIND`] lets nobody in, and ends what it delivers, until it can.

mod attempts;
pub mod audit_log_commands;
pub mod commands;
mod control;
mod denied;
mod known;
mod limits;
mod looks;
pub mod oidc;
mod password;
mod refusals;
mod sign_in;
mod subjects;
mod written;

use std::time::Duration;

pub(crate) use self::limits::{Limited, Limits, PrincipalShare};
pub use self::{
    control::AccessControl,
    denied::Denied,
    known::Standing,
    limits::{AccessLimits, OverLimit, Rate},
    password::{MIN_PASSWORD_CHARS, PasswordError, Passwords},
    sign_in::{NotSignedIn, SetupCode},
};

/// How often a server looks whether who may do what has changed.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How long one look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a server relies on what it found before it could not look any more.
const MAX_BLIND: Duration = Duration::from_secs(30);

/// The path at which the first operator is created, and at which somebody who was invited chooses a password.
pub const SETUP_PATH: &str = "/auth/setup";

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Everybody, who may do everything.
    Open,
    /// Who proves who they are.
    Required,
    /// As [`Self::Open`] as long as there is no principal, and then as [`Self::Required`].
    OpenUntilFirstPrincipal,
}
