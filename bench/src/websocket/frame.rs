//! Websocket frames, as far as a client that only listens needs them. Of each message only the beginning is kept: ten
//! thousand listeners share two cores with the server that they listen to.

/// How much of a message is kept: an operation's revision stands near its beginning.
const KEPT_BYTES: usize = 256;
/// The longest header of a frame that a server sends: it masks nothing.
const MAX_HEADER_BYTES: usize = 10;

/// What a frame holds, with the numbers that the protocol gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text = 0x1,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

/// Cuts what comes over a connection into frames, wherever it was cut on the way.
pub(crate) struct Frames {
    header: [u8; MAX_HEADER_BYTES],
    header_len: usize,
    kind: Kind,
    /// How much of the payload is to come.
    left: u64,
    kept: [u8; KEPT_BYTES],
    kept_len: usize,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self {
            header: [0; MAX_HEADER_BYTES],
            header_len: 0,
            kind: Kind::Text,
            left: 0,
            kept: [0; KEPT_BYTES],
            kept_len: 0,
        }
    }

    /// Visits the kind and the beginning of each frame that ends in these bytes.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut visit: impl FnMut(Kind, &[u8])) {
        while !bytes.is_empty() {
            if self.left == 0 {
                self.header[self.header_len] = bytes[0];
                self.header_len += 1;
                bytes = &bytes[1..];
                let Some(length) = payload_length(&self.header[..self.header_len]) else { continue };
                self.kind = kind(self.header[0]);
                self.left = length;
                self.kept_len = 0;
                self.header_len = 0;
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.left as usize));
            let keep = now.len().min(KEPT_BYTES - self.kept_len);
            self.kept[self.kept_len..self.kept_len + keep].copy_from_slice(&now[..keep]);
            self.kept_len += keep;
            self.left -= now.len() as u64;
            bytes = later;
            if self.left == 0 {
                visit(self.kind, &self.kept[..self.kept_len]);
            }
        }
    }
}

/// A frame as a client sends it. Its mask is zero, which leaves the payload as it is.
pub(crate) fn client_frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    const IS_LAST: u8 = 0x80;
    const IS_MASKED: u8 = 0x80;
    const TWO_BYTES_FOLLOW: u8 = 0x7E;
    let mut frame = vec![IS_LAST | kind as u8];
    match u8::try_from(payload.len()) {
        Ok(short) if short < TWO_BYTES_FOLLOW => frame.push(IS_MASKED | short),
        _ => {
            frame.push(IS_MASKED | TWO_BYTES_FOLLOW);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Of frames with data a server of ours sends those with text alone.
fn kind(first: u8) -> Kind {
    match first & 0x0F {
        0x8 => Kind::Close,
        0x9 => Kind::Ping,
        0xA => Kind::Pong,
        _ => Kind::Text,
    }
}

/// None while the header is not complete.
fn payload_length(header: &[u8]) -> Option<u64> {
    match (header.get(1)?, header.len()) {
        (126, 4) => Some(u64::from(u16::from_be_bytes(header[2..].try_into().ok()?))),
        (127, 10) => Some(u64::from_be_bytes(header[2..].try_into().ok()?)),
        (126 | 127, _) => None,
        (short, _) => Some(u64::from(*short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..126 => frame.push(short as u8),
            long @ 126..=0xFFFF => {
                frame.push(126);
                frame.extend((long as u16).to_be_bytes());
            }
            longer => {
                frame.push(127);
                frame.extend((longer as u64).to_be_bytes());
            }
        }
        frame.extend(payload);
        frame
    }

    #[test]
    fn frames_are_found_wherever_they_are_cut() {
        let lengths = [5, 0, 125, 126, 300, 70_000];
        let mut stream = Vec::new();
        for length in lengths {
            stream.extend(server_frame(0x81, &vec![b'a'; length]));
        }
        stream.extend(server_frame(0x89, b"hi"));
        for step in [1, 2, 3, 7, 1_000, stream.len()] {
            let mut frames = Frames::new();
            let mut seen = Vec::new();
            for part in stream.chunks(step) {
                frames.feed(part, |kind, kept| seen.push((kind, kept.len())));
            }
            let mut expected: Vec<_> =
                lengths.iter().map(|length| (Kind::Text, (*length).min(KEPT_BYTES))).collect();
            expected.push((Kind::Ping, 2));
            assert_eq!(seen, expected, "in steps of {step}");
        }
    }
}
