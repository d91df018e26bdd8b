//! Answers as large as they get, for clients that hardly read.

use std::time::Duration;

use anyhow::Result;
use domain::MS_PER_MINUTE;
use futures_util::future::{FutureExt as _, join_all};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    FACTORY, Prepared,
    attacker::{self, Attacker},
    readers,
    request::aliased,
};
use crate::{floor::Floor, http};

const CLIENTS: usize = 40;
/// How often a byte is read.
const READ_INTERVAL: Duration = Duration::from_secs(1);
/// What says whether it is an answer, read at once.
const BEGINNING_BYTES: usize = "HTTP/1.1 200".len();
/// As many workers as a factory may have. 2025-01-01.
const FLOOR: Floor =
    Floor { from_ms: 1_735_689_600_000, workers: 20_000, workstations: 0, duration_ms: 5 * MS_PER_MINUTE };
/// How often the whole is asked for in one request: more than may be answered, and as much as may be.
const ALIASES: [usize; 2] = [10, 1];
const FIELDS: &str = "workerId workingMinutes idleMinutes absentMinutes overlapMinutes utilization unitsProduced \
                      unitsPerHour meanConfidence lastSeenAt";

pub(super) async fn prepare(attacker: Attacker) -> Result<Prepared> {
    readers::fill(&attacker, FACTORY, FLOOR, FLOOR.entities()).await?;
    let requests = ALIASES.map(question);
    Ok(async move {
        let ask = |client: usize| read_slowly(&attacker, &requests[client % requests.len()]);
        join_all((0..CLIENTS).map(ask)).await;
    }
    .boxed_local())
}

/// Asks, reads a byte now and then, and asks again when the server has had enough of it.
async fn read_slowly(attacker: &Attacker, request: &[u8]) {
    loop {
        let mut stream = attacker.connect_small().await;
        let read = async {
            stream.write_all(request).await?;
            let mut beginning = [0; BEGINNING_BYTES];
            stream.read_exact(&mut beginning).await?;
            attacker.note(attacker::ended(&beginning));
            while stream.read(&mut [0]).await? > 0 {
                tokio::time::sleep(READ_INTERVAL).await;
            }
            std::io::Result::Ok(())
        };
        let end = read.await;
        attacker.note(if end.is_ok() { "ended" } else { "broken" });
    }
}

fn question(aliases: usize) -> Vec<u8> {
    let report = format!("workerMetrics(factoryId:\"{FACTORY}\"){{workers{{{FIELDS}}}}}");
    http::post(aliased(&report, aliases).as_bytes())
}
