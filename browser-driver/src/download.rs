//! What pages hand to a person as a file.

/// A file that a page had its browser save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The name that the page gave it.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}
