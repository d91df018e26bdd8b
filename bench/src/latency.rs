//! Many waits and the few numbers that say how long they were.

use std::time::Duration;

use serde::Serialize;

/// Percentiles of many waits, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Waits in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    pub(crate) fn push(&mut self, wait: Duration) {
        self.push_micros(u32::try_from(wait.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn push_micros(&mut self, micros: u32) {
        self.0.push(micros);
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// None when there were no waits.
    pub(crate) fn percentiles(mut self) -> Option<Percentiles> {
        self.0.sort_unstable();
        let at = |share: f64| {
            let rank = (share * self.0.len() as f64).ceil() as usize;
            self.0.get(rank.max(1) - 1).map(|micros| f64::from(*micros) / 1_000.0)
        };
        Some(Percentiles { p50_ms: at(0.50)?, p95_ms: at(0.95)?, p99_ms: at(0.99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_wait_that_so_many_did_not_exceed() {
        let mut latencies = Latencies::default();
        for millis in (1..=100).rev() {
            latencies.push(Duration::from_millis(millis));
        }
        let percentiles = latencies.percentiles().unwrap();
        assert_eq!((percentiles.p50_ms, percentiles.p95_ms, percentiles.p99_ms), (50.0, 95.0, 99.0));
        assert!(Latencies::default().percentiles().is_none());
    }
}
