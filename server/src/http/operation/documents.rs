//! A cache of parsed documents: clients send the same few again and again, and parsing a short mutation takes longer than
//! reading and validating the one event that came with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ServerError,
    parser::{parse_query, types::ExecutableDocument},
};

use super::{super::answer::syntax_error, tokens};
use crate::{error::ApiError, graphql::guard};

/// The longest text of a document, in bytes: several times what the dashboard and GraphiQL send together.
pub(super) const MAX_DOCUMENT_BYTES: usize = 32 * 1024;
/// The most tokens of a document: more than one within the limits of what may be asked for has.
pub(super) const MAX_TOKENS: usize = 8_000;
/// What a token takes once it is parsed, in bytes: most for a field without anything in it.
pub(super) const TOKEN_BYTES: usize = 400;

/// The most documents in the cache; then it is emptied. A program has a handful.
const MAX_CACHED_DOCUMENTS: usize = 64;
/// The longest text in the cache, in bytes. Parsed, it takes up to two hundred times as much, which together with
/// the number of documents makes 25 MB at the very worst and a few hundred kB as a rule.
const MAX_CACHED_BYTES: usize = 2 * 1024;

/// Parses documents, and caches those within the limits by their text.
#[derive(Default)]
pub(in super::super) struct Documents(Mutex<HashMap<Box<str>, Arc<ExecutableDocument>>>);

impl Documents {
    /// The document of a text, within the limits of what one may ask for.
    ///
    /// # Errors
    /// The text is too long, and those of the parser and of [`guard::check`].
    pub(super) fn get(&self, text: &str) -> Result<ExecutableDocument, ServerError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            let message = format!(
                "a document has at most {MAX_DOCUMENT_BYTES} bytes, this one has {}; send values as variables, and ask for less at a \
                 time",
                text.len()
            );
            return Err(ApiError::limit_exceeded(message).into());
        }
        if text.len() > MAX_CACHED_BYTES {
            return parse(text);
        }
        if let Some(document) = self.cached(text) {
            return Ok(ExecutableDocument::clone(&document));
        }
        let document = parse(text)?;
        self.insert(text, document.clone());
        Ok(document)
    }

    fn cached(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
    }

    fn insert(&self, text: &str, document: ExecutableDocument) {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= MAX_CACHED_DOCUMENTS {
            documents.clear();
        }
        documents.insert(text.into(), Arc::new(document));
    }
}

/// Parses a document and checks what it asks for.
fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    if tokens::count(text, MAX_TOKENS) > MAX_TOKENS {
        let message =
            format!("a document has at most {MAX_TOKENS} names, numbers and signs; ask for less at a time");
        return Err(ApiError::limit_exceeded(message).into());
    }
    let document = parse_query(text).map_err(|error| syntax_error(&error))?;
    guard::check(&document)?;
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached_count(documents: &Documents) -> usize {
        documents.0.lock().expect("no panic").len()
    }

    #[test]
    fn a_document_is_the_same_when_it_is_sent_again() {
        let documents = Documents::default();
        let text = "query A($id: ID!) { factory(id: $id) { ...f } } fragment f on Factory { id }";
        let shown = || format!("{:?}", documents.get(text).expect("a document"));
        documents.get("{ factories { id } }").expect("another document");
        let (first, second) = (shown(), shown());
        assert!(documents.cached(text).is_some());
        assert_eq!(first, second);
        assert_eq!(first, format!("{:?}", parse(text).expect("a document")));
        assert_eq!(cached_count(&documents), 2);
    }

    #[test]
    fn a_refused_or_long_document_is_not_cached_and_is_refused_again() {
        let documents = Documents::default();
        let deep = "{ a ".repeat(40) + &"}".repeat(40);
        for refused in ["{", &deep] {
            for _ in 0..2 {
                documents.get(refused).expect_err("a refusal");
            }
        }
        documents.get(&format!("{{ a }} # {}", "x".repeat(MAX_CACHED_BYTES))).expect("a document");
        assert_eq!(cached_count(&documents), 0);
    }

    #[test]
    fn the_cache_never_has_more_than_its_limit() {
        let documents = Documents::default();
        for n in 0..3 * MAX_CACHED_DOCUMENTS {
            documents.get(&format!("{{ a{n} }}")).expect("a document");
            assert!((1..=MAX_CACHED_DOCUMENTS).contains(&cached_count(&documents)));
        }
    }
}
