//! Bodies of hundreds of thousands of gzip streams, each of nothing.

use domain::limits::MAX_BODY_BYTES;
use futures_util::future::FutureExt as _;

use super::{
    Prepared,
    attacker::Attacker,
    request::{gzip, post_head},
};

const AT_ONCE: usize = 4;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let member = gzip(b"");
    let body = member.repeat(MAX_BODY_BYTES / member.len());
    let requests = [[post_head("content-encoding: gzip\r\n", body.len()).into_bytes(), body].concat()];
    async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local()
}
