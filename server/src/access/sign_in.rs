//! People who sign in at this server, by a name and a password.

use std::{ops::RangeInclusive, time::Duration};

use domain::{
    access::{TOKEN_SECRET_BYTES, Token, TokenKind},
    id::CredentialId,
    time::DurationMs,
    validate::{ID_RULE, new_id_fault},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::{AccessControl, PasswordError};
use crate::store::{
    StoreError,
    access::{
        Author, Holder, NotChanged, Origin,
        credentials::{self, random_secret},
        passwords,
    },
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
        let (id, secret) = credential(code.trim());
        let hash = self.passwords.hash(password).await?;
        let (store, author) = (&self.shared.store, self.author(name, origin.clone()));
        let accepted = match id {
            SETUP_ID => store.set_up(&secret, name, &hash, &author).await?,
            id => store.accept_invitation(id, &secret, &hash, &author).await?,
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

    /// Lets the first operator be created by a code that whoever runs the server has chosen, for as long as by one that is made
    /// here; says whether it will be asked for, as [`Self::new_setup_code`] does.
    ///
    /// # Errors
    /// The database failed.
    pub async fn use_setup_code(&self, code: &SetupCode) -> Result<bool, StoreError> {
        self.take_in_changes().await;
        if self.is_open() {
            return Ok(false);
        }
        let author = Author::server(self.shared.clock.now_ms());
        let (_, secret) = credential(code.0.expose_secret());
        self.shared.store.replace_setup_code(&secret, &author).await
    }

    /// A code by which a dashboard on another site gets a session of a person who has signed in here, once.
    ///
    /// # Errors
    /// The database failed, or they have as many as they may.
    pub async fn hand_over(&self, origin: Origin, person: &Holder, site: &str) -> Result<Token, NotSignedIn> {
        let author = self.author(&person.name, origin);
        Ok(self.shared.store.create_hand_over(person.principal_id, site, &author).await??)
    }

    /// Begins a session by such a code, for a page of that site.
    ///
    /// # Errors
    /// The code is not valid, or not that site's.
    pub async fn take_over(&self, origin: Origin, code: &str, site: &str) -> Result<Token, NotSignedIn> {
        let code = Token::of_text(code.trim()).map_err(|_| NotSignedIn::Code)?;
        let (store, author) = (&self.shared.store, self.author(UNKNOWN_NAME, origin));
        match store.take_hand_over(&code, site, SESSION_VALID_MS, &author).await? {
            Ok(session) => Ok(session),
            Err(NotChanged::NotValid) => Err(NotSignedIn::Code),
            Err(refused) => Err(refused.into()),
        }
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

/// A code by which the first operator is created, as whoever runs the server has chosen it.
#[derive(Clone, Debug)]
pub struct SetupCode(SecretString);

/// How many characters one has: fewer could be guessed.
const SETUP_CODE_CHARS: RangeInclusive<usize> = 32..=256;

impl SetupCode {
    /// The code that a text is, without the spaces and line breaks around it.
    ///
    /// # Errors
    /// It is too short, too long, or cannot be typed.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let code = text.trim();
        if SETUP_CODE_CHARS.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(code.into()));
        }
        let (least, most) = SETUP_CODE_CHARS.into_inner();
        Err(format!(
            "a setup code has {least} to {most} letters, digits and other signs without a space; `openssl rand -hex 32` prints one"
        ))
    }
}

/// The number in the text of a setup code, which has none of its own.
const SETUP_ID: CredentialId = CredentialId(0);

/// The number and the secret in a setup code or one of an invitation. What has another form is a code that somebody has chosen.
fn credential(code: &str) -> (CredentialId, [u8; TOKEN_SECRET_BYTES]) {
    match Token::of_text(code) {
        Ok(Token { kind: TokenKind::Setup, id, secret }) => (id, secret),
        _ => (SETUP_ID, credentials::hash(code.as_bytes())),
    }
}
