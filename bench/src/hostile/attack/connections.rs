//! Connections that ask for nothing, and connections whose headers do not end.

use futures_util::future::{FutureExt as _, join, join_all};

use super::{Prepared, attacker::Attacker};

const IDLE: usize = 3_000;
const ENDLESS: usize = 300;
/// How long the headers are from which on they drip.
const HEADER_BYTES: usize = 400_000;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let mut beginning = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-endless: ".to_vec();
    beginning.resize(HEADER_BYTES, b'a');
    async move {
        let idle = (0..IDLE).map(|_| attacker.stall(b"", b""));
        let endless = (0..ENDLESS).map(|_| attacker.stall(&beginning, b"a"));
        join(join_all(idle), join_all(endless)).await;
    }
    .boxed_local()
}
