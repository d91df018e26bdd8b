//! The text of a token: what a device, a service or somebody who has signed in says to be let in.
//!
//! `andon_dev_12_` and 49 letters and digits: 43 of them are 256 random bits, the last six a checksum (CRC-32) of all that
//! comes before them. So programs that look for secrets find it, and a typing error is told from a token that is not valid any more.

use std::fmt;

use crate::id::CredentialId;

/// How many random bytes the secret has.
pub const TOKEN_SECRET_BYTES: usize = 32;

/// The most days for which a token is valid: ten years.
pub const MAX_TOKEN_DAYS: u32 = 3_650;

/// How many letters and digits the secret is.
const SECRET_CHARS: usize = 43;
/// How many letters and digits the checksum is.
const CHECKSUM_CHARS: usize = 6;
/// What digits of a base of 62 are written with.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A device's.
    Device,
    /// Another program's.
    Service,
    /// Somebody's who has signed in.
    Session,
    /// Of whoever creates the first operator.
    Setup,
}

/// A token that is well formed: whether it is valid, only who issued it can say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub kind: TokenKind,
    /// Under which number it is stored.
    pub id: CredentialId,
    /// What only its owner knows.
    pub secret: [u8; TOKEN_SECRET_BYTES],
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It has another form.
    #[error(
        "this is no token: one begins with andon_dev_, andon_svc_, andon_ses_ or andon_set_, then come a number, an underscore and 49 letters and digits"
    )]
    Form,
    /// Its checksum is not that of the rest.
    #[error("a character of the token is wrong or missing; copy it again")]
    Checksum,
}

impl TokenKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Device, Self::Service, Self::Session, Self::Setup];

    /// For how many days one is valid, unless that is said.
    pub const fn default_days(self) -> u32 {
        match self {
            Self::Device => 365,
            Self::Service => 90,
            Self::Session | Self::Setup => 1,
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Device => "andon_dev_",
            Self::Service => "andon_svc_",
            Self::Session => "andon_ses_",
            Self::Setup => "andon_set_",
        }
    }
}

impl Token {
    /// The text that its owner is shown once. It is secret.
    pub fn text(&self) -> String {
        let CredentialId(id) = self.id;
        let unchecked = format!("{}{id}_{}", self.kind.prefix(), digits::<SECRET_CHARS>(&self.secret));
        let checksum = crc32fast::hash(unchecked.as_bytes()).to_be_bytes();
        unchecked + &digits::<CHECKSUM_CHARS>(&checksum)
    }

    /// The token that a text is.
    ///
    /// # Errors
    /// It is none, or a character of it is wrong.
    pub fn of_text(text: &str) -> Result<Self, TokenFault> {
        let (kind, rest) = TokenKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))
            .ok_or(TokenFault::Form)?;
        let (id, digits) = rest.split_once('_').ok_or(TokenFault::Form)?;
        if digits.len() != SECRET_CHARS + CHECKSUM_CHARS
            || !digits.bytes().all(|digit| DIGITS.contains(&digit))
        {
            return Err(TokenFault::Form);
        }
        let parsed = id.parse().ok().filter(|parsed: &i32| *parsed >= 0 && id == parsed.to_string());
        let parsed = CredentialId(parsed.ok_or(TokenFault::Form)?);
        let (secret, _) = digits.split_at(SECRET_CHARS);
        let secret = bytes(secret).ok_or(TokenFault::Checksum)?;
        let token = Self { kind, id: parsed, secret };
        if token.text() == text { Ok(token) } else { Err(TokenFault::Checksum) }
    }
}

/// Without the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A number, whose most significant byte comes first, as so many digits of a base of 62.
fn digits<const N: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let dividend = remainder * 256 + u32::from(*byte);
            *byte = (dividend / 62) as u8;
            remainder = dividend % 62;
        }
        *digit = DIGITS[remainder as usize];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// The number that digits of a base of 62 are; none if it is too large.
fn bytes(digits: &str) -> Option<[u8; TOKEN_SECRET_BYTES]> {
    let mut number = [0; TOKEN_SECRET_BYTES];
    for digit in digits.bytes() {
        let mut carried = DIGITS.iter().position(|other| *other == digit)? as u32;
        for byte in number.iter_mut().rev() {
            let sum = u32::from(*byte) * 62 + carried;
            *byte = (sum % 256) as u8;
            carried = sum / 256;
        }
        if carried > 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_token() -> impl Strategy<Value = Token> {
        let kind = prop::sample::select(&TokenKind::ALL[..]);
        (kind, 0..=i32::MAX, any::<[u8; TOKEN_SECRET_BYTES]>()).prop_map(|(kind, id, secret)| Token {
            kind,
            id: CredentialId(id),
            secret,
        })
    }

    #[test]
    fn a_token_has_a_form_that_can_be_searched_for() {
        let text =
            Token { kind: TokenKind::Device, id: CredentialId(12), secret: [0; TOKEN_SECRET_BYTES] }.text();
        assert_eq!(text.len(), "andon_dev_12_".len() + 49);
        assert!(text.starts_with(&format!("andon_dev_12_{}", "0".repeat(43))), "{text}");
        let largest = Token {
            kind: TokenKind::Service,
            id: CredentialId(i32::MAX),
            secret: [u8::MAX; TOKEN_SECRET_BYTES],
        };
        assert_eq!(Token::of_text(&largest.text()), Ok(largest));
    }

    #[test]
    fn what_has_another_form_is_no_token() {
        let valid =
            Token { kind: TokenKind::Device, id: CredentialId(12), secret: [7; TOKEN_SECRET_BYTES] }.text();
        let others = [
            String::new(),
            "andon_dev_12_".to_owned(),
            valid.replace("dev", "usr"),
            valid.replace("_12_", "_012_"),
            valid.replace("_12_", "_-12_"),
            valid.replace("_12_", "_99999999999_"),
            format!("{valid}0"),
            format!(" {valid}"),
            valid.replace("andon", "Andon"),
            format!("{}é", &valid[..valid.len() - 2]),
        ];
        for text in others {
            assert_eq!(Token::of_text(&text), Err(TokenFault::Form), "{text}");
        }
    }

    #[test]
    fn what_is_shown_of_a_token_has_no_secret() {
        let token = Token { kind: TokenKind::Device, id: CredentialId(12), secret: [7; TOKEN_SECRET_BYTES] };
        assert_eq!(format!("{token:?}"), "Token { kind: Device, id: CredentialId(12), .. }");
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_written(token in any_token()) {
            prop_assert_eq!(Token::of_text(&token.text()), Ok(token));
        }

        #[test]
        fn a_wrong_character_is_found(token in any_token(), place in any::<prop::sample::Index>(), digit in 0..62_usize) {
            let mut text = token.text().into_bytes();
            let first = text.len() - SECRET_CHARS - CHECKSUM_CHARS;
            let place = first + place.index(SECRET_CHARS + CHECKSUM_CHARS);
            prop_assume!(text[place] != DIGITS[digit]);
            text[place] = DIGITS[digit];
            let text = String::from_utf8(text).expect("letters and digits");
            prop_assert_eq!(Token::of_text(&text), Err(TokenFault::Checksum));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(token) = Token::of_text(&text) {
                prop_assert_eq!(token.text(), text);
            }
        }
    }
}
