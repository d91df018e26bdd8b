//! Objects of JSON as records, and a stream of documents that hold them.

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde_json::Value;

use super::rules::{Record, Source};

/// The longest document, in bytes: as long as a request of the server.
pub(crate) const MAX_DOCUMENT_BYTES: usize = domain::limits::MAX_BODY_BYTES;

/// An object as a record.
pub(crate) struct JsonRecord<'a> {
    pub(crate) value: &'a Value,
    pub(crate) sources: &'a [Source],
}

impl Record for JsonRecord<'_> {
    fn value(&self, source: usize) -> Result<Option<Cow<'_, str>>, String> {
        let found = self.sources.get(source).and_then(|source| at(self.value, &source.steps));
        Ok(Some(match found {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => Cow::Borrowed(text.trim()),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(Value::Bool(value)) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err("must be a single value, and is a list or an object; add steps to what is in it"
                    .to_owned());
            }
        }))
    }
}

/// What is at the end of some steps: members by their names, items of lists by their numbers from 0.
pub(crate) fn at<'a>(value: &'a Value, steps: &[String]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Reads documents one after the other: those of a list at the top, or whatever stands one after another. No more than one of
/// them is held.
#[derive(Default)]
pub(crate) struct Documents {
    document: Vec<u8>,
    line: u64,
    bytes: u64,
    has_begun: bool,
    is_list: bool,
}

/// A document, or what stands where one should.
pub(crate) struct Document<'a> {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Its text; cut where it is too long.
    pub(crate) text: &'a [u8],
    /// Whether it is longer than [`MAX_DOCUMENT_BYTES`].
    pub(crate) is_too_long: bool,
}

/// What a scan of bytes has come to.
#[derive(Default)]
struct Scan {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    is_plain: bool,
}

impl Documents {
    /// The next document; none at the end.
    pub(crate) fn next(&mut self, input: &mut impl BufRead) -> io::Result<Option<Document<'_>>> {
        self.document.clear();
        let (mut scan, mut begins_on, mut length) = (Scan::default(), 0, 0);
        loop {
            let available = match input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let mut used = 0;
            let mut has_ended = false;
            for byte in available {
                used += 1;
                self.line += u64::from(*byte == b'\n');
                if length == 0 && self.is_between(*byte) {
                    continue;
                }
                if length == 0 {
                    begins_on = self.line + 1;
                    scan = Scan::default();
                }
                let end = scan.step(*byte, length == 0, self.is_list);
                if end != Some(Kept::Not) {
                    length += 1;
                    if self.document.len() < MAX_DOCUMENT_BYTES {
                        self.document.push(*byte);
                    }
                }
                if end.is_some() {
                    has_ended = true;
                    break;
                }
            }
            self.bytes += used as u64;
            input.consume(used);
            if has_ended {
                break;
            }
        }
        let is_too_long = length > MAX_DOCUMENT_BYTES;
        Ok((length > 0).then_some(Document { line: begins_on, text: &self.document, is_too_long }))
    }

    /// How many bytes were read in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a byte stands between documents: a blank, a byte order mark, what a list is made of.
    fn is_between(&mut self, byte: u8) -> bool {
        let is_mark = !self.has_begun && [0xef, 0xbb, 0xbf].contains(&byte);
        if byte.is_ascii_whitespace() || is_mark {
            return true;
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if is_first && byte == b'[' {
            self.is_list = true;
            return true;
        }
        self.is_list && (byte == b',' || byte == b']')
    }
}

/// Whether the byte at which a document ends belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    Not,
}

impl Scan {
    /// Takes the next byte; whether the document ends with it.
    fn step(&mut self, byte: u8, is_first: bool, is_in_list: bool) -> Option<Kept> {
        if is_first {
            self.is_plain = !matches!(byte, b'{' | b'[');
        }
        if self.is_plain {
            // No object: up to the end of the line, or of the item.
            let ends = byte == b'\n' || (is_in_list && (byte == b',' || byte == b']'));
            return ends.then_some(Kept::Not);
        }
        if self.is_in_text {
            match (self.is_escaped, byte) {
                (true, _) => self.is_escaped = false,
                (false, b'\\') => self.is_escaped = true,
                (false, b'"') => self.is_in_text = false,
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => self.is_in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return (self.depth == 0).then_some(Kept::Yes);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documents of a text, read in pieces of this size, with the lines on which they begin.
    fn documents(text: &str, piece: usize) -> Vec<(u64, String)> {
        let mut input = io::BufReader::with_capacity(piece, text.as_bytes());
        let (mut documents, mut found) = (Documents::default(), Vec::new());
        while let Some(document) = documents.next(&mut input).expect("text") {
            found.push((document.line, String::from_utf8_lossy(document.text).trim_end().to_owned()));
        }
        assert_eq!(documents.bytes(), text.len() as u64);
        found
    }

    #[test]
    fn documents_are_those_of_a_list_or_stand_one_after_another() {
        let nested = r#"{"a": "}],{", "b": [{"c": "\"]"}]}"#;
        for text in [
            format!("[\n{nested},\n17,{nested}]\n"),
            format!("\u{feff}\n{nested}\n17\n{nested}"),
            format!("\n{nested}\r\n17\r\n{nested}\r\n\r\n"),
        ] {
            for piece in [1, 3, 7, 1_000] {
                let found = documents(&text, piece);
                let texts: Vec<_> = found.iter().map(|(_, text)| text.as_str()).collect();
                assert_eq!(texts, [nested, "17", nested], "{text}");
                assert_eq!((found[0].0, found[1].0), (2, 3), "{text}");
            }
        }
        assert_eq!(documents("", 10), []);
        assert_eq!(documents("[]", 10), []);
    }

    #[test]
    fn a_document_too_long_is_cut_and_the_next_is_whole() {
        let text = format!("{{\"a\": \"{}\"}}\n{{}}\n", "x".repeat(MAX_DOCUMENT_BYTES));
        let mut input = text.as_bytes();
        let mut documents = Documents::default();
        let long = documents.next(&mut input).expect("text").expect("a document");
        assert!(long.is_too_long && long.text.len() == MAX_DOCUMENT_BYTES);
        let next = documents.next(&mut input).expect("text").expect("a document");
        assert_eq!((next.text, next.is_too_long, next.line), (&b"{}"[..], false, 2));
    }
}
