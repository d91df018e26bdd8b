//! What tells operations apart: 256 bits of what they say, so that no text is kept for as long as they run.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text, or of what it means. No two that differ have ever been found with the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

/// Takes in the parts of what a fingerprint is of, so that no two sequences of parts are taken for one another.
#[derive(Default)]
pub struct Fingerprinter(Sha256);

impl Fingerprinter {
    /// A text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text);
    }

    /// A number, such as how many parts of a kind follow.
    pub fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    /// Another fingerprint.
    pub fn fingerprint(&mut self, fingerprint: Fingerprint) {
        self.0.update(fingerprint.0);
    }

    /// The fingerprint of all that was taken in.
    pub fn finish(self) -> Fingerprint {
        Fingerprint(self.0.finalize().into())
    }
}
