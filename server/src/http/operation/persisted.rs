//! Texts of documents by their SHA-256: a client sends the hash alone, and the text only when it is not known here
//! (automatic persisted queries, as Apollo's clients do).
//!
//! - What is kept is bounded by number and by bytes. The least recently used goes first, and with it nothing is lost: the
//!   client is told, and sends the text again.
//! - One address keeps a quarter at most; beyond it makes room at its own expense, so that whoever sends ever new texts
//!   pushes out no text of others.
//! - Only documents within the limits are kept.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::super::connection::Peer;
use crate::error::{ApiError, ErrorCode};

/// The most texts: those of some fifty programs.
const MAX_TEXTS: usize = 1_000;
/// The most bytes of all texts.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What a text takes beside its length, in bytes.
const BYTES_BESIDE: usize = 128;
/// One address keeps one part of so many at most.
const PARTS: usize = 4;
/// The only version of the extension.
const VERSION: u64 = 1;

/// A SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct Hash([u8; 32]);

impl Hash {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Checks that it is the one of a text.
    ///
    /// # Errors
    /// It is of another text.
    pub(super) fn check(self, text: &str) -> Result<(), ApiError> {
        if self == Self::of(text) {
            return Ok(());
        }
        let message = "provided sha does not match query: send the SHA-256 of the very text that is sent as query, in UTF-8";
        Err(ApiError::new(ErrorCode::PersistedQueryHashMismatch, message))
    }

    fn from_hex(hex: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let digits = hex.as_bytes();
        if digits.len() != 2 * hash.len() {
            return None;
        }
        let digit = |digit: u8| char::from(digit).to_digit(16);
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(hash))
    }
}

/// The extensions of a request, as far as they are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    #[serde(default)]
    persisted_query: Option<PersistedQuery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u64,
    sha256_hash: String,
}

/// The hash that a request's extensions give; they are a JSON object.
///
/// # Errors
/// What they say of the hash cannot be understood.
pub(super) fn hash_in(extensions: &str) -> Result<Option<Hash>, ApiError> {
    let extensions: Extensions = serde_json::from_str(extensions)
        .map_err(|error| ApiError::bad_user_input(format!("extensions are not as expected: {error}")))?;
    let Some(persisted) = extensions.persisted_query else { return Ok(None) };
    if persisted.version != VERSION {
        return Err(ApiError::bad_user_input(format!(
            "of persisted queries only version {VERSION} is known; this asks for {}",
            persisted.version
        )));
    }
    Hash::from_hex(&persisted.sha256_hash)
        .map(Some)
        .ok_or_else(|| ApiError::bad_user_input("sha256Hash must be 64 hexadecimal digits"))
}

/// The texts that clients may ask for by their hashes.
#[derive(Default)]
pub(in super::super) struct PersistedQueries(Mutex<Texts>);

#[derive(Default)]
struct Texts {
    by_hash: HashMap<Hash, Kept>,
    /// Counts the uses.
    uses: u64,
}

struct Kept {
    text: Arc<str>,
    /// The number of its last use.
    used: u64,
    /// Who sent it first, unless limits by address leave it alone.
    sender: Option<IpAddr>,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.text.len() + BYTES_BESIDE
    }
}

impl PersistedQueries {
    /// The text that has this hash.
    ///
    /// # Errors
    /// It is not here. The words are those that clients look for before they send it.
    pub(super) fn get(&self, hash: Hash) -> Result<Arc<str>, ApiError> {
        let texts = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts
            .touch(hash)
            .ok_or_else(|| ApiError::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound"))
    }

    /// Keeps a text that has this hash.
    pub(super) fn keep(&self, hash: Hash, text: &str, peer: Peer) {
        let texts = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.touch(hash).is_none() {
            let sender = (!peer.is_exempt).then_some(peer.address);
            texts.by_hash.insert(hash, Kept { text: text.into(), used: texts.uses, sender });
            if sender.is_some() {
                texts.make_room(PARTS, |kept| kept.sender == sender);
            }
            texts.make_room(1, |_| true);
        }
    }
}

impl Texts {
    fn touch(&mut self, hash: Hash) -> Option<Arc<str>> {
        self.uses += 1;
        let kept = self.by_hash.get_mut(&hash)?;
        kept.used = self.uses;
        Some(kept.text.clone())
    }

    /// Drops the least recently used of these texts, until they take no more than one part of so many.
    fn make_room(&mut self, parts: usize, is_meant: impl Fn(&Kept) -> bool) {
        let meant = self.by_hash.iter().filter(|(_, kept)| is_meant(kept));
        let mut meant: Vec<(u64, Hash, usize)> =
            meant.map(|(hash, kept)| (kept.used, *hash, kept.bytes())).collect();
        let mut bytes: usize = meant.iter().map(|(.., bytes)| bytes).sum();
        let mut count = meant.len();
        if count <= MAX_TEXTS / parts && bytes <= MAX_BYTES / parts {
            return;
        }
        meant.sort_unstable_by_key(|(used, ..)| *used);
        for (_, hash, of_text) in meant {
            if count <= MAX_TEXTS / parts && bytes <= MAX_BYTES / parts {
                break;
            }
            self.by_hash.remove(&hash);
            count -= 1;
            bytes -= of_text;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const EXEMPT: Peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_exempt: true };

    fn peer(last: u8) -> Peer {
        Peer { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), is_exempt: false }
    }

    fn keep(queries: &PersistedQueries, text: &str, peer: Peer) {
        queries.keep(Hash::of(text), text, peer);
    }

    fn has(queries: &PersistedQueries, text: &str) -> bool {
        queries.get(Hash::of(text)).is_ok()
    }

    #[test]
    fn a_hash_is_read_from_extensions_as_clients_send_it() {
        let hex = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let extensions = |persisted: &str| format!(r#"{{"other": [1], "persistedQuery": {persisted}}}"#);
        let hash = hash_in(&extensions(&format!(r#"{{"version": 1, "sha256Hash": "{hex}"}}"#)));
        assert_eq!(hash, Ok(Some(Hash::of("{__typename}"))));
        assert_eq!(hash_in("{}"), Ok(None));
        assert_eq!(hash_in(&extensions("null")), Ok(None));
        for wrong in [
            format!(r#"{{"version": 2, "sha256Hash": "{hex}"}}"#),
            format!(r#"{{"version": 1, "sha256Hash": "{hex}0"}}"#),
            r#"{"version": 1, "sha256Hash": ""}"#.to_owned(),
            format!(r#"{{"version": 1, "sha256Hash": "{}"}}"#, "ü".repeat(32)),
            r#"{"version": 1}"#.to_owned(),
            "7".to_owned(),
        ] {
            assert_eq!(hash_in(&extensions(&wrong)).expect_err(&wrong).code, ErrorCode::BadUserInput);
        }
    }

    #[test]
    fn a_hash_is_of_one_text_only() {
        assert_eq!(Hash::of("{ a }").check("{ a }"), Ok(()));
        let refused = Hash::of("{ a }").check("{ b }").expect_err("another text");
        assert_eq!(refused.code, ErrorCode::PersistedQueryHashMismatch);
    }

    #[test]
    fn the_least_recently_used_of_too_many_is_dropped() {
        let queries = PersistedQueries::default();
        let text = |n: usize| format!("{{ a{n} }}");
        (0..MAX_TEXTS).for_each(|n| keep(&queries, &text(n), EXEMPT));
        assert!(has(&queries, &text(0)));
        keep(&queries, &text(MAX_TEXTS), EXEMPT);
        assert!(has(&queries, &text(0)) && has(&queries, &text(MAX_TEXTS)));
        assert!(!has(&queries, &text(1)), "the least recently used");
    }

    #[test]
    fn texts_take_no_more_than_they_may_together() {
        let queries = PersistedQueries::default();
        let text = |n: usize| format!("{{ a{n} }} # {}", "x".repeat(MAX_BYTES / 100));
        (0..200).for_each(|n| keep(&queries, &text(n), EXEMPT));
        let kept = (0..200).filter(|n| has(&queries, &text(*n))).count();
        assert!((90..=100).contains(&kept), "{kept}");
    }

    #[test]
    fn whoever_sends_ever_new_texts_pushes_out_its_own_ones_only() {
        let queries = PersistedQueries::default();
        keep(&queries, "{ mine }", peer(1));
        for n in 0..2 * MAX_TEXTS {
            keep(&queries, &format!("{{ a{n} }}"), peer(2));
        }
        assert!(has(&queries, "{ mine }"));
        let kept = (0..2 * MAX_TEXTS).filter(|n| has(&queries, &format!("{{ a{n} }}"))).count();
        assert_eq!(kept, MAX_TEXTS / PARTS);
    }
}
