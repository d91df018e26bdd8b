//! Events of a day, each of which changes the sums of 289 buckets, in a few kilobytes of gzip.

use domain::MS_PER_DAY;
use futures_util::future::FutureExt as _;

use super::{FACTORY, Prepared, attacker::Attacker, request::gzipped};
use crate::floor::{self, Floor};

const AT_ONCE: usize = 20;
/// Just within the 1 000 000 buckets that a batch may cover.
const BATCH_EVENTS: usize = 3_450;
/// More than any server stores while it is attacked.
const BATCHES: u64 = 60;
/// A second past noon of 2001-01-01, so that an event begins and ends within a bucket.
const FLOOR: Floor =
    Floor { from_ms: 978_350_401_000, workers: 3_400, workstations: 0, duration_ms: MS_PER_DAY };

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let reports = floor::in_time(FLOOR, 0..BATCHES * BATCH_EVENTS as u64);
    let batches = floor::batches(FACTORY, reports, BATCH_EVENTS);
    let requests: Vec<_> = batches.iter().map(|batch| gzipped(&batch.request)).collect();
    async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local()
}
