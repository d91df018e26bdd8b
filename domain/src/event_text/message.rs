//! The events of a message: of an array, one object, or one after another as in JSON lines; by its content and not by a
//! header. One of them that is broken spoils no other, as long as it can be told where it ends.

use serde_json::value::RawValue;

use super::encoding::{UTF16_ADVICE, is_utf16};
use super::place::end_of_text;

/// The longest event that is read of a line, in bytes: several times what one with every field at its longest needs. It also
/// bounds the search for the end of an event over several lines, of which each may open something.
pub const MAX_EVENT_BYTES: usize = 16 * 1024;

/// Why the events of a message cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// There is nothing in it.
    #[error("there is nothing in it; write a JSON object, an array of objects, or one object a line")]
    Blank,
    /// It is an array that does not end, or in which something else ends.
    #[error("its array is not whole: {0}")]
    BrokenArray(String),
    /// It is UTF-16.
    #[error("it must be UTF-8 text, {UTF16_ADVICE}")]
    Utf16,
}

/// The text of each event, in the order of the message.
///
/// # Errors
/// They cannot be told apart.
pub fn split(message: &[u8]) -> Result<Vec<&[u8]>, MessageFault> {
    if is_utf16(message) {
        return Err(MessageFault::Utf16);
    }
    let text = message.strip_prefix("\u{feff}".as_bytes()).unwrap_or(message).trim_ascii();
    match text.first() {
        None => Err(MessageFault::Blank),
        Some(b'[') => array(text),
        Some(_) => Ok(one_after_another(text)),
    }
}

fn array(text: &[u8]) -> Result<Vec<&[u8]>, MessageFault> {
    match serde_json::from_slice::<Vec<&RawValue>>(text) {
        Ok(events) => Ok(events.into_iter().map(|event| event.get().as_bytes()).collect()),
        Err(error) => items(text).ok_or_else(|| MessageFault::BrokenArray(error.to_string())),
    }
}

/// The items of an array of which some are not JSON; none when it is not clear which.
fn items(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut items = Vec::new();
    let (mut begin, mut index) = (1, 1);
    loop {
        match text.get(index)? {
            b',' => {
                items.push(text[begin..index].trim_ascii());
                begin = index + 1;
                index += 1;
            }
            b']' => {
                items.push(text[begin..index].trim_ascii());
                return (index + 1 == text.len()).then_some(items);
            }
            b'"' => index = end_of_text(text, index) + 1,
            b'{' | b'[' => index = end_of_value(text, index)?,
            b'}' => return None,
            _ => index += 1,
        }
    }
}

fn one_after_another(text: &[u8]) -> Vec<&[u8]> {
    let events = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let events: Result<Vec<_>, _> = events.map(|event| event.map(|event| event.get().as_bytes())).collect();
    events.unwrap_or_else(|_| with_broken_ones(text))
}

/// Objects, which may go over several lines, and lines that are anything else.
fn with_broken_ones(text: &[u8]) -> Vec<&[u8]> {
    let mut events = Vec::new();
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.first() {
        let bounded = &rest[..rest.len().min(MAX_EVENT_BYTES)];
        let end = match first {
            b'{' | b'[' => end_of_value(bounded, 0),
            _ => None,
        };
        let end = end.unwrap_or_else(|| end_of_line(rest));
        events.push(rest[..end].trim_ascii());
        rest = rest[end..].trim_ascii_start();
    }
    events
}

fn end_of_line(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

/// The byte behind the object or array that begins here; none when it does not end, when something else ends in it, or when a
/// text in it goes over the end of a line.
fn end_of_value(text: &[u8], begin: usize) -> Option<usize> {
    let mut open = Vec::new();
    let mut index = begin;
    loop {
        match text.get(index)? {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            closing @ (b'}' | b']') => {
                if open.pop() != Some(*closing) {
                    return None;
                }
                if open.is_empty() {
                    return Some(index + 1);
                }
            }
            b'"' => {
                let end = end_of_text(text, index);
                if text.get(index..end)?.contains(&b'\n') {
                    return None;
                }
                index = end;
            }
            _ => {}
        }
        index += 1;
    }
}
