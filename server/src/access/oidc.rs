//! People who sign in at their identity provider, by OpenID Connect.
//!
//! - A sign-in is begun and finished by the same browser, once, within 10 min, at any server on this database.
//! - Somebody is who the provider says, by its name and theirs for good. Their groups become grants at each sign-in.
//! - A provider that is away keeps nobody out who has a password or a session.

mod claims;
mod client;
mod provider;
mod settings;
mod template;

use domain::access::Token;
use secrecy::SecretString;

pub use self::{
    provider::OidcProvider,
    settings::{CALLBACK, OidcSettings},
    template::{GroupTemplate, TemplateError},
};
use super::{AccessControl, sign_in::SESSION_VALID_MS};
use crate::store::{
    StoreError,
    access::{NotChanged, Origin, pending_sign_ins::PendingSignIn},
};

/// Why somebody is not signed in. It says what they can do; the log says more.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Nobody knows of this sign-in.
    #[error(
        "this sign-in was not begun in this browser, is finished already, or took longer than 10 minutes; begin again"
    )]
    NotBegun,
    /// The provider let them not in, or they did not want to.
    #[error(
        "your identity provider did not let you in; begin again, or ask whoever looks after your account there"
    )]
    Denied,
    /// The provider does not answer.
    #[error(
        "your identity provider does not answer; try again in a minute, or sign in with a name and a password of this server"
    )]
    Unreachable,
    /// What it says cannot be relied on.
    #[error(
        "what your identity provider says cannot be relied on; begin again, and if that does not help, ask whoever runs this \
         server, whose log says why"
    )]
    Untrusted,
    /// They are let in no more.
    #[error("you are not let in here any more; ask whoever runs this server")]
    Disabled,
    /// There are as many people as may be, or as many of this name.
    #[error(transparent)]
    NotChanged(NotChanged),
    /// The database failed.
    #[error("the database cannot answer now; try again")]
    Store(#[from] StoreError),
}

/// Somebody who leaves for their provider.
pub struct Departure {
    /// Where they go.
    pub url: String,
    /// What their browser keeps meanwhile.
    pub browser: SecretString,
}

/// Somebody who comes back.
pub struct Arrival {
    /// What their browser has kept.
    pub browser: SecretString,
    /// What they were sent away with.
    pub state: SecretString,
    /// What the provider calls itself, where it says so.
    pub issuer: Option<String>,
    /// With which the provider is asked who they are, or its code for why it did not let them in.
    pub outcome: Result<SecretString, String>,
}

/// How a sign-in ended.
pub struct Finished {
    /// The path of this server that they wanted to go to.
    pub next: Option<String>,
    /// Their session.
    pub session: Result<Token, OidcError>,
}

impl AccessControl {
    /// Sends somebody to their provider, who then wants to go to a path of this server. `browser` is what their browser keeps
    /// from a sign-in that has begun before.
    ///
    /// # Errors
    /// The provider does not answer, or the database failed.
    pub async fn begin_sign_in_at(
        &self,
        provider: &OidcProvider,
        browser: Option<SecretString>,
        next: &str,
    ) -> Result<Departure, OidcError> {
        let (url, pending) = provider.begin(browser, next).await?;
        self.shared.store.keep_pending_sign_in(&pending, self.shared.clock.now_ms()).await?;
        Ok(Departure { url: url.into(), browser: pending.browser })
    }

    /// Begins a session of somebody who comes back from their provider.
    pub async fn finish_sign_in_at(
        &self,
        provider: &OidcProvider,
        origin: Origin,
        arrival: Arrival,
    ) -> Finished {
        let (store, now_ms) = (&self.shared.store, self.shared.clock.now_ms());
        match store.take_pending_sign_in(&arrival.state, &arrival.browser, now_ms).await {
            Ok(Some(pending)) => {
                let session = self.session_of((provider, origin), &arrival, &pending).await;
                Finished { next: Some(pending.next), session }
            }
            Ok(None) => Finished { next: None, session: Err(OidcError::NotBegun) },
            Err(error) => Finished { next: None, session: Err(error.into()) },
        }
    }

    async fn session_of(
        &self,
        (provider, origin): (&OidcProvider, Origin),
        arrival: &Arrival,
        pending: &PendingSignIn,
    ) -> Result<Token, OidcError> {
        if arrival.issuer.as_deref().is_some_and(|issuer| !provider.is_issuer(issuer)) {
            tracing::warn!("somebody was sent back by another identity provider");
            return Err(OidcError::Untrusted);
        }
        let code = arrival.outcome.as_ref().map_err(|why| {
            tracing::warn!(?why, "the identity provider did not let somebody in");
            OidcError::Denied
        })?;
        let identified = provider.identify(code, pending).await?;
        let author = self.author(&identified.name, origin);
        let begun = self.shared.store.create_session_of(&identified, SESSION_VALID_MS, &author).await?;
        let session = begun.map_err(|refused| match refused {
            NotChanged::NotFound => OidcError::Disabled,
            refused => OidcError::NotChanged(refused),
        })?;
        self.take_in_changes().await;
        Ok(session)
    }
}
