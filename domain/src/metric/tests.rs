use proptest::prelude::*;

use super::*;

fn spent(working_minutes: i64, idle_minutes: i64, units: i64) -> Totals {
    Totals {
        working_ms: working_minutes * MS_PER_MINUTE,
        idle_ms: idle_minutes * MS_PER_MINUTE,
        units,
        ..Totals::default()
    }
}

#[test]
fn the_worked_example_of_all_time_is_met_to_the_last_bit() {
    let worker = spent(70, 20, 14);
    assert_eq!(utilization(&worker), Some(77.777_777_777_777_77));
    assert_eq!(units_per_hour(&worker), Some(12.0));
    assert_eq!(minutes(worker.working_ms).to_bits(), 70.0_f64.to_bits());
}

#[test]
fn without_a_basis_there_is_no_ratio() {
    let absent = Totals { absent_ms: MS_PER_HOUR, ..Totals::default() };
    assert_eq!(utilization(&absent), None);
    assert_eq!(units_per_hour(&absent), None);
    assert_eq!(mean_confidence(&absent), None);
    assert_eq!(units_per_hour(&spent(0, 10, 3)), None, "units without working time have no rate");
    assert_eq!(utilization(&spent(0, 10, 0)), Some(0.0), "idle all the time is a basis");
}

#[test]
fn confidence_is_weighted_by_time_and_comes_back_as_it_was_sent() {
    let steady = Totals { confidence_ms: 9_000 * 1_234_567, confident_ms: 1_234_567, ..Totals::default() };
    assert_eq!(mean_confidence(&steady), Some(0.9));
    let mixed = Totals { confidence_ms: 9_000 * 50 + 8_000 * 20, confident_ms: 70, ..Totals::default() };
    assert_eq!(mean_confidence(&mixed), Some(610_000.0 / 700_000.0));
}

#[test]
fn no_sum_of_units_is_too_great_for_a_rate() {
    let totals = Totals { units: i64::MAX, working_ms: MS_PER_HOUR, ..Totals::default() };
    assert_eq!(units_per_hour(&totals), Some(i64::MAX as f64));
}

#[test]
fn a_factory_knows_the_plain_mean_and_the_mean_weighted_by_time() {
    let workers = [spent(60, 0, 5), spent(5, 15, 1), spent(0, 0, 2)];
    let factory = FactoryTotals::new(workers, [spent(40, 0, 9), spent(0, 0, 0)]);
    assert_eq!(factory.average_utilization(), Some(62.5));
    assert_eq!(factory.utilization(), Some(81.25));
    assert_eq!(factory.productive_ms(), 65 * MS_PER_MINUTE);
    assert_eq!(factory.idle_ms(), 15 * MS_PER_MINUTE);
    assert_eq!(factory.absent_ms(), 0);
    assert_eq!((factory.active_workers, factory.active_workstations), (2, 1));
}

#[test]
fn the_units_of_one_side_are_the_factorys() {
    let factory = FactoryTotals::new([spent(60, 0, 12)], [spent(30, 0, 15)]);
    assert_eq!(factory.units(UnitsBasis::Workers), 12);
    assert_eq!(factory.units(UnitsBasis::Workstations), 15);
    assert_eq!(factory.average_production_rate(UnitsBasis::Workers), Some(12.0));
    assert_eq!(factory.average_production_rate(UnitsBasis::Workstations), Some(15.0));
}

#[test]
fn a_step_of_a_factory_is_the_workers_sums_with_the_units_that_count() {
    let (workers, workstations) = (spent(60, 20, 12), spent(30, 0, 15));
    assert_eq!(UnitsBasis::Workers.apply(workers, workstations), workers);
    assert_eq!(UnitsBasis::Workstations.apply(workers, workstations), spent(60, 20, 15));
}

#[test]
fn an_empty_factory_has_no_ratios() {
    let factory = FactoryTotals::new([], []);
    assert_eq!(factory, FactoryTotals::default());
    assert_eq!(factory.average_utilization(), None);
    assert_eq!(factory.utilization(), None);
    assert_eq!(factory.average_production_rate(UnitsBasis::Workers), None);
}

#[test]
fn the_units_basis_is_written_as_the_api_writes_it() {
    assert_eq!(serde_json::to_string(&UnitsBasis::Workstations).unwrap(), r#""WORKSTATIONS""#);
    assert_eq!(serde_json::from_str::<UnitsBasis>(r#""WORKERS""#).unwrap(), UnitsBasis::Workers);
}

proptest! {
    /// The definition's formulas, as written there.
    #[test]
    fn ratios_are_the_formulas_of_the_definition(
        working_ms in 0..100_000_000_000_i64,
        idle_ms in 0..100_000_000_000_i64,
        units in 0..1_000_000_000_i64,
    ) {
        let totals = Totals { working_ms, idle_ms, units, ..Totals::default() };
        let expected = (100 * working_ms) as f64 / (working_ms + idle_ms) as f64;
        prop_assert_eq!(utilization(&totals), expected.is_finite().then_some(expected));
        let expected = (units * 3_600_000) as f64 / working_ms as f64;
        prop_assert_eq!(units_per_hour(&totals), expected.is_finite().then_some(expected));
    }

    #[test]
    fn utilization_stays_within_0_and_100(working_ms: u32, idle_ms: u32) {
        let totals = Totals { working_ms: working_ms.into(), idle_ms: idle_ms.into(), ..Totals::default() };
        prop_assert!(utilization(&totals).is_none_or(|percent| (0.0..=100.0).contains(&percent)));
    }
}
