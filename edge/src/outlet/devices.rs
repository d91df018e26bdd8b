//! Asks the server what it knows of a device, and reads the answer, without I/O.

use std::collections::BTreeMap;

use domain::limits::MAX_LISTED_RANGES;
use domain::sequence::{FIRST_SEQUENCE, SequenceRange, SequenceSet};
use serde::Deserialize;

use super::response;
use crate::spool::KnownEpoch;

const QUERY: &str = "query Known($factoryId: ID!, $deviceIds: [ID!]) { \
    devices(factoryId: $factoryId, deviceIds: $deviceIds) { deviceId epoch receivedUpTo \
    stored { epoch firstSequence lastSequence } holes { epoch firstSequence lastSequence } \
    refused { epoch firstSequence lastSequence } } }";

/// The query for one device of a factory.
pub fn query(factory_id: &str, device_id: &str) -> String {
    let variables = serde_json::json!({ "factoryId": factory_id, "deviceIds": [device_id] });
    serde_json::json!({ "query": QUERY, "variables": variables }).to_string()
}

/// What the server knows of the device's epochs; none for a device that it does not know, and for one whose answer is
/// from a server that is older than this query. `None` when it is no answer to the question.
pub fn read(body: &[u8], device_id: &str) -> Option<Vec<KnownEpoch>> {
    if response::is_unknown_name(body, &["\"devices\"", "\"deviceids\""]) {
        return Some(Vec::new());
    }
    let response: Response = serde_json::from_slice(body).ok()?;
    let devices = response.data?.devices;
    Some(
        devices
            .into_iter()
            .find(|device| device.device_id == device_id)
            .map(Device::known)
            .unwrap_or_default(),
    )
}

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    devices: Vec<Device>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    device_id: String,
    epoch: String,
    received_up_to: i64,
    stored: Vec<Range>,
    holes: Vec<Range>,
    refused: Vec<Range>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    epoch: String,
    first_sequence: i64,
    last_sequence: i64,
}

impl Device {
    /// Whatever is neither stored nor a hole is refused or closed; only what is listed as stored may leave a queue.
    fn known(self) -> Vec<KnownEpoch> {
        let is_cut = [&self.stored, &self.holes].iter().any(|list| list.len() >= MAX_LISTED_RANGES);
        let mut highest = BTreeMap::from([(self.epoch.clone(), self.received_up_to)]);
        for range in self.stored.iter().chain(&self.holes).chain(&self.refused) {
            let seen = highest.entry(range.epoch.clone()).or_insert(0);
            *seen = range.last_sequence.max(*seen);
        }
        // The lists begin with the current epoch; of another one nothing is certain when they were cut.
        let certain = highest.into_iter().filter(|(epoch, _)| !is_cut || *epoch == self.epoch);
        certain
            .map(|(epoch, highest)| {
                let stored = numbers_of(&self.stored, &epoch);
                let holes = numbers_of(&self.holes, &epoch);
                let covered = [(&self.stored, &stored), (&self.holes, &holes)]
                    .into_iter()
                    .filter(|(list, _)| list.len() >= MAX_LISTED_RANGES)
                    .map(|(_, of_epoch)| of_epoch.highest().unwrap_or(0))
                    .fold(highest, i64::min);
                let is_covered = |range: &&SequenceRange| range.last() <= covered;
                let holes: SequenceSet = holes.ranges().iter().filter(is_covered).copied().collect();
                let all: SequenceSet = SequenceRange::new(FIRST_SEQUENCE, covered).into_iter().collect();
                let not_stored = all.difference(&stored).difference(&holes);
                KnownEpoch { epoch, highest: covered, holes, not_stored }
            })
            .collect()
    }
}

fn numbers_of(list: &[Range], epoch: &str) -> SequenceSet {
    let of_epoch = list.iter().filter(|range| range.epoch == epoch);
    of_epoch.filter_map(|range| SequenceRange::new(range.first_sequence, range.last_sequence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn set(ranges: &[(i64, i64)]) -> SequenceSet {
        ranges.iter().filter_map(|&(first, last)| SequenceRange::new(first, last)).collect()
    }

    fn range(epoch: &str, first: i64, last: i64) -> Value {
        json!({ "epoch": epoch, "firstSequence": first, "lastSequence": last })
    }

    fn answer(received_up_to: i64, stored: &[Value], holes: &[Value], refused: &[Value]) -> Vec<u8> {
        let device = json!({ "deviceId": "cam", "epoch": "now", "receivedUpTo": received_up_to, "stored": stored,
            "holes": holes, "refused": refused });
        json!({ "data": { "devices": [device] } }).to_string().into_bytes()
    }

    #[test]
    fn what_is_neither_stored_nor_a_hole_is_not_stored() {
        let body = answer(
            20,
            &[range("now", 1, 5), range("now", 8, 12), range("old", 3, 4)],
            &[range("now", 13, 14), range("old", 1, 2)],
            &[range("now", 6, 7)],
        );
        let known = read(&body, "cam").expect("an answer");
        assert_eq!(
            known,
            [
                KnownEpoch {
                    epoch: "now".to_owned(),
                    highest: 20,
                    holes: set(&[(13, 14)]),
                    not_stored: set(&[(6, 7), (15, 20)])
                },
                KnownEpoch {
                    epoch: "old".to_owned(),
                    highest: 4,
                    holes: set(&[(1, 2)]),
                    not_stored: set(&[])
                },
            ]
        );
        assert_eq!(read(&body, "another"), Some(vec![]));
    }

    #[test]
    fn of_lists_that_were_cut_only_the_certain_part_counts() {
        let stored: Vec<_> =
            (0..MAX_LISTED_RANGES as i64).map(|n| range("now", 10 * n + 1, 10 * n + 5)).collect();
        let known = read(&answer(90_000, &stored, &[range("old", 1, 2)], &[]), "cam").expect("an answer");
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].highest, 1_995);
        assert_eq!(known[0].not_stored.ranges().len(), MAX_LISTED_RANGES - 1);
    }

    #[test]
    fn a_server_older_than_the_query_knows_nothing_and_nonsense_is_no_answer() {
        let error = json!({ "errors": [{ "message": "Unknown field \"devices\" on type \"Query\"." }] });
        assert_eq!(read(error.to_string().as_bytes(), "cam"), Some(vec![]));
        let error = json!({ "data": null, "errors": [{ "message": "busy", "extensions": { "code": "OVERLOADED" } }] });
        assert_eq!(read(error.to_string().as_bytes(), "cam"), None);
        assert_eq!(read(b"<html>", "cam"), None);
    }

    proptest! {
        #[test]
        fn every_number_is_stored_or_a_hole_or_not_stored_and_only_one_of_them(kinds in proptest::collection::vec(0_u8..3, 1..60)) {
            let of = |kind: u8| -> Vec<Value> {
                (1..).zip(&kinds).filter(|(_, found)| **found == kind).map(|(n, _)| range("now", n, n)).collect()
            };
            let highest = kinds.len() as i64;
            let known = read(&answer(highest, &of(0), &of(1), &of(2)), "cam").expect("an answer");
            let is_in = |set: &SequenceSet, n: i64| set.ranges().iter().any(|range| (range.first()..=range.last()).contains(&n));
            for (n, kind) in (1..).zip(kinds) {
                prop_assert_eq!(is_in(&known[0].holes, n), kind == 1);
                prop_assert_eq!(is_in(&known[0].not_stored, n), kind == 2);
            }
            prop_assert_eq!(known[0].highest, highest);
        }
    }
}
