//! Bodies that never end and hold what all bodies share: large ones in a few kilobytes of gzip, then ever smaller ones that
//! fill what the others left.

use std::{io::Write as _, time::Duration};

use domain::limits::MAX_BODY_BYTES;
use flate2::{Compression, write::GzEncoder};
use futures_util::future::{FutureExt as _, join_all};

use super::{Prepared, attacker::Attacker, request::post_head};

/// Bodies that are alike.
struct Bodies {
    count: usize,
    /// How long each says that it is.
    content_length: usize,
    /// How much of it comes, once it is inflated.
    bytes: usize,
    is_gzip: bool,
}

const KIB: usize = 1024;
/// Together those of each size are more than one of the size before. The second are many
/// that are as long as a batch of a few hundred events.
const SIZES: [Bodies; 11] = [
    in_gzip(MAX_BODY_BYTES - 64),
    Bodies { count: 300, content_length: 64 * KIB, bytes: 64 * KIB - 64, is_gzip: false },
    in_gzip(2 * KIB * KIB),
    in_gzip(512 * KIB),
    in_gzip(128 * KIB),
    in_gzip(32 * KIB),
    plain(16 * KIB),
    plain(4 * KIB),
    plain(KIB),
    plain(256),
    plain(64),
];
/// What a body says that it is as long as.
const CONTENT_LENGTH: usize = 1_000_000;
/// Each size comes so long after the one before.
const SIZE_INTERVAL: Duration = Duration::from_millis(200);
/// A stored block of deflate that is empty, which may follow any number of times.
const EMPTY_BLOCK: [u8; 5] = [0x00, 0x00, 0x00, 0xFF, 0xFF];

const fn in_gzip(bytes: usize) -> Bodies {
    Bodies { count: 8, content_length: CONTENT_LENGTH, bytes, is_gzip: true }
}

const fn plain(bytes: usize) -> Bodies {
    Bodies { count: 6, content_length: CONTENT_LENGTH, bytes, is_gzip: false }
}

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let sizes = SIZES.map(|bodies| (bodies.beginning(), bodies));
    async move {
        let each = sizes.iter().enumerate().flat_map(|(number, (beginning, bodies))| {
            std::iter::repeat_n((SIZE_INTERVAL * number as u32, beginning, bodies.drip()), bodies.count)
        });
        let stall = async |(delay, beginning, drip): (Duration, &Vec<u8>, &[u8])| {
            tokio::time::sleep(delay).await;
            attacker.stall(beginning, drip).await;
        };
        join_all(each.map(stall)).await;
    }
    .boxed_local()
}

impl Bodies {
    /// The request as far as it comes at once.
    fn beginning(&self) -> Vec<u8> {
        let (header, body) = if self.is_gzip {
            ("content-encoding: gzip\r\n", unfinished_gzip(self.bytes))
        } else {
            ("", vec![b' '; self.bytes])
        };
        [post_head(header, self.content_length).into_bytes(), body].concat()
    }

    /// What comes of it later, a byte at a time.
    const fn drip(&self) -> &'static [u8] {
        if self.is_gzip { &EMPTY_BLOCK } else { b" " }
    }
}

/// So many blanks in gzip, all of which can be inflated although the stream has no end.
fn unfinished_gzip(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A vector takes everything.
    encoder.write_all(&vec![b' '; bytes]).and_then(|()| encoder.flush()).ok();
    encoder.get_ref().clone()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_stream_without_an_end_inflates_to_all_that_went_in() {
        let mut stream = unfinished_gzip(100_000);
        stream.extend(EMPTY_BLOCK.repeat(3));
        let mut inflated = Vec::new();
        GzDecoder::new(&stream[..]).read_to_end(&mut inflated).unwrap_err();
        assert_eq!(inflated, vec![b' '; 100_000]);
    }
}
