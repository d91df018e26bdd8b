//! Reads a stream of JSON lines, holding no more than one line and one batch of it.

use std::io::{self, BufRead, BufReader, Read};

use super::batcher::{Batcher, LineNumbers};
use super::mapped::refuse_utf16;
use crate::batch::Batch;
use crate::line::{self, Line, MAX_LINE_BYTES};

/// What reading came upon.
#[derive(Debug)]
pub enum Found {
    /// The next events to send.
    Batch(Batch<LineNumbers>),
    /// A line that cannot be sent, and why.
    Malformed {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The input broke off after this line.
    Unreadable {
        /// The last line read.
        after_line: u64,
        /// What the operating system said.
        error: io::Error,
    },
}

/// A finding, and how far reading it brought the input forward.
#[derive(Debug)]
pub struct Reading {
    /// What was found.
    pub found: Found,
    /// Bytes of input read since the reading before it.
    pub bytes: u64,
}

/// Reads `input` to its end and delivers what it finds, in order, until `deliver` says false.
///
/// Batches hold at most `max_events` events; malformed lines come as they are met, before the batch around them.
pub fn read(input: impl Read, max_events: usize, mut deliver: impl FnMut(Reading) -> bool) {
    let mut input = BufReader::new(input);
    if let Err(error) = refuse_utf16(&mut input) {
        deliver(Reading { found: Found::Unreadable { after_line: 0, error }, bytes: 0 });
        return;
    }
    let mut batcher = Batcher::new(max_events);
    let mut line = Vec::new();
    let (mut number, mut bytes) = (0, 0);
    loop {
        let found = match read_line(&mut input, &mut line) {
            Ok(0) => break,
            Ok(read) => {
                number += 1;
                bytes += read;
                match line::parse(number, line::without_byte_order_mark(number, &line)) {
                    Line::Blank => None,
                    Line::Event(event) => batcher.push(event).map(Found::Batch),
                    Line::Malformed(fault) => {
                        Some(Found::Malformed { line: number, reason: fault.to_string() })
                    }
                }
            }
            Err(error) => {
                deliver(Reading { found: Found::Unreadable { after_line: number, error }, bytes });
                return;
            }
        };
        if let Some(found) = found
            && !deliver(Reading { found, bytes: std::mem::take(&mut bytes) })
        {
            return;
        }
    }
    if let Some(batch) = batcher.finish() {
        deliver(Reading { found: Found::Batch(batch), bytes });
    }
}

/// Reads one line into `line`, skipping what goes beyond the limit, and returns the bytes it took from the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    const KEPT_BYTES: usize = MAX_LINE_BYTES + 1;
    line.clear();
    let mut bytes = input.by_ref().take(KEPT_BYTES as u64).read_until(b'\n', line)?;
    if bytes == KEPT_BYTES && line.last() != Some(&b'\n') {
        bytes += input.skip_until(b'\n')?;
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5}"#;

    /// Says what was found, in short, and how many bytes were read in all.
    fn findings(input: impl Read, max_events: usize) -> (Vec<String>, u64) {
        let (mut said, mut total) = (Vec::new(), 0);
        read(input, max_events, |reading| {
            total += reading.bytes;
            said.push(match reading.found {
                Found::Batch(batch) => batch.origin.to_string(),
                Found::Malformed { line, .. } => format!("malformed {line}"),
                Found::Unreadable { after_line, error } => format!("{error} after {after_line}"),
            });
            true
        });
        (said, total)
    }

    #[test]
    fn blank_lines_count_in_the_numbers_but_not_as_events() {
        let text = format!("\n{EVENT}\r\n\r\n{EVENT}\nnonsense\n{EVENT}");
        assert_eq!(
            findings(text.as_bytes(), 2),
            (
                vec!["malformed 5".to_owned(), "lines 2 to 4".to_owned(), "line 6".to_owned()],
                text.len() as u64
            )
        );
    }

    #[test]
    fn a_byte_order_mark_belongs_to_the_file_and_not_to_its_first_line() {
        let text = format!("\u{feff}{EVENT}\n\u{feff}{EVENT}\n");
        assert_eq!(findings(text.as_bytes(), 10).0, ["malformed 2", "line 1"]);
    }

    #[test]
    fn an_endless_line_is_one_malformed_line_and_the_next_is_read() {
        let text = format!("{}\n{EVENT}\n", "x".repeat(10 * MAX_LINE_BYTES));
        assert_eq!(findings(text.as_bytes(), 10).0, ["malformed 1", "line 2"]);
    }

    #[test]
    fn a_line_at_the_limit_is_read_and_one_byte_more_is_not() {
        let padded = |bytes: usize| format!("{EVENT}{}\n{EVENT}\n", " ".repeat(bytes - EVENT.len()));
        assert_eq!(findings(padded(MAX_LINE_BYTES).as_bytes(), 10).0, ["lines 1 to 2"]);
        assert_eq!(findings(padded(MAX_LINE_BYTES + 1).as_bytes(), 10).0, ["malformed 1", "line 2"]);
    }

    #[test]
    fn an_input_that_breaks_off_says_after_which_line() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let text = format!("{EVENT}\n{EVENT}\n");
        assert_eq!(findings(text.as_bytes().chain(Broken), 1).0, ["line 1", "the disk is gone after 2"]);
    }

    #[test]
    fn a_file_in_utf_16_is_refused_with_the_way_out() {
        let bytes: Vec<u8> = EVENT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for file in [bytes.clone(), [&b"\xff\xfe"[..], &bytes].concat()] {
            let (said, _) = findings(file.as_slice(), 10);
            assert_eq!(said.len(), 1, "{said:?}");
            for expected in ["UTF-16", "PowerShell", "Out-File -Encoding utf8", "iconv"] {
                assert!(said[0].contains(expected), "{said:?}");
            }
        }
    }

    #[test]
    fn reading_ends_when_nobody_wants_more() {
        let text = "nonsense\n".repeat(10);
        let mut found = 0;
        read(text.as_bytes(), 1, |_| {
            found += 1;
            found < 3
        });
        assert_eq!(found, 3);
    }
}
