//! Passwords of people who sign in at this server: argon2id, by the parameters that OWASP recommends first (19 MiB, two passes, one
//! lane), and no more than two hashes at a time, so that signing in takes neither the memory nor the processor from the rest.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::store::access::credentials::random_secret;

/// The fewest characters of a password.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The most bytes of one.
const MAX_PASSWORD_BYTES: usize = 1_024;

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How many hashes are computed at a time.
const MAX_HASHES_AT_ONCE: usize = 2;
/// How many bytes of randomness go into a salt.
const SALT_BYTES: usize = 16;

/// Computes and checks hashes, a few at a time. Clones share their turns.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

/// Why no hash can be computed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The password may not be used.
    #[error(
        "a password has at least {MIN_PASSWORD_CHARS} characters, and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Length,
    /// It is our fault.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_HASHES_AT_ONCE)))
    }
}

impl Passwords {
    /// The hash of a password, as it is kept.
    ///
    /// # Errors
    /// It may not be used as one.
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        let length = password.expose_secret().chars().count();
        if length < MIN_PASSWORD_CHARS || password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::Length);
        }
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether a password is the one with this hash. Where there is none, as long is spent on it.
    pub async fn is_of(&self, password: SecretString, hash: Option<String>) -> bool {
        if password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return false;
        }
        self.in_turn(move || is_of(&password, hash.as_deref())).await.unwrap_or(false)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        // It is never closed, so there always is a turn.
        let turn = self.0.clone().acquire_owned().await;
        let computing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            compute()
        });
        computing.await.map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

fn argon2() -> Argon2<'static> {
    // They are within what the algorithm allows.
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

fn hash(password: &SecretString) -> Result<String, PasswordError> {
    let random = random_secret().map_err(|error| PasswordError::Failed(error.to_string()))?;
    let salt = SaltString::encode_b64(&random[..SALT_BYTES])
        .map_err(|error| PasswordError::Failed(error.to_string()))?;
    let hash = argon2().hash_password(password.expose_secret().as_bytes(), &salt);
    Ok(hash.map_err(|error| PasswordError::Failed(error.to_string()))?.to_string())
}

fn is_of(password: &SecretString, stored: Option<&str>) -> bool {
    /// Of a password that nobody has.
    static OF_NOBODY: LazyLock<String> = LazyLock::new(|| hash(&"".into()).unwrap_or_default());
    let kept = stored.unwrap_or(&OF_NOBODY);
    let is_it = PasswordHash::new(kept)
        .is_ok_and(|kept| argon2().verify_password(password.expose_secret().as_bytes(), &kept).is_ok());
    is_it && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_of_its_password_alone_and_differs_each_time() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".into()).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse battery".into()).await.expect("a hash"));
        assert!(passwords.is_of("correct horse battery".into(), Some(hash.clone())).await);
        assert!(!passwords.is_of("correct horse batterx".into(), Some(hash)).await);
        assert!(!passwords.is_of("".into(), None).await, "nobody has the password of nobody");
    }

    #[tokio::test]
    async fn a_password_is_neither_short_nor_endless() {
        let passwords = Passwords::default();
        for wrong in ["elevenchars", &"x".repeat(MAX_PASSWORD_BYTES + 1)] {
            assert!(matches!(passwords.hash(wrong.into()).await, Err(PasswordError::Length)));
        }
        passwords.hash("äöüäöüäöüäöü".into()).await.expect("twelve characters");
    }
}
