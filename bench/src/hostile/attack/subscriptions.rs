//! As many different subscriptions as there may be, while what they show changes.

use std::time::Duration;

use domain::MS_PER_MINUTE;
use futures_util::future::{FutureExt as _, join, join_all};

use super::{
    FACTORY, Prepared,
    attacker::{Attacker, Repeat},
};
use crate::{
    floor::{self, Floor},
    websocket,
};

const SOCKETS: usize = 40;
/// As many as a socket may have.
const SUBSCRIPTIONS_A_SOCKET: usize = 50;
/// The windows of subscriptions differ by so much.
const WINDOW_STEP_MINUTES: usize = 5;
/// A batch of one event is due so often.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);
const BATCHES: u64 = 1_000;
/// 2025-01-01.
const FLOOR: Floor =
    Floor { from_ms: 1_735_689_600_000, workers: 1, workstations: 0, duration_ms: MS_PER_MINUTE };

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let sockets: Vec<_> = (0..SOCKETS).map(subscriptions).collect();
    let batches = floor::batches(FACTORY, floor::in_time(FLOOR, 0..BATCHES), 1);
    async move {
        let change = async {
            let mut due = tokio::time::interval(BATCH_INTERVAL);
            let mut connection = attacker.open().await;
            for batch in &batches {
                due.tick().await;
                connection = attacker.exchange(connection, &batch.request).await;
            }
        };
        let talk = sockets.iter().map(|frames| attacker.talk(frames, Repeat::Never));
        join(join_all(talk), change).await;
    }
    .boxed_local()
}

/// The frames of one socket.
fn subscriptions(socket: usize) -> Vec<u8> {
    let subscription = |number: usize| {
        let minutes = (socket * SUBSCRIPTIONS_A_SOCKET + number + 1) * WINDOW_STEP_MINUTES;
        let payload = format!(
            "{{\"query\":\"subscription{{workerMetrics(factoryId:\\\"{FACTORY}\\\",window:{{lastMinutes:{minutes}}})\
             {{revision workers{{workerId workingMinutes}}}}}}\"}}"
        );
        websocket::subscribe(&number.to_string(), &payload)
    };
    (0..SUBSCRIPTIONS_A_SOCKET).flat_map(subscription).collect()
}
