//! Commands that change who may do what, beside a running server or without one.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _},
};

use anyhow::{Context as _, anyhow, bail};
use chrono::DateTime;
use domain::{
    access::{Role, Token},
    id::CredentialId,
    time::{DurationMs, TimestampMs},
};

use secrecy::SecretString;

use super::Passwords;
use crate::{
    clock::Clock,
    config::access::{
        CreateToken, FactoryConfig, GrantCommand, GrantConfig, PersonCommand, PersonConfig, TokenCommand,
    },
    report::{self, ReportError},
    store::{
        Store,
        access::{
            Access, Author, ChangeSettings, NotChanged, Scope,
            credentials::{self, NewToken, TokenRecord},
            principals,
        },
    },
};

/// Creates tokens and takes them back.
///
/// # Errors
/// What was wrong, for the person at the command line.
pub async fn token(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create(create) => create_token(&create).await,
        TokenCommand::List(factory) => list_tokens(&factory).await,
        TokenCommand::Rotate { factory, id, overlap_hours } => rotate(&factory, id, overlap_hours).await,
        TokenCommand::Revoke { factory, id } => {
            let (store, scope) = open(&factory).await?;
            let token = made(store.revoke_token(&scope, id, &author()).await?, || format!("token {}", id.0))?;
            eprintln!("token {} of {:?} is void", id.0, token.name);
            store.close().await;
            Ok(())
        }
    }
}

/// Creates people, and lets them in no more.
///
/// # Errors
/// What was wrong, for the person at the command line.
pub async fn person(command: PersonCommand) -> anyhow::Result<()> {
    match command {
        PersonCommand::Create { database, name, operator } => {
            let store = open_store(&database.database_url).await?;
            let created = store.create_person(&name, operator, &author()).await?;
            made(created, || format!("{name:?}"))?;
            eprintln!(
                "{name:?} can be given a password now, `andon person password`, and roles, `andon grant add`"
            );
            store.close().await;
            Ok(())
        }
        PersonCommand::List(database) => {
            let store = open_store(&database.database_url).await?;
            let snapshot = store.snapshot().await?;
            for person in principals::people(&snapshot).await? {
                let operator = if person.is_operator { "operator" } else { "" };
                let disabled = person.disabled_at_ms.map(|at| format!("disabled since {}", written(at)));
                println!("{}\t{operator}\t{}", person.name, disabled.unwrap_or_default());
            }
            drop(snapshot);
            store.close().await;
            Ok(())
        }
        PersonCommand::Password(person) => set_password(&person).await,
        PersonCommand::Disable(person) => disable(&person, true).await,
        PersonCommand::Enable(person) => disable(&person, false).await,
    }
}

/// Says what people may do in a factory.
///
/// # Errors
/// What was wrong, for the person at the command line.
pub async fn grant(command: GrantCommand) -> anyhow::Result<()> {
    match command {
        GrantCommand::Add(GrantConfig { factory, person, role, worker }) => {
            let (store, scope) = open(&factory).await?;
            made(store.grant(&scope, &person, role, worker.as_deref(), &author()).await?, || {
                format!("{person:?}")
            })?;
            store.close().await;
            Ok(())
        }
        GrantCommand::Remove(GrantConfig { factory, person, role, worker }) => {
            let (store, scope) = open(&factory).await?;
            let removed = store.revoke_grant(&scope, &person, role, worker.as_deref(), &author()).await?;
            made(removed, || format!("{person:?} as {} of this factory", role.name()))?;
            store.close().await;
            Ok(())
        }
        GrantCommand::List(factory) => {
            let (store, scope) = open(&factory).await?;
            let snapshot = store.snapshot().await?;
            for grant in principals::grants(&snapshot, &scope).await? {
                let from = if grant.is_from_groups { "\tfrom groups" } else { "" };
                let worker = grant.worker.unwrap_or_default();
                println!("{}\t{}\t{worker}{from}", grant.principal.name, grant.role.name());
            }
            drop(snapshot);
            store.close().await;
            Ok(())
        }
    }
}

async fn create_token(create: &CreateToken) -> anyhow::Result<()> {
    let (store, scope) = open(&create.factory).await?;
    let (kind, name, role) = create.holder();
    let new = NewToken { name: name.to_owned(), kind, role, valid_ms: create.valid_ms() };
    let (record, token) = made(store.create_token(&scope, &new, &author()).await?, || format!("{name:?}"))?;
    store.close().await;
    show(&record, &token);
    Ok(())
}

async fn rotate(factory: &FactoryConfig, id: CredentialId, overlap_hours: u32) -> anyhow::Result<()> {
    let (store, scope) = open(factory).await?;
    let overlap_ms = DurationMs(i64::from(overlap_hours) * domain::MS_PER_HOUR);
    let rotated = store.rotate_token(&scope, id, overlap_ms, &author()).await?;
    let (record, token) = made(rotated, || format!("token {}", id.0))?;
    store.close().await;
    show(&record, &token);
    Ok(())
}

/// The token alone goes to the standard output, so that it can be sent to a file.
fn show(record: &TokenRecord, token: &Token) {
    eprintln!(
        "token {} of {:?} is valid until {}. It is shown only now:",
        record.id.0,
        record.name,
        written(record.expires_at_ms)
    );
    println!("{}", token.text());
}

async fn list_tokens(factory: &FactoryConfig) -> anyhow::Result<()> {
    let (store, scope) = open(factory).await?;
    let snapshot = store.snapshot().await?;
    for token in credentials::tokens(&snapshot, &scope).await? {
        let TokenRecord { id, name, roles, expires_at_ms, last_used_at_ms, revoked_at_ms, .. } = token;
        let roles: Vec<&str> = roles.into_iter().map(Role::name).collect();
        let state = match revoked_at_ms {
            Some(at_ms) => format!("void since {}", written(at_ms)),
            None => format!("valid until {}", written(expires_at_ms)),
        };
        let used = last_used_at_ms.map_or("never used".to_owned(), |at| format!("last used {}", written(at)));
        println!("{}\t{name}\t{}\t{state}\t{used}", id.0, roles.join(" "));
    }
    drop(snapshot);
    store.close().await;
    Ok(())
}

async fn set_password(person: &PersonConfig) -> anyhow::Result<()> {
    let password: SecretString = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Password of {}: ", person.name))
            .context("no password was typed")?
            .into()
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).context("no password can be read from the standard input")?;
        line.trim_end_matches(['\r', '\n']).into()
    };
    let hash = Passwords::default().hash(password).await?;
    let store = open_store(&person.database.database_url).await?;
    made(store.set_password(&person.name, &hash, &author()).await?, || format!("{:?}", person.name))?;
    store.close().await;
    Ok(())
}

async fn disable(person: &PersonConfig, is_disabled: bool) -> anyhow::Result<()> {
    let store = open_store(&person.database.database_url).await?;
    let changed = store.disable_person(&person.name, is_disabled, &author()).await?;
    made(changed, || format!("{:?}", person.name))?;
    store.close().await;
    Ok(())
}

pub(super) async fn open_store(url: &str) -> anyhow::Result<Store> {
    Store::open_beside(url)
        .await
        .context("the database that --database-url or DATABASE_URL names cannot be used")
}

#[expect(clippy::disallowed_methods, reason = "whoever may open the database may do everything")]
async fn open(factory: &FactoryConfig) -> anyhow::Result<(Store, Scope<ChangeSettings>)> {
    let store = open_store(&factory.database.database_url).await?;
    let snapshot = store.snapshot().await?;
    let scope = match report::factory(&Access::of_server(), &snapshot, &factory.factory).await {
        Ok(scope) => scope,
        Err(error @ ReportError::FactoryNotFound(_)) => bail!("{error}"),
        Err(error) => {
            return Err(anyhow!(error)).context("is this a database that `andon serve` has opened?");
        }
    };
    drop(snapshot);
    Ok((store, scope))
}

/// What was made, or why it was not, given what it was to be made of.
fn made<T, D: Display>(outcome: Result<T, NotChanged>, of: impl FnOnce() -> D) -> anyhow::Result<T> {
    outcome.map_err(|refused| anyhow!("{}: {refused}", of()))
}

fn author() -> Author {
    Author::command_line(Clock::System.now_ms())
}

fn written(instant_ms: TimestampMs) -> String {
    DateTime::from_timestamp_millis(instant_ms.0)
        .map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}
