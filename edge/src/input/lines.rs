//! Lines out of bytes that come in pieces, and the standard input as a source of them.

use std::io::Read;
use std::thread;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::decode::LineDecoder;
use super::{Ended, Intake};
use crate::line::{MAX_LINE_BYTES, without_byte_order_mark};
use crate::spool::Arrival;

/// The most bytes read at once: a few hundred events, which then share one commit.
pub(super) const PIECE_BYTES: usize = 128 * 1024;

/// Splits pieces into lines. Of a line that is too long only as much is kept as shows that.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    partial: Vec<u8>,
    partial_bytes: u64,
}

impl LineSplitter {
    /// Hands out each line that ends in this piece, without its end.
    pub(super) fn push(&mut self, piece: &[u8], mut each: impl FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.add(&rest[..end]);
            each(&self.partial);
            self.clear();
            rest = &rest[end + 1..];
        }
        self.add(rest);
    }

    /// Hands out what is left when nothing more comes.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        if self.partial_bytes > 0 {
            each(&self.partial);
        }
        self.clear();
    }

    /// How many bytes of the line that has not ended yet were given.
    pub(super) fn partial_bytes(&self) -> u64 {
        self.partial_bytes
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = (MAX_LINE_BYTES + 1).saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.partial_bytes += bytes.len() as u64;
    }

    fn clear(&mut self) {
        self.partial.clear();
        self.partial_bytes = 0;
    }
}

/// Spools what a stream of lines brings until it ends or `stop` is cancelled; waits while the spool is full.
pub async fn spool_lines(
    input: impl Read + Send + 'static,
    name: &str,
    intake: &Intake,
    stop: &CancellationToken,
) -> Ended {
    let (deliver, mut pieces) = mpsc::channel(1);
    // A plain thread and not a task: one that is stuck in reading a terminal or a pipe must not keep the process alive.
    thread::spawn(move || read_pieces(input, |piece| deliver.blocking_send(piece).is_ok()));
    let (mut splitter, mut decoder, mut number) = (LineSplitter::default(), LineDecoder::default(), 0);
    loop {
        let piece = tokio::select! {
            piece = pieces.recv() => piece,
            () = stop.cancelled() => return Ended::Stopped,
        };
        let is_end = piece.is_none();
        let mut arrival = Arrival::default();
        let mut take = |line: &[u8]| {
            number += 1;
            let line = without_byte_order_mark(number, line);
            intake.take_line(&mut decoder, &mut arrival, (name, number), line);
        };
        match piece {
            Some(Ok(piece)) => splitter.push(&piece, &mut take),
            Some(Err(error)) => {
                tracing::error!("{name} cannot be read any more: {error}; its lines up to here are kept");
                splitter.finish(&mut take);
            }
            None => splitter.finish(&mut take),
        }
        if !intake.keep_with_retry(arrival, stop).await {
            return Ended::Stopped;
        }
        if is_end {
            return Ended::Exhausted;
        }
    }
}

fn read_pieces(mut input: impl Read, mut deliver: impl FnMut(std::io::Result<Vec<u8>>) -> bool) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match input.read(&mut piece) {
            Ok(0) => return,
            Ok(read) if deliver(Ok(piece[..read].to_vec())) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                deliver(Err(error));
                return;
            }
            Ok(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_too_long_is_cut_and_the_next_is_whole() {
        let mut splitter = LineSplitter::default();
        let mut lengths = Vec::new();
        for piece in [vec![b'x'; 3 * MAX_LINE_BYTES], b"x\nshort\npart".to_vec()] {
            splitter.push(&piece, |line| lengths.push(line.len()));
        }
        assert_eq!(lengths, [MAX_LINE_BYTES + 1, 5]);
        assert_eq!(splitter.partial_bytes(), 4);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_come_in_pieces(
            text in "[ab\n]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut splitter = LineSplitter::default();
            let mut lines: Vec<String> = Vec::new();
            let mut each = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
            for pair in cuts.windows(2) {
                splitter.push(&text.as_bytes()[pair[0]..pair[1]], &mut each);
            }
            splitter.finish(&mut each);
            let expected: Vec<_> = text.split_terminator('\n').collect();
            prop_assert_eq!(lines, expected);
        }
    }
}
