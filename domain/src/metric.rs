//! What the sums mean: utilization, rates and a factory's figures. Every ratio is computed from integers, once and in
//! one way, so that the same events give the same numbers to the last bit.

use serde::{Deserialize, Serialize};

use crate::{MS_PER_HOUR, MS_PER_MINUTE, totals::Totals};

/// Working time of the time seen working or idle, in percent. None when the entity was seen neither working nor idle.
pub fn utilization(totals: &Totals) -> Option<f64> {
    ratio(100, totals.working_ms, totals.working_ms + totals.idle_ms)
}

/// Units per hour of working time; for a workstation, its throughput. None when no working time was seen.
pub fn units_per_hour(totals: &Totals) -> Option<f64> {
    ratio(MS_PER_HOUR, totals.units, totals.working_ms)
}

/// The confidence of the winning reports weighted by their time, 0 to 1. None when no winner states one.
pub fn mean_confidence(totals: &Totals) -> Option<f64> {
    ratio(1, totals.confidence_ms, 10_000 * totals.confident_ms)
}

/// Milliseconds as minutes.
pub fn minutes(duration_ms: i64) -> f64 {
    duration_ms as f64 / MS_PER_MINUTE as f64
}

/// `(factor * numerator) as f64 / denominator as f64`, or none when there is no basis. The product has 128 bits, so no
/// sum of units is too great for it; where 64 bits suffice the value is the same.
pub(crate) fn ratio(factor: i64, numerator: i64, denominator: i64) -> Option<f64> {
    let product = i128::from(factor) * i128::from(numerator);
    (denominator > 0).then(|| product as f64 / denominator as f64)
}

/// Whose units are the factory's: both sides report the same goods, so only one is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnitsBasis {
    /// What the workers finished.
    #[default]
    Workers,
    /// What the workstations finished.
    Workstations,
}

impl UnitsBasis {
    /// The name, as the API has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workers => "WORKERS",
            Self::Workstations => "WORKSTATIONS",
        }
    }

    /// The sums that a factory's ratios are made of, in all or in one step of a series: the workers' sums, with the
    /// units of the side that counts.
    pub fn apply(self, workers: Totals, workstations: Totals) -> Totals {
        match self {
            Self::Workers => workers,
            Self::Workstations => Totals { units: workstations.units, ..workers },
        }
    }
}

/// A factory's figures in one window, from the totals of its workers and workstations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FactoryTotals {
    /// The sum of the workers.
    pub workers: Totals,
    /// The sum of the workstations.
    pub workstations: Totals,
    /// Workers that were seen working or idle.
    pub active_workers: usize,
    /// Workstations that were seen working or idle.
    pub active_workstations: usize,
    /// The sum of the active workers' utilizations, in percent: a plain mean cannot be had from the sums above.
    utilization_sum: f64,
}

impl FactoryTotals {
    /// Sums up the factory. The workers must come in the order of their list, since the plain mean of the utilizations
    /// is a sum of floating-point numbers: another order could change its last bit.
    pub fn new(
        workers: impl IntoIterator<Item = Totals>,
        workstations: impl IntoIterator<Item = Totals>,
    ) -> Self {
        let mut factory = Self::default();
        for worker in workers {
            factory.workers += worker;
            if let Some(utilization) = utilization(&worker) {
                factory.active_workers += 1;
                factory.utilization_sum += utilization;
            }
        }
        for workstation in workstations {
            factory.workstations += workstation;
            factory.active_workstations += usize::from(utilization(&workstation).is_some());
        }
        factory
    }

    /// Time in which a worker worked, summed over the workers.
    pub fn productive_ms(&self) -> i64 {
        self.workers.working_ms
    }

    /// Time in which a worker was idle, summed over the workers.
    pub fn idle_ms(&self) -> i64 {
        self.workers.idle_ms
    }

    /// Time in which a worker was seen to be absent, summed over the workers.
    pub fn absent_ms(&self) -> i64 {
        self.workers.absent_ms
    }

    /// Units finished, counted on one side only.
    pub fn units(&self, basis: UnitsBasis) -> i64 {
        basis.apply(self.workers, self.workstations).units
    }

    /// The plain mean of the workers' utilizations in percent, over those that have one; none when none has.
    pub fn average_utilization(&self) -> Option<f64> {
        (self.active_workers > 0).then(|| self.utilization_sum / self.active_workers as f64)
    }

    /// The workers' utilization in percent, weighted by their time; none when no worker was seen working or idle.
    pub fn utilization(&self) -> Option<f64> {
        utilization(&self.workers)
    }

    /// Units of the side that counts per hour of the workers' working time; none when no worker was seen working.
    pub fn average_production_rate(&self, basis: UnitsBasis) -> Option<f64> {
        units_per_hour(&basis.apply(self.workers, self.workstations))
    }
}

#[cfg(test)]
mod tests;
