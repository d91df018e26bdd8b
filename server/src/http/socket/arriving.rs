//! Since when a message has been arriving: the library shows a message only when it is whole, and control frames in the
//! middle of it as soon as they come.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// The first byte's bit that says that a frame is the last of its message.
const FINAL: u8 = 0x80;
/// The first byte's bit that is set in control frames.
const CONTROL: u8 = 0x08;
/// The second byte's bit that says that there is a mask.
const MASKED: u8 = 0x80;
/// The rest of the second byte when the length follows in two bytes.
const IN_TWO_BYTES: u8 = 126;
/// The rest of the second byte when the length follows in eight bytes.
const IN_EIGHT_BYTES: u8 = 127;

/// A connection whose frames are followed as they are read.
pub(in super::super) struct Arriving<T> {
    connection: T,
    frames: Frames,
}

impl<T> Arriving<T> {
    /// A connection on which these bytes were read already.
    pub(super) fn new(connection: T, read: &[u8]) -> Self {
        let mut frames = Frames::default();
        frames.read(read, Instant::now());
        Self { connection, frames }
    }

    /// Since when a message arrives that is not whole yet.
    pub(super) fn since(&self) -> Option<Instant> {
        self.frames.since()
    }

    /// For what is written without the library.
    pub(super) fn connection(&mut self) -> &mut T {
        &mut self.connection
    }
}

/// Where in the frames a reader is.
#[derive(Default)]
struct Frames {
    /// What has come of the head of a frame.
    head: Vec<u8>,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// When the frame began that is not whole.
    frame_since: Option<Instant>,
    /// When the message began of which whole frames have come, but not the last one.
    message_since: Option<Instant>,
}

/// A frame whose head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    is_control: bool,
    is_final: bool,
    /// How much of its payload is still to come.
    missing_bytes: u64,
}

impl Frames {
    fn read(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() {
            if let Some(frame) = &mut self.frame {
                let length = bytes.len().min(usize::try_from(frame.missing_bytes).unwrap_or(usize::MAX));
                frame.missing_bytes -= length as u64;
                bytes = &bytes[length..];
            } else {
                self.frame_since.get_or_insert(now);
                self.head.push(bytes[0]);
                bytes = &bytes[1..];
                self.frame = frame(&self.head);
            }
            if let Some(frame) = self.frame.take_if(|frame| frame.missing_bytes == 0) {
                self.end(frame);
            }
        }
    }

    fn end(&mut self, frame: Frame) {
        self.head.clear();
        let since = self.frame_since.take();
        if !frame.is_control {
            self.message_since = if frame.is_final { None } else { self.message_since.or(since) };
        }
    }

    fn since(&self) -> Option<Instant> {
        self.message_since.or(self.frame_since)
    }
}

/// The frame that this is the head of; none while it is not whole.
fn frame(head: &[u8]) -> Option<Frame> {
    let (&first, &second) = (head.first()?, head.get(1)?);
    let length = match second & !MASKED {
        IN_TWO_BYTES => u64::from(u16::from_be_bytes(*head.get(2..)?.first_chunk()?)),
        IN_EIGHT_BYTES => u64::from_be_bytes(*head.get(2..)?.first_chunk()?),
        short => u64::from(short),
    };
    let length_bytes = match second & !MASKED {
        IN_TWO_BYTES => 2,
        IN_EIGHT_BYTES => 8,
        _ => 0,
    };
    let mask_bytes = if second & MASKED == 0 { 0 } else { 4 };
    (head.len() == 2 + length_bytes + mask_bytes).then_some(Frame {
        is_control: first & CONTROL != 0,
        is_final: first & FINAL != 0,
        missing_bytes: length,
    })
}

impl<T: AsyncRead + Unpin> AsyncRead for Arriving<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.connection).poll_read(context, buffer);
        if let Some(new) = buffer.filled().get(filled..).filter(|new| !new.is_empty()) {
            self.frames.read(new, Instant::now());
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Arriving<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const TEXT: u8 = 0x01;
    const CONTINUATION: u8 = 0x00;
    const PING: u8 = 0x09;

    fn frame_of(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(MASKED | length as u8),
            126..65_536 => {
                frame.push(MASKED | IN_TWO_BYTES);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(MASKED | IN_EIGHT_BYTES);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.resize(frame.len() + length, FINAL | TEXT);
        frame
    }

    proptest! {
        #[test]
        fn a_message_arrives_from_its_first_byte_to_its_last(
            lengths in prop::collection::vec(prop_oneof![0_usize..130, 65_530_usize..65_540], 1..4),
            ping_bytes in 0_usize..125,
            cut in 1_usize..70_000,
        ) {
            let mut bytes = Vec::new();
            let last = lengths.len() - 1;
            for (index, length) in lengths.into_iter().enumerate() {
                let opcode = if index == 0 { TEXT } else { CONTINUATION };
                bytes.extend(frame_of(if index == last { FINAL | opcode } else { opcode }, length));
                if index < last {
                    bytes.extend(frame_of(FINAL | PING, ping_bytes));
                }
            }
            let begun_at = Instant::now();
            let mut frames = Frames::default();
            for (index, part) in bytes.chunks(cut).enumerate() {
                frames.read(part, begun_at + Duration::from_secs(index as u64));
                let is_whole = (index + 1) * cut >= bytes.len();
                prop_assert_eq!(frames.since(), (!is_whole).then_some(begun_at));
            }
            frames.read(&frame_of(FINAL | PING, ping_bytes), begun_at);
            prop_assert_eq!(frames.since(), None);
        }
    }
}
