//! Answers written without the library, which would copy each into a buffer that every socket keeps at its largest size:
//! ten thousand sockets would hold ten thousand copies of one shared answer.

use std::io::{self, IoSlice};

use futures_util::SinkExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite;

use super::session::WebSocket;

/// A text message in one frame.
const FINAL_TEXT: u8 = 0x81;
/// The longest payload whose length is in the second byte.
const SHORT_BYTES: usize = 125;
/// The second byte when the length follows in two bytes.
const IN_TWO_BYTES: u8 = 126;
/// The second byte when the length follows in eight bytes.
const IN_EIGHT_BYTES: u8 = 127;

/// Writes a text message made of these parts, usually in one call of the system. Once begun it must be finished: whatever
/// else is written would be in the middle of it.
pub(super) async fn write_text(socket: &mut WebSocket, parts: [&str; 3]) -> Result<(), tungstenite::Error> {
    // What the library has not written yet, such as the answer to a ping, comes first.
    socket.flush().await?;
    let connection = socket.get_mut().connection();
    let head = head(parts.iter().map(|part| part.len()).sum());
    let mut slices =
        [&head[..], parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes()].map(IoSlice::new);
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        match connection.write_vectored(rest).await? {
            0 => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            written => IoSlice::advance_slices(&mut rest, written),
        }
    }
    Ok(())
}

/// What comes before the payload of a text message from a server.
fn head(length: usize) -> Vec<u8> {
    let mut head = vec![FINAL_TEXT];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if length <= SHORT_BYTES => head.push(short),
        (_, Ok(medium)) => {
            head.push(IN_TWO_BYTES);
            head.extend(medium.to_be_bytes());
        }
        _ => {
            head.push(IN_EIGHT_BYTES);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Data, OpCode},
    };

    use super::*;

    #[test]
    fn a_head_of_any_length_reads_as_the_library_writes_it() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 33] {
            let mut expected = Vec::new();
            let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
            header.format(length, &mut expected).expect("a vector takes all");
            assert_eq!(head(usize::try_from(length).expect("64 bits")), expected, "{length}");
        }
    }
}
