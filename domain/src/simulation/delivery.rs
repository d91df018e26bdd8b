//! How events come in over a bad network: twice, late, in any order, in batches of any size. None of it may change a
//! metric.

use std::ops::RangeInclusive;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::event::RawEvent;

/// What goes wrong on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryFaults {
    /// The share of events that are sent a second time, later on; 0 to 1.
    pub duplicate_share: f64,
    /// The share of events that are held back; 0 to 1.
    pub late_share: f64,
    /// Whether all order is lost.
    pub shuffle: bool,
    /// How many events a batch holds; at least one.
    pub batch_sizes: RangeInclusive<usize>,
}

/// Cuts events into the batches in which they arrive. Every event arrives at least once, and each repeat says the same.
pub fn deliver(events: &[RawEvent], faults: &DeliveryFaults, seed: u64) -> Vec<Vec<RawEvent>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut arrivals = Vec::with_capacity(events.len());
    for (position, event) in events.iter().enumerate() {
        let delayed = position + 1..=position + events.len();
        let is_late = rng.random::<f64>() < faults.late_share;
        arrivals.push((if is_late { rng.random_range(delayed.clone()) } else { position }, event));
        if rng.random::<f64>() < faults.duplicate_share {
            arrivals.push((rng.random_range(delayed), event));
        }
    }
    if faults.shuffle {
        for (position, _) in &mut arrivals {
            *position = rng.random_range(0..events.len());
        }
    }
    arrivals.sort_by_key(|(position, _)| *position);
    into_batches(arrivals.into_iter().map(|(_, event)| event.clone()), &faults.batch_sizes, &mut rng)
}

fn into_batches(
    mut events: impl Iterator<Item = RawEvent>,
    sizes: &RangeInclusive<usize>,
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<RawEvent>> {
    let smallest = (*sizes.start()).max(1);
    let largest = (*sizes.end()).max(smallest);
    let next_batch = || {
        let batch: Vec<RawEvent> = events.by_ref().take(rng.random_range(smallest..=largest)).collect();
        (!batch.is_empty()).then_some(batch)
    };
    std::iter::from_fn(next_batch).collect()
}
