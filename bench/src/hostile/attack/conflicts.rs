//! Events that contradict one that is stored: what a server keeps of them must not grow for ever.

use futures_util::future::FutureExt as _;

use super::{Prepared, attacker::Attacker, invented_names};
use crate::floor;

const CONNECTIONS: u64 = 4;
const BATCH_EVENTS: usize = 100;
/// When all of it was seen: 2025-01-01.
const AT_MS: i64 = 1_735_689_600_000;

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    // The first is stored. Each is 0.6 ms longer than the one before, from 1 000 minutes on.
    let event = format!(
        "{{\"timestamp\":\"{}\",\"entityType\":\"WORKER\",\"entityId\":\"W1\",\"eventType\":\"WORKING\",\
         \"durationMinutes\":1########e-5}}",
        floor::instant(AT_MS)
    );
    let request = invented_names::request(&format!("[{}]", vec![event; BATCH_EVENTS].join(",")), "null");
    async move { attacker.flood_numbered(&request, CONNECTIONS).await }.boxed_local()
}
