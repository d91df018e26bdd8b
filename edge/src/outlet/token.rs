//! The token by which a server lets this agent in. It is in a file or in the environment, and never on the command line, which
//! lists of processes show.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs, io};

use clap::Args;
use domain::access::{Token as TokenText, TokenFault};
use secrecy::{ExposeSecret as _, SecretString};

/// The variable that has the token itself.
pub const TOKEN_VARIABLE: &str = "ANDON_TOKEN";

/// Where the token is.
#[derive(Args, Clone, Debug, Default)]
pub struct TokenArgs {
    /// File with the token that the server asks for; it is read again when the server refuses the token [default: what
    /// ANDON_TOKEN holds]
    #[arg(long, value_name = "FILE", env = "ANDON_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// What was found is no token.
    #[error("{0} holds no token: {1}")]
    Malformed(String, #[source] TokenFault),
}

/// A token as it was last read. Clones share it.
#[derive(Clone, Debug)]
pub struct Token {
    file: Option<PathBuf>,
    current: Arc<Mutex<SecretString>>,
}

impl TokenArgs {
    /// The token that is to be sent; none where nothing says one.
    pub fn load(&self) -> Result<Option<Token>, TokenError> {
        if let Some(path) = &self.token_file {
            return Ok(Some(Token::new(Some(path.clone()), read(path)?)));
        }
        let Some(text) = env::var(TOKEN_VARIABLE).ok().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(Token::new(None, checked(&text, || TOKEN_VARIABLE.to_owned())?)))
    }
}

impl Token {
    fn new(file: Option<PathBuf>, text: SecretString) -> Self {
        Self { file, current: Arc::new(Mutex::new(text)) }
    }

    /// The text to send.
    pub(super) fn text(&self) -> SecretString {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file again; whether it holds another token than the one that was sent.
    pub(super) fn read_again(&self, sent: &SecretString) -> bool {
        let Some(path) = &self.file else { return false };
        match read(path) {
            Ok(text) => {
                let is_new = text.expose_secret() != sent.expose_secret();
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = text;
                is_new
            }
            Err(error) => {
                tracing::warn!("{error}; the token that was read before is sent again");
                false
            }
        }
    }
}

fn read(path: &Path) -> Result<SecretString, TokenError> {
    let text = fs::read_to_string(path).map_err(|error| TokenError::Unreadable(path.to_owned(), error))?;
    checked(&text, || format!("the token file {}", path.display()))
}

/// A text without the end of its line, if it is a token.
fn checked(text: &str, place: impl FnOnce() -> String) -> Result<SecretString, TokenError> {
    let text = text.trim();
    TokenText::of_text(text).map_err(|fault| TokenError::Malformed(place(), fault))?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use domain::access::TokenKind;
    use domain::id::CredentialId;

    use super::*;

    fn text(secret: u8) -> String {
        TokenText { kind: TokenKind::Device, id: CredentialId(7), secret: [secret; 32] }.text()
    }

    #[test]
    fn a_file_is_read_again_and_what_it_holds_then_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, text(1) + "\n").unwrap();
        let args = TokenArgs { token_file: Some(path.clone()) };
        let token = args.load().unwrap().expect("a token");
        let sent = token.text();
        assert_eq!(sent.expose_secret(), text(1));
        assert!(!token.read_again(&sent), "it is the same one");
        fs::write(&path, "half of a tok").unwrap();
        assert!(!token.read_again(&sent));
        assert_eq!(token.text().expose_secret(), text(1));
        fs::write(&path, text(2)).unwrap();
        assert!(token.read_again(&sent));
        assert_eq!(token.text().expose_secret(), text(2));
    }

    #[test]
    fn a_file_that_is_missing_or_holds_something_else_is_told_without_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let load = || TokenArgs { token_file: Some(path.clone()) }.load().unwrap_err().to_string();
        assert!(load().contains("cannot be read"));
        let mistyped = text(1).replace(&text(1)[20..25], "-----");
        fs::write(&path, &mistyped).unwrap();
        assert!(load().contains("holds no token") && !load().contains(&mistyped[20..]), "{}", load());
    }
}
