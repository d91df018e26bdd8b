//! The token that the agent asks those for who send events to it.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

/// How many characters it has: fewer could be guessed.
const CHARS: RangeInclusive<usize> = 32..=256;
/// The scheme by which it is sent.
const BEARER: &str = "bearer";

/// A token of the agent's own, which whoever runs it has chosen.
#[derive(Clone, Debug)]
pub struct InputToken(SecretString);

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum InputTokenError {
    /// The file cannot be read.
    #[error("the file {0} of --input-token-file cannot be read: {1}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// What it holds is no token.
    #[error(
        "the file {0} of --input-token-file holds no token: one has {least} to {most} letters, digits and other signs without a \
         space; `openssl rand -hex 32` prints one",
        least = CHARS.start(),
        most = CHARS.end()
    )]
    Malformed(PathBuf),
}

impl InputToken {
    /// The token that a file holds, without the spaces and line breaks around it.
    pub fn read(path: &Path) -> Result<Self, InputTokenError> {
        let text =
            fs::read_to_string(path).map_err(|error| InputTokenError::Unreadable(path.to_owned(), error))?;
        let token = text.trim();
        if !CHARS.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InputTokenError::Malformed(path.to_owned()));
        }
        Ok(Self(token.into()))
    }

    /// Whether a request has it.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, token)) = sent.and_then(|sent| sent.trim().split_once(' ')) else { return false };
        // How long it takes must not tell how much of a guess is right.
        scheme.eq_ignore_ascii_case(BEARER)
            && token.trim().as_bytes().ct_eq(self.0.expose_secret().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_a_token_that_nobody_guesses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert!(InputToken::read(&path).unwrap_err().to_string().contains("cannot be read"));
        for (text, is_one) in [
            (String::new(), false),
            ("a".repeat(31), false),
            ("a".repeat(32) + "\n", true),
            ("a".repeat(257), false),
            ("a word ".repeat(8), false),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(InputToken::read(&path).is_ok(), is_one, "{text:?}");
        }
    }

    #[test]
    fn a_request_has_it_as_a_bearer() {
        let token = InputToken("a".repeat(32).into());
        let is_in =
            |sent: &str| token.is_in(&HeaderMap::from_iter([(header::AUTHORIZATION, sent.parse().unwrap())]));
        assert!(
            is_in(&format!("Bearer {}", "a".repeat(32))) && is_in(&format!("bearer  {}", "a".repeat(32)))
        );
        for other in ["a".repeat(31), "a".repeat(33), "b".repeat(32), String::new()] {
            assert!(!is_in(&format!("Bearer {other}")), "{other}");
        }
        assert!(!is_in(&format!("Basic {}", "a".repeat(32))) && !is_in(&"a".repeat(32)));
        assert!(!token.is_in(&HeaderMap::new()));
    }
}
