use super::*;
use proptest::prelude::*;

const HOUR: f64 = 3_600_000.0;
const UNITS: Measure = Measure { name: "Units", unit: "units", decimals: 0, ceiling: None };
const SHARE: Measure = Measure { name: "Utilization", unit: "%", decimals: 1, ceiling: Some(100.0) };

fn series(measure: Measure, mark: Mark, steps: &[(f64, f64, Option<f64>)]) -> Series {
    let steps =
        steps.iter().map(|(from, to, value)| Step { from_ms: from * HOUR, to_ms: to * HOUR, value: *value });
    Series { name: measure.name.into(), measure, mark, steps: steps.collect() }
}

#[test]
fn a_left_out_step_is_a_slot_that_says_it_was_not_observed() {
    let units = series(UNITS, Mark::Bars, &[(0.0, 1.0, Some(3.0)), (2.0, 3.0, Some(4.0))]);
    let layout = SeriesLayout::new(0.0, 4.0 * HOUR, None, &[units]);
    let seen: Vec<_> = layout.slots.iter().map(|slot| (slot.from_ms / HOUR, slot.is_observed)).collect();
    assert_eq!(seen, [(0.0, true), (1.0, false), (2.0, true), (3.0, false)]);
    assert_eq!([layout.readings(0), layout.readings(1)], [&[Some(Some(3.0))], &[None]]);
    assert_eq!(layout.latest(), Some(2));
}

#[test]
fn what_is_yet_to_come_is_no_gap() {
    let units = series(UNITS, Mark::Bars, &[(0.0, 1.0, Some(3.0))]);
    let layout = SeriesLayout::new(0.0, 24.0 * HOUR, Some(HOUR), &[units]);
    assert_eq!(layout.slots.len(), 1);
}

#[test]
fn only_the_last_step_can_be_unfinished_and_only_while_it_runs() {
    let units = series(UNITS, Mark::Bars, &[(0.0, 1.0, Some(3.0)), (1.0, 2.0, Some(1.0))]);
    let unfinished = |to: f64, now: Option<f64>| {
        let now_ms = now.map(|hours| hours * HOUR);
        SeriesLayout::new(0.0, to * HOUR, now_ms, std::slice::from_ref(&units)).unfinished(now_ms)
    };
    let (start, width) = unfinished(4.0, Some(1.5)).unwrap();
    assert!((start - 0.25).abs() < 1e-9 && (width - 0.25).abs() < 1e-9);
    assert_eq!([unfinished(4.0, Some(2.5)), unfinished(4.0, None)], [None, None]);
    assert_eq!(unfinished(2.0, Some(2.5)), None, "the window is over");
}

#[test]
fn series_with_the_same_steps_share_slots() {
    let one = series(SHARE, Mark::Line, &[(0.0, 1.0, Some(50.0)), (1.0, 2.0, None)]);
    let other = series(SHARE, Mark::Line, &[(1.0, 2.0, Some(70.0))]);
    let layout = SeriesLayout::new(0.0, 2.0 * HOUR, None, &[one, other]);
    assert_eq!(
        [layout.readings(0), layout.readings(1)],
        [[Some(Some(50.0)), None], [Some(None), Some(Some(70.0))]]
    );
    assert_eq!(layout.axes.len(), 1);
}

#[test]
fn each_measure_has_its_axis_and_percent_ends_at_a_hundred() {
    let units = series(UNITS, Mark::Bars, &[(0.0, 1.0, Some(41.0))]);
    let share = series(SHARE, Mark::Line, &[(0.0, 1.0, Some(30.0))]);
    let layout = SeriesLayout::new(0.0, HOUR, None, &[units, share]);
    let tops: Vec<_> = layout.axes.iter().map(|axis| axis.top).collect();
    assert_eq!(tops, [50.0, 100.0]);
    let labels: Vec<_> =
        layout.axes[1].labels.iter().map(|(text, top)| (text.as_str(), top.as_str())).collect();
    assert_eq!(
        labels,
        [("0", "100%"), ("20", "80%"), ("40", "60%"), ("60", "40%"), ("80", "20%"), ("100", "0%")]
    );
}

#[test]
fn labels_of_small_values_can_be_told_apart() {
    let units = series(UNITS, Mark::Bars, &[(0.0, 1.0, Some(0.7))]);
    let layout = SeriesLayout::new(0.0, HOUR, None, &[units]);
    let labels: Vec<_> = layout.axes[0].labels.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(labels, ["0.0", "0.2", "0.4", "0.6", "0.8"]);
}

#[test]
fn a_place_between_chooses_the_slot_below_and_outside_the_nearest() {
    let units = series(UNITS, Mark::Bars, &[(1.0, 2.0, Some(3.0)), (2.0, 4.0, Some(4.0))]);
    let layout = SeriesLayout::new(HOUR, 4.0 * HOUR, None, &[units]);
    assert_eq!(
        [-1.0, 0.1, 0.34, 2.0].map(|share| layout.slot_at(share)),
        [Some(0), Some(0), Some(1), Some(1)]
    );
}

#[test]
fn nothing_observed_is_one_gap_and_an_empty_window_nothing() {
    let layout = SeriesLayout::new(0.0, HOUR, None, &[series(UNITS, Mark::Bars, &[])]);
    assert_eq!((layout.slots.len(), layout.latest(), layout.paths[0].as_str()), (1, None, ""));
    let empty = SeriesLayout::new(0.0, 0.0, None, &[]);
    assert_eq!((empty.slot_at(0.5), empty.axes.len(), empty.readings(0).len()), (None, 0, 0));
}

#[test]
fn a_value_is_written_with_its_unit_and_no_value_as_a_dash() {
    assert_eq!(SHARE.text(Some(75.0)), "75.0\u{a0}%");
    assert_eq!(UNITS.text(None), "-");
}

proptest! {
    #[test]
    fn slots_follow_each_other_without_a_gap_and_hold_every_step(
        kept in proptest::collection::vec(proptest::bool::ANY, 1..48), other in proptest::collection::vec(proptest::bool::ANY, 1..48),
    ) {
        let of = |kept: &[bool]| {
            let steps: Vec<_> = kept.iter().enumerate().filter(|(_, kept)| **kept)
                .map(|(hour, _)| (hour as f64, hour as f64 + 1.0, Some(hour as f64))).collect();
            series(UNITS, Mark::Line, &steps)
        };
        let all = [of(&kept), of(&other)];
        let hours = kept.len().max(other.len()) as f64;
        let layout = SeriesLayout::new(0.0, hours * HOUR, None, &all);
        prop_assert_eq!(layout.slots.first().unwrap().from_ms, 0.0);
        prop_assert_eq!(layout.slots.last().unwrap().to_ms, hours * HOUR);
        prop_assert!(layout.slots.windows(2).all(|pair| pair[0].to_ms == pair[1].from_ms));
        for (index, series) in all.iter().enumerate() {
            for step in series.steps.iter() {
                let slot = layout.slot_of(step.from_ms).unwrap();
                prop_assert_eq!(layout.readings(slot)[index], Some(step.value));
            }
        }
    }
}
