//! Short texts that people give: names, areas and the ids of factories.

use domain::validate::{ID_RULE, MAX_ID_CHARS, excerpt, new_id_fault};

use crate::error::ApiError;

/// A name or an area without the blanks around it.
pub(crate) fn name(field: &str, sent: &str) -> Result<String, ApiError> {
    let name = sent.trim();
    let Some(fault) = new_id_fault(name) else { return Ok(name.to_owned()) };
    let sent = quoted(sent);
    Err(ApiError::bad_user_input(format!("{field} must have {ID_RULE}, but {sent} {fault}")))
}

/// The id of a new factory.
pub(crate) fn slug(sent: &str) -> Result<String, ApiError> {
    if is_slug(sent) {
        return Ok(sent.to_owned());
    }
    let sent = quoted(sent);
    Err(ApiError::bad_user_input(format!(
        "a factory's id must be 1 to {MAX_ID_CHARS} of a-z, 0-9 and '-', but {sent} was sent"
    )))
}

/// Whether a factory may have this id.
pub(crate) fn is_slug(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// A sent text as a message repeats it: short, and without what cannot be seen.
pub(crate) fn quoted(sent: &str) -> String {
    format!("\"{}\"", excerpt(sent))
}
