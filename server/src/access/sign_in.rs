//! People who sign in at this server, by a name and a password.

use std::time::Duration;

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
    access::{Author, NotChanged, Origin, credentials::random_secret, passwords},
    audit_log::AuditAction,
};

/// How long a session lasts at most (milliseconds).
pub(super) const SESSION_VALID_MS: DurationMs = DurationMs(12 * domain::MS_PER_HOUR);

/// What somebody is called in the audit log who is not known by the name that they gave.
const UNKNOWN_NAME: &str = "unknown";

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
        "the code is not valid: it is used up, too old, or another one; a restart of the server makes a setup code, and who invited you \
         can invite you again"
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
        origin: Origin,
        name: &str,
        password: SecretString,
    ) -> Result<Token, NotSignedIn> {
        let (address, now) = (origin.address, Instant::now());
        if let Some(wait) = self.attempts.wait(address, name, now) {
            return Err(NotSignedIn::Wait(wait));
        }
        // Counted before it is known how it ends, so that many at once are not all free.
        self.attempts.failed(address, name, now);
        let hash = passwords::hash_of(&self.shared.store.snapshot().await?, name).await?;
        // What is no name may be a password that was typed in the wrong place.
        let known_name = if hash.is_some() { name } else { UNKNOWN_NAME };
        if !self.passwords.is_of(password, hash).await {
            let author = self.author(known_name, origin);
            self.written.refusals.note(&author, None, AuditAction::SignIn, known_name);
            return Err(NotSignedIn::Wrong);
        }
        self.attempts.succeeded(address, name);
        self.begin_session(name, origin).await
    }

    /// Who was invited by a code of this text, if it is one of an invitation: the code says it, without being looked for.
    pub fn is_invitation(code: &str) -> bool {
        Token::of_text(code.trim()).is_ok_and(|code| code.kind == TokenKind::Setup && code.id != SETUP_ID)
    }

    /// Creates the first operator by the setup code, or sets the password of somebody who was invited by theirs, and signs them
    /// in. Who was invited has a name already.
    ///
    /// # Errors
    /// The code is not valid, or the name or the password may not be used.
    pub async fn set_up(
        &self,
        origin: Origin,
        code: &str,
        name: &str,
        password: SecretString,
    ) -> Result<Token, NotSignedIn> {
        let (address, now) = (origin.address, Instant::now());
        if let Some(wait) = self.attempts.wait(address, "", now) {
            return Err(NotSignedIn::Wait(wait));
        }
        let name = name.trim();
        if !Self::is_invitation(code) && new_id_fault(name).is_some() {
            return Err(NotSignedIn::Name);
        }
        let code = Token::of_text(code.trim()).ok().filter(|code| code.kind == TokenKind::Setup);
        let Some(code) = code else {
            self.attempts.failed(address, "", now);
            return Err(NotSignedIn::Code);
        };
        let hash = self.passwords.hash(password).await?;
        let (store, author) = (&self.shared.store, self.author(name, origin.clone()));
        let accepted = match code.id {
            SETUP_ID => store.set_up(&code.secret, name, &hash, &author).await?,
            id => store.accept_invitation(id, &code.secret, &hash, &author).await?,
        };
        let person = match accepted {
            Ok(person) => person,
            Err(NotChanged::NotValid) => {
                self.attempts.failed(address, "", now);
                return Err(NotSignedIn::Code);
            }
            Err(refused) => return Err(refused.into()),
        };
        self.take_in_changes().await;
        self.begin_session(&person.name, origin).await
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
        let author = Author::server(self.shared.clock.now_ms());
        let is_kept = self.shared.store.keep_setup_code(&secret, &author).await?;
        Ok(is_kept.then_some(code))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sign_out(&self, origin: Origin, session: &Token) -> Result<(), StoreError> {
        let author = self.author(UNKNOWN_NAME, origin);
        self.shared.store.end_session(session.id, &session.secret, &author).await?;
        self.take_in_changes().await;
        Ok(())
    }

    async fn begin_session(&self, name: &str, origin: Origin) -> Result<Token, NotSignedIn> {
        let author = self.author(name, origin);
        let session = self.shared.store.create_session(name, SESSION_VALID_MS, &author).await?;
        session.map_err(|refused| match refused {
            NotChanged::NotFound => NotSignedIn::Wrong,
            refused => refused.into(),
        })
    }

    /// Somebody who says what they are called, and proves it now.
    pub(super) fn author(&self, name: &str, origin: Origin) -> Author {
        Author::called(name, Some(origin), self.shared.clock.now_ms())
    }
}

/// The number in the text of a setup code, which has none of its own.
const SETUP_ID: domain::id::CredentialId = domain::id::CredentialId(0);
