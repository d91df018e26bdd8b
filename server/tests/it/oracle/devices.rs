//! Devices that number what they send, and lose some of it.

use std::collections::BTreeMap;

use rand::RngExt as _;
use serde_json::{Value, json};

use super::{MINUTE, Plant, rfc3339};

const DEVICES: [&str; 2] = ["edge-1", "edge-2"];
/// Long before a batch, or shortly; never for about as long as an event may wait in a device.
const WAITING_MS: [i64; 2] = [10_000, 30 * MINUTE];

/// What the devices sent so far.
#[derive(Default)]
pub(super) struct Devices {
    by_code: BTreeMap<&'static str, Device>,
}

#[derive(Default)]
struct Device {
    /// How many numbers are given away.
    numbers: i64,
    /// How many of them are declared lost.
    lost: i64,
    /// The numbers that did not come, from and to, and are not declared lost.
    holes: Vec<(i64, i64)>,
}

impl Devices {
    /// Who sends these events now; none where nobody says it.
    pub(super) fn sender(
        &mut self,
        plant: &mut Plant,
        events: &[Value],
        now: i64,
        may_be_unnumbered: bool,
    ) -> Value {
        if may_be_unnumbered && plant.chance(0.4) {
            return Value::Null;
        }
        let code = plant.one_of(&DEVICES);
        let device = self.by_code.entry(code).or_default();
        if !events.is_empty() && plant.chance(0.25) {
            let first = device.numbers + 1;
            device.numbers += plant.random.random_range(1..4);
            device.holes.push((first, device.numbers));
        }
        let (told, holes): (Vec<_>, Vec<_>) =
            std::mem::take(&mut device.holes).into_iter().partition(|_| plant.chance(0.5));
        device.holes = holes;
        device.lost += told.iter().map(|(first, last)| last - first + 1).sum::<i64>();
        let closed: Vec<Value> = told.into_iter().map(|range| lost(plant, range)).collect();
        let waits = plant.chance(0.3);
        let oldest = waits.then(|| now - plant.one_of(&WAITING_MS));
        let sender = json!({
            "deviceId": code, "epoch": "a", "firstSequence": device.numbers + 1, "sentAt": rfc3339(now),
            "queuedEvents": i64::from(waits), "oldestQueuedAt": oldest.map(rfc3339), "lostEvents": device.lost,
            "deadLetteredEvents": 0, "closed": closed,
        });
        device.numbers += events.len() as i64;
        sender
    }
}

/// Numbers that never come; of some it is known when their events began.
fn lost(plant: &mut Plant, (first, last): (i64, i64)) -> Value {
    let mut closed = json!({ "firstSequence": first, "lastSequence": last, "reason": "LOST" });
    if plant.chance(0.6) {
        let from = plant.instant();
        closed["from"] = json!(rfc3339(from));
        closed["to"] = json!(rfc3339(from + plant.one_of(&[0, MINUTE, 600 * MINUTE])));
    }
    closed
}
