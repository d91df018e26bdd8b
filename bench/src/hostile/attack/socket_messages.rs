//! Websockets that send messages as fast as they are taken, and read all that they are answered.

use futures_util::future::{FutureExt as _, join_all};

use super::{
    Prepared,
    attacker::{Attacker, Repeat},
};
use crate::websocket::{
    self,
    frame::{Kind, client_frame},
};

/// Of each kind.
const SOCKETS: usize = 2;
/// About as much is sent with one write.
const WRITE_BYTES: usize = 64 * 1024;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let ping = client_frame(Kind::Text, br#"{"type":"ping"}"#);
    let subscribe = websocket::subscribe(
        "1",
        "{\"query\":\"subscription{factoryMetrics(factoryId:\\\"attacked\\\"){revision}}\"}",
    );
    let complete = client_frame(Kind::Text, br#"{"id":"1","type":"complete"}"#);
    let writes =
        [ping, [subscribe, complete].concat()].map(|frames| frames.repeat(WRITE_BYTES / frames.len()));
    async move {
        let sockets = writes.iter().flat_map(|frames| std::iter::repeat_n(frames, SOCKETS));
        join_all(sockets.map(|frames| attacker.talk(frames, Repeat::Always))).await;
    }
    .boxed_local()
}
