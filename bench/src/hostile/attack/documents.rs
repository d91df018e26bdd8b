//! Documents that cost more to parse than to send.

use std::time::Duration;

use domain::limits::MAX_BODY_BYTES;
use futures_util::future::{FutureExt as _, join_all};
use tokio::io::AsyncWriteExt as _;

use super::{
    Prepared,
    attacker::{Attacker, NO_ANSWER},
    request::{filled, post_gzip},
};
use crate::http;

const AT_ONCE: usize = 4;
/// How long one waits for an answer who does not want it.
const ABANDONED_AFTER: Duration = Duration::from_millis(200);
/// A document that may be as long as this.
const SMALL_BYTES: usize = 32 * 1024;
/// How many small ones differ, so that none is answered from what is known of it.
const SMALL_DOCUMENTS: usize = 64;

/// As long as a body may be, in a few kilobytes of gzip, over and over.
pub(super) fn large(attacker: Attacker) -> Prepared {
    let requests = [large_request()];
    async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local()
}

/// The same, by clients who go away and come again while the server is still at it.
pub(super) fn abandoned(attacker: Attacker) -> Prepared {
    let request = large_request();
    async move {
        let abandon = || async {
            loop {
                let mut stream = attacker.connect().await;
                let sent = stream.write_all(&request).await;
                attacker.note(if sent.is_ok() { "abandoned" } else { NO_ANSWER });
                tokio::time::sleep(ABANDONED_AFTER).await;
            }
        };
        join_all((0..AT_ONCE).map(|_| abandon())).await;
    }
    .boxed_local()
}

/// As long as a document may be, over and over.
pub(super) fn small(attacker: Attacker) -> Prepared {
    let requests: Vec<_> = (0..SMALL_DOCUMENTS)
        .map(|number| {
            let document = filled(&format!("{{a{number} "), "a ", "}", SMALL_BYTES);
            http::post(format!("{{\"query\":\"{document}\"}}").as_bytes())
        })
        .collect();
    async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local()
}

fn large_request() -> Vec<u8> {
    post_gzip(filled("{\"query\":\"{", "a ", "}\"}", MAX_BODY_BYTES).as_bytes())
}
