//! Bodies that were compressed by gzip.

use std::io::Read as _;

use flate2::bufread::GzDecoder;
use http_listener::Memory;

use super::{super::error_response::ErrorResponse, ReadBody};
use crate::error::ApiError;

/// The most members of one body. A sender writes one; to begin each costs as much as to inflate some kilobytes.
const MAX_MEMBERS: usize = 16;
/// How much is inflated at a time, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// Inflates a body that is whole. What inflates to more than may be sent is given up before it has.
pub(super) fn inflate(compressed: &[u8], memory: &Memory) -> Result<ReadBody, ErrorResponse> {
    let mut body = ReadBody::empty(memory);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut rest = compressed;
    for _ in 0..MAX_MEMBERS {
        let mut member = GzDecoder::new(rest);
        loop {
            match member.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => body.extend(&chunk[..length])?,
                Err(_) => {
                    return Err(malformed("the body is not whole gzip; send what its Content-Encoding says"));
                }
            }
        }
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(body);
        }
    }
    Err(malformed(&format!("a gzip body has at most {MAX_MEMBERS} members; compress it as one")))
}

fn malformed(message: &str) -> ErrorResponse {
    ErrorResponse::malformed(ApiError::bad_user_input(message))
}
