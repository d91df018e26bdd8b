//! People who sign in at this server, by a name and a password.

use std::{net::IpAddr, time::Duration};

use domain::{
    access::{Token, TokenKind},
    time::DurationMs,
    validate::{ID_RULE, new_id_fault},
};
use secrecy::SecretString;
use tokio::time::Instant;

use super::{AccessControl, PasswordError};
use crate::store::{
    StoreError,
    access::{Author, NotChanged, credentials::random_secret, passwords},
};

/// How long a session lasts at most (milliseconds).
pub(super) const SESSION_VALID_MS: DurationMs = DurationMs(12 * domain::MS_PER_HOUR);

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The name or the password is wrong: nobody is told which.
    #[error("the name or the password is wrong")]
    Wrong,
    /// They have tried too often.
    #[error("there were too many attempts; try again in {} s", .0.as_secs() + 1)]
    Wait(Duration),
    /// The name cannot be that of a new person.
    #[error("a name has {ID_RULE}")]
    Name,
    /// The code is not the one that opens this, or not any more.
    #[error(
        "the setup code is not valid: it is used up, older than an hour, or another one; a restart of the server makes one"
    )]
    Code,
    /// The password may not be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// There is a person of this name, or there are as many sessions as may be.
    #[error(transparent)]
    NotChanged(#[from] NotChanged),
    /// The database failed.
    #[error("the database cannot answer now; try again")]
    Store(#[from] StoreError),
}

impl AccessControl {
    /// Signs a person in, and begins a session for them.
    ///
    /// # Errors
    /// The name or the password is wrong, or there were too many attempts.
    pub async fn sign_in(
        &self,
        address: IpAddr,
        name: &str,
        password: SecretString,
    ) -> Result<Token, NotSignedIn> {
        let now = Instant::now();
        if let Some(wait) = self.attempts.wait(address, name, now) {
            return Err(NotSignedIn::Wait(wait));
        }
        // Counted before it is known how it ends, so that many at once are not all free.
        self.attempts.failed(address, name, now);
        let hash = passwords::hash_of(&self.shared.store.snapshot().await?, name).await?;
        if !self.passwords.is_of(password, hash).await {
            return Err(NotSignedIn::Wrong);
        }
        self.attempts.succeeded(address, name);
        self.begin_session(name).await
    }

    /// Creates the first operator by the setup code, and signs them in.
    ///
    /// # Errors
    /// The code is not valid, or the name or the password may not be used.
    pub async fn set_up(
        &self,
        address: IpAddr,
        code: &str,
        name: &str,
        password: SecretString,
    ) -> Result<Token, NotSignedIn> {
        let now = Instant::now();
        if let Some(wait) = self.attempts.wait(address, "", now) {
            return Err(NotSignedIn::Wait(wait));
        }
        let name = name.trim();
        if new_id_fault(name).is_some() {
            return Err(NotSignedIn::Name);
        }
        let code = Token::of_text(code.trim()).ok().filter(|code| code.kind == TokenKind::Setup);
        let Some(code) = code else {
            self.attempts.failed(address, "", now);
            return Err(NotSignedIn::Code);
        };
        let hash = self.passwords.hash(password).await?;
        match self.shared.store.set_up(&code.secret, name, &hash, self.author()).await? {
            Ok(_) => {}
            Err(NotChanged::NotValid) => {
                self.attempts.failed(address, "", now);
                return Err(NotSignedIn::Code);
            }
            Err(refused) => return Err(refused.into()),
        }
        self.take_in_changes().await;
        self.begin_session(name).await
    }

    /// The code by which the first operator is created, if one has to be made: there is no operator yet, no code that is still
    /// valid, and the server is not open to everybody anyway.
    ///
    /// # Errors
    /// The database failed.
    pub async fn new_setup_code(&self) -> Result<Option<Token>, StoreError> {
        self.take_in_changes().await;
        if self.is_open() {
            return Ok(None);
        }
        let secret = random_secret()?;
        let code = Token { kind: TokenKind::Setup, id: SETUP_ID, secret };
        let is_kept = self.shared.store.keep_setup_code(&secret, self.author()).await?;
        Ok(is_kept.then_some(code))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sign_out(&self, session: &Token) -> Result<(), StoreError> {
        self.shared.store.end_session(session.id, &session.secret, self.author()).await?;
        self.take_in_changes().await;
        Ok(())
    }

    async fn begin_session(&self, name: &str) -> Result<Token, NotSignedIn> {
        let session = self.shared.store.create_session(name, SESSION_VALID_MS, self.author()).await?;
        session.map_err(|refused| match refused {
            NotChanged::NotFound => NotSignedIn::Wrong,
            refused => refused.into(),
        })
    }

    pub(super) fn author(&self) -> Author {
        Author { principal_id: None, at_ms: self.shared.clock.now_ms() }
    }
}

/// The number in the text of a setup code, which has none of its own.
const SETUP_ID: domain::id::CredentialId = domain::id::CredentialId(0);
