//! The command line's part about who may do what.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::{
    access::{MAX_TOKEN_DAYS, Role, TokenKind},
    id::CredentialId,
    time::DurationMs,
    validate::{ID_RULE, new_id_fault},
};

use super::DatabaseConfig;

/// For how many hours a token that another one takes the place of is still valid at most, unless that is said.
const OVERLAP_HOURS: u32 = 24;

/// Who may use a server, as it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Access {
    /// Everybody who reaches it, for everything
    Open,
    /// Who proves who they are
    Required,
}

/// Creates tokens and takes them back.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a token for a device or another program and print it, which is the only time that it is shown
    Create(Box<CreateToken>),
    /// List the tokens of a factory
    List(FactoryConfig),
    /// Create another token in the place of one, which stays valid for a while, and print it
    Rotate {
        /// Which factory.
        #[command(flatten)]
        factory: FactoryConfig,
        /// The number of the token, which is the first one in its text
        #[arg(value_parser = credential_id)]
        id: CredentialId,
        /// For how many hours more the one before is valid at most
        #[arg(long, default_value_t = OVERLAP_HOURS, value_name = "HOURS")]
        overlap_hours: u32,
    },
    /// Make a token void, everywhere within a few seconds
    Revoke {
        /// Which factory.
        #[command(flatten)]
        factory: FactoryConfig,
        /// The number of the token, which is the first one in its text
        #[arg(value_parser = credential_id)]
        id: CredentialId,
    },
}

/// Creates people.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Create a person
    Create {
        /// Which database.
        #[command(flatten)]
        database: DatabaseConfig,
        /// What they are called, 1 to 64 characters
        #[arg(value_parser = name)]
        name: String,
        /// Whether they create factories and people
        #[arg(long)]
        operator: bool,
    },
    /// Set somebody's password, which is read from the standard input, and end their sessions
    Password(PersonConfig),
    /// List all people
    List(DatabaseConfig),
    /// Let somebody in no more, on any server within a few seconds
    Disable(PersonConfig),
    /// Let somebody in again
    Enable(PersonConfig),
}

/// Says what people may do in a factory.
#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// Let a person do what a role permits in a factory
    Add(GrantConfig),
    /// Take a role away from a person
    Remove(GrantConfig),
    /// List who may do what in a factory
    List(FactoryConfig),
}

/// Reads the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditLogCommand {
    /// Print every row as a line of JSON, to be kept elsewhere
    Export(DatabaseConfig),
    /// Check that nobody has changed, removed or swapped rows; the exit code is 1 if somebody has
    Verify {
        /// Which database.
        #[command(flatten)]
        database: DatabaseConfig,
        /// What was exported before: without it nobody can tell whether the newest rows were cut off
        #[arg(long, value_name = "FILE")]
        copy: Option<PathBuf>,
    },
}

/// Which factory of which database.
#[derive(Args, Debug)]
pub struct FactoryConfig {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// The factoryId
    #[arg(long, value_name = "FACTORY")]
    pub factory: String,
}

/// Which person of which database.
#[derive(Args, Debug)]
pub struct PersonConfig {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// What they are called
    pub name: String,
}

/// Which role of which person.
#[derive(Args, Debug)]
pub struct GrantConfig {
    /// Which factory.
    #[command(flatten)]
    pub factory: FactoryConfig,
    /// What they are called
    #[arg(long, value_name = "NAME")]
    pub person: String,
    /// viewer, supervisor, engineer or admin
    #[arg(long, value_parser = persons_role)]
    pub role: Role,
}

/// The token to be created.
#[derive(Args, Debug)]
pub struct CreateToken {
    /// Which factory.
    #[command(flatten)]
    pub factory: FactoryConfig,
    /// The deviceId of the device that sends with it
    #[arg(long, value_name = "DEVICE_ID", value_parser = name, required_unless_present = "service")]
    device: Option<String>,
    /// What the program is called that uses it
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with = "device", requires = "role")]
    service: Option<String>,
    /// What a program may do: device (which sends events), viewer, supervisor, engineer or admin
    #[arg(long, value_parser = role, conflicts_with = "device")]
    role: Option<Role>,
    /// For how many days it is valid [default: 365 for a device, 90 for a program]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TOKEN_DAYS)))]
    valid_days: Option<u32>,
}

impl CreateToken {
    /// Whose it is, what they are called, and what they may do.
    pub fn holder(&self) -> (TokenKind, &str, Role) {
        match (&self.service, &self.device) {
            (Some(service), _) => (TokenKind::Service, service, self.role.unwrap_or(Role::Viewer)),
            (None, device) => (TokenKind::Device, device.as_deref().unwrap_or_default(), Role::Device),
        }
    }

    /// How long it is valid.
    pub fn valid_ms(&self) -> DurationMs {
        let (kind, ..) = self.holder();
        DurationMs(i64::from(self.valid_days.unwrap_or(kind.default_days())) * domain::MS_PER_DAY)
    }
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    new_id_fault(name)
        .map_or_else(|| Ok(name.to_owned()), |fault| Err(format!("write {ID_RULE}; this {fault}")))
}

fn role(text: &str) -> Result<Role, String> {
    Role::of_name(text)
        .ok_or_else(|| "the roles are device, viewer, supervisor, engineer and admin".to_owned())
}

fn persons_role(text: &str) -> Result<Role, String> {
    let role = Role::of_name(text).filter(|role| *role != Role::Device);
    role.ok_or_else(|| "the roles of people are viewer, supervisor, engineer and admin".to_owned())
}

fn credential_id(text: &str) -> Result<CredentialId, String> {
    let id = text.parse().ok().filter(|id: &i32| *id > 0);
    id.map(CredentialId).ok_or_else(|| "a token has a number, which `andon token list` shows".to_owned())
}
