//! Bodies that were compressed by gzip.

use std::io::Read as _;

use flate2::bufread::GzDecoder;

/// The most members of one body. A sender writes one; to begin each costs as much as to inflate some kilobytes.
pub const MAX_GZIP_MEMBERS: usize = 16;
/// How much is inflated at a time, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// Why a body is not inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError<E> {
    /// It is not whole gzip.
    NotGzip,
    /// It has more than [`MAX_GZIP_MEMBERS`].
    TooManyMembers,
    /// What it inflates to is not taken.
    Refused(E),
}

/// Inflates a body that is whole, piece by piece. Where `take` refuses a piece nothing more is inflated, so what is kept is
/// bounded by the limit of whoever keeps it. It takes its time, so call it where that delays nobody.
///
/// # Errors
/// It is not gzip, or `take` refused a piece.
pub fn inflate<E>(
    compressed: &[u8],
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), InflateError<E>> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut rest = compressed;
    for _ in 0..MAX_GZIP_MEMBERS {
        let mut member = GzDecoder::new(rest);
        loop {
            match member.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => take(&chunk[..length]).map_err(InflateError::Refused)?,
                Err(_) => return Err(InflateError::NotGzip),
            }
        }
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(());
        }
    }
    Err(InflateError::TooManyMembers)
}
