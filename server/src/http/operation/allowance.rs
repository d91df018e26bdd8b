//! What all operations of one request may have together: as much as a single one.

use std::sync::Arc;

use super::{
    documents::{MAX_DOCUMENT_BYTES, MAX_TOKENS},
    sent::MAX_VALUES,
};
use crate::{error::ApiError, graphql::budget::Budget};

/// What the operations of one request have so far.
#[derive(Default)]
pub(in super::super) struct Allowance {
    document_bytes: usize,
    tokens: usize,
    /// Of variables, batches of events apart.
    pub(super) values: usize,
    /// Fields that ask the database.
    pub(super) questions: usize,
    /// What their answers may cost.
    pub(super) budget: Arc<Budget>,
}

impl Allowance {
    /// Counts one more document.
    ///
    /// # Errors
    /// They are too long together.
    pub(super) fn take_document(&mut self, bytes: usize, tokens: usize) -> Result<(), ApiError> {
        self.document_bytes += bytes;
        self.tokens += tokens;
        if self.document_bytes <= MAX_DOCUMENT_BYTES && self.tokens <= MAX_TOKENS {
            return Ok(());
        }
        Err(ApiError::limit_exceeded(format!(
            "the documents of one request have together at most {MAX_DOCUMENT_BYTES} bytes and {MAX_TOKENS} names, numbers and \
             signs; ask in several requests"
        )))
    }

    /// Counts the values of one more operation, which were read within the limit.
    pub(super) fn take_values(&mut self, values: usize) {
        self.values = (self.values + values).min(MAX_VALUES);
    }
}
