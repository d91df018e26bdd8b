//! What is written down of a change of closed buckets: why, and by how much each sum changed.
//!
//! The deltas of an entity's hour are a few bytes:
//!
//! - one byte, the format, 1;
//! - the buckets of the hour that have a delta, as a number whose lowest bit is the first five minutes;
//! - for each of those, in their order, the sums that differ from those of the bucket before it in this list (of the first:
//!   from 0), as a number whose lowest bit is the first of [`SUMS`], and then how much each of these differs.
//!
//! Numbers are cut into seven bits a byte, the lowest first, and all but the last byte have the highest bit set. A
//! difference `d` is the number `2d`, and `-2d - 1` below zero. Neighbouring buckets often change alike, so most are two
//! bytes.

use std::collections::BTreeMap;

use crate::{
    MS_PER_HOUR, bucket::BUCKET_MS, closing::is_closed, time::TimestampMs, timeline::BucketTotals,
    totals::Totals,
};

/// Five-minute buckets in an hour.
pub const BUCKETS_PER_HOUR: usize = (MS_PER_HOUR / BUCKET_MS) as usize;

/// The first byte of the deltas of an hour.
const FORMAT: u8 = 1;

/// How many sums have deltas: all but the number of events.
const SUMS: usize = 9;

/// Why closed buckets changed, in the order in which the causes of one commit are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Events came late.
    LateEvents {
        /// The device that sent them; none for senders that do not number what they send.
        device: Option<String>,
        /// The source that they name.
        source: Option<String>,
    },
    /// Somebody decided something; the number of the decision.
    Decision(i32),
    /// The sums were computed anew and were others.
    Rebuild,
}

/// The deltas of one entity in one hour, by five-minute bucket. The number of events is in none.
pub type HourDeltas = [Totals; BUCKETS_PER_HOUR];

/// What a change adds to closed buckets, by hour (counted from the Unix epoch). Where only the number of events changes, or
/// nothing, there is nothing.
pub fn closed_hours(sums: &BucketTotals, mark_ms: TimestampMs) -> BTreeMap<i64, HourDeltas> {
    let mut hours: BTreeMap<i64, HourDeltas> = BTreeMap::new();
    for (&bucket, totals) in sums {
        let delta = Totals { events: 0, ..*totals };
        if delta.is_zero() || !is_closed(TimestampMs((bucket + 1) * BUCKET_MS), mark_ms) {
            continue;
        }
        let per_hour = BUCKETS_PER_HOUR as i64;
        let deltas = hours.entry(bucket.div_euclid(per_hour)).or_default();
        deltas[bucket.rem_euclid(per_hour) as usize] = delta;
    }
    hours
}

/// The numbers of an hour's buckets, with what is in them.
pub fn buckets(hour: i64, deltas: &HourDeltas) -> impl Iterator<Item = (i64, Totals)> {
    (hour * BUCKETS_PER_HOUR as i64..).zip(deltas.iter().copied()).filter(|(_, delta)| !delta.is_zero())
}

/// The deltas of an hour as bytes.
pub fn encode(deltas: &HourDeltas) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    put(&mut bytes, bits(deltas.iter().map(|delta| !sums_of(delta).iter().all(|sum| *sum == 0))));
    let mut before = [0; SUMS];
    for sums in deltas.iter().map(sums_of).filter(|sums| sums.iter().any(|sum| *sum != 0)) {
        let differences: Vec<i64> =
            sums.iter().zip(before).map(|(sum, before)| sum.wrapping_sub(before)).collect();
        put(&mut bytes, bits(differences.iter().map(|difference| *difference != 0)));
        for difference in differences.into_iter().filter(|difference| *difference != 0) {
            put(&mut bytes, ((difference << 1) ^ (difference >> 63)) as u64);
        }
        before = sums;
    }
    bytes
}

/// The deltas that bytes stand for; none where no deltas are written like that.
pub fn decode(mut bytes: &[u8]) -> Option<HourDeltas> {
    let bytes = &mut bytes;
    let (&format, rest) = bytes.split_first()?;
    *bytes = rest;
    let listed = take(bytes).filter(|listed| format == FORMAT && listed >> BUCKETS_PER_HOUR == 0)?;
    let mut deltas = HourDeltas::default();
    let mut sums = [0_i64; SUMS];
    for (_, delta) in deltas.iter_mut().enumerate().filter(|(bucket, _)| listed >> bucket & 1 == 1) {
        let differing = take(bytes).filter(|differing| differing >> SUMS == 0)?;
        for (_, sum) in sums.iter_mut().enumerate().filter(|(sum, _)| differing >> sum & 1 == 1) {
            let number = take(bytes)?;
            let difference = (number >> 1) as i64 ^ -((number & 1) as i64);
            *sum = sum.wrapping_add(difference);
        }
        *delta = totals_of(sums);
    }
    bytes.is_empty().then_some(deltas)
}

fn bits(set: impl Iterator<Item = bool>) -> u64 {
    set.enumerate().fold(0, |bits, (place, is_set)| bits | u64::from(is_set) << place)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn sums_of(totals: &Totals) -> [i64; SUMS] {
    [
        totals.working_ms,
        totals.idle_ms,
        totals.absent_ms,
        totals.units,
        totals.confidence_ms,
        totals.confident_ms,
        totals.overlap_ms,
        totals.contested_ms,
        totals.corrected_ms,
    ]
}

fn totals_of(sums: [i64; SUMS]) -> Totals {
    let [
        working_ms,
        idle_ms,
        absent_ms,
        units,
        confidence_ms,
        confident_ms,
        overlap_ms,
        contested_ms,
        corrected_ms,
    ] = sums;
    Totals {
        working_ms,
        idle_ms,
        absent_ms,
        overlap_ms,
        contested_ms,
        corrected_ms,
        units,
        confidence_ms,
        confident_ms,
        events: 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn sum() -> impl Strategy<Value = i64> {
        prop_oneof![3 => Just(0), 2 => Just(300_000), 2 => -4_000_000_000_i64..4_000_000_000, 1 => any::<i64>()]
    }

    fn hour() -> impl Strategy<Value = HourDeltas> {
        let delta = prop_oneof![1 => Just([0; SUMS]), 2 => prop::array::uniform9(sum())];
        vec(delta, BUCKETS_PER_HOUR).prop_map(|hour| std::array::from_fn(|bucket| totals_of(hour[bucket])))
    }

    proptest! {
        #[test]
        fn deltas_come_back_from_their_bytes(deltas in hour()) {
            prop_assert_eq!(decode(&encode(&deltas)), Some(deltas));
        }

        #[test]
        fn bytes_that_are_no_deltas_are_no_deltas(bytes in vec(any::<u8>(), 0..40), deltas in hour()) {
            if let Some(decoded) = decode(&bytes) {
                prop_assert_eq!(decode(&encode(&decoded)), Some(decoded));
            }
            let written = encode(&deltas);
            prop_assert_eq!(decode(&written[..written.len() - 1]), None);
            prop_assert_eq!(decode(&[written, vec![0]].concat()), None);
        }

        #[test]
        fn closed_hours_have_what_closed_buckets_have_and_nothing_else(
            sums in prop::collection::btree_map(-40_i64..40, (sum(), 0_i64..3), 0..20),
            mark in -40_i64..40,
        ) {
            let sums: BucketTotals = sums
                .into_iter()
                .map(|(bucket, (working_ms, events))| (bucket, Totals { working_ms, events, ..Totals::default() }))
                .collect();
            // A bucket that the mark lies in is not closed.
            let mark_ms = TimestampMs(mark * BUCKET_MS + 1);
            let hours = closed_hours(&sums, mark_ms);
            prop_assert!(hours.values().all(|deltas| deltas.iter().any(|delta| !delta.is_zero())));
            let found: BucketTotals = hours.iter().flat_map(|(hour, deltas)| buckets(*hour, deltas)).collect();
            let expected: BucketTotals = sums
                .into_iter()
                .filter(|(bucket, _)| *bucket < mark)
                .map(|(bucket, totals)| (bucket, Totals { events: 0, ..totals }))
                .filter(|(_, totals)| !totals.is_zero())
                .collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn buckets_that_change_alike_are_two_bytes_each_at_most() {
        let delta = Totals {
            working_ms: 300_000,
            confidence_ms: 2_700_000_000,
            confident_ms: 300_000,
            ..Totals::default()
        };
        let first = Totals { units: 3, ..delta };
        let mut deltas = [delta; BUCKETS_PER_HOUR];
        deltas[0] = first;
        assert!(encode(&deltas).len() <= 30, "{} bytes", encode(&deltas).len());
    }

    #[test]
    fn the_causes_of_a_commit_have_their_order() {
        let late = |device: Option<&str>, source: Option<&str>| Cause::LateEvents {
            device: device.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        let ordered = [
            late(None, None),
            late(None, Some("cam-10")),
            late(None, Some("cam-2")),
            late(Some("edge-1"), None),
            late(Some("edge-1"), Some("a")),
            late(Some("edge-2"), None),
            Cause::Decision(2),
            Cause::Decision(10),
            Cause::Rebuild,
        ];
        assert!(ordered.is_sorted());
    }
}
