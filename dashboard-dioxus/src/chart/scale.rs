//! From values and instants to places along an axis, and the round values that an axis is labelled with.

/// A straight line from a span of values or instants to a span of places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    from: f64,
    /// Places per value; 0 where the span of values is empty, so that everything stands at the start.
    slope: f64,
    start: f64,
}

impl Linear {
    /// The line on which `values[0]` stands at `places[0]` and `values[1]` at `places[1]`. An empty span of values puts
    /// everything at the start.
    pub(crate) fn new(values: [f64; 2], places: [f64; 2]) -> Self {
        let slope = (places[1] - places[0]) / (values[1] - values[0]);
        Self { from: values[0], slope: if slope.is_finite() { slope } else { 0.0 }, start: places[0] }
    }

    /// Where a value stands.
    pub(crate) fn place(&self, value: f64) -> f64 {
        self.start + (value - self.from) * self.slope
    }
}

/// The round values (1, 2 or 5 times a power of ten apart) from `low` to `high`, at most so many of them.
pub(crate) fn value_ticks(low: f64, high: f64, at_most: usize) -> Vec<f64> {
    let Some(mut step) = RoundStep::below((high - low) / at_most as f64) else { return Vec::new() };
    while step.index(high).floor() - step.index(low).ceil() >= at_most as f64 {
        step = step.next();
    }
    let (first, last) = (step.index(low).ceil(), step.index(high).floor());
    let indices = (0..at_most).map(|count| first + count as f64).take_while(|index| *index <= last);
    indices.map(|index| step.value(index)).collect()
}

/// The round values from 0 to the first that is not below `highest`, at most so many (2 or more). An axis without values
/// goes from 0 to 1.
pub(crate) fn ticks_from_zero(highest: f64, at_most: usize) -> Vec<f64> {
    let intervals = at_most.saturating_sub(1).max(1);
    let Some(mut step) = RoundStep::below(highest / intervals as f64) else { return vec![0.0, 1.0] };
    while step.index(highest).ceil() > intervals as f64 {
        step = step.next();
    }
    (0..=step.index(highest).ceil() as usize).map(|index| step.value(index as f64)).collect()
}

/// Rounding errors that still count as being on a tick, in steps.
const TOLERANCE: f64 = 1e-9;

/// 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy)]
struct RoundStep {
    mantissa: f64,
    exponent: i32,
}

impl RoundStep {
    /// The power of ten at or just below; none where there is no such thing.
    fn below(least: f64) -> Option<Self> {
        let is_usable = least.is_finite() && least >= f64::MIN_POSITIVE;
        is_usable.then(|| Self { mantissa: 1.0, exponent: least.log10().floor() as i32 })
    }

    fn next(self) -> Self {
        match self.mantissa {
            mantissa if mantissa < 2.0 => Self { mantissa: 2.0, ..self },
            mantissa if mantissa < 5.0 => Self { mantissa: 5.0, ..self },
            _ => Self { mantissa: 1.0, exponent: self.exponent + 1 },
        }
    }

    /// How many steps a value is from 0; whole where it is within a rounding error of a tick.
    fn index(self, value: f64) -> f64 {
        let index = value / self.value(1.0);
        if (index - index.round()).abs() < TOLERANCE { index.round() } else { index }
    }

    /// So many steps from 0. Divides by powers of ten, because 0.1 has no exact float and 3 * 0.1 is not 0.3.
    fn value(self, index: f64) -> f64 {
        let power = 10_f64.powi(self.exponent.abs());
        if self.exponent < 0 { index * self.mantissa / power } else { index * self.mantissa * power }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_scale_maps_both_ends_and_what_lies_between() {
        let scale = Linear::new([100.0, 200.0], [1_000.0, 0.0]);
        assert_eq!([scale.place(100.0), scale.place(150.0), scale.place(200.0)], [1_000.0, 500.0, 0.0]);
    }

    #[test]
    fn a_scale_without_extent_puts_everything_at_its_start() {
        let scale = Linear::new([5.0, 5.0], [10.0, 20.0]);
        assert_eq!((scale.place(5.0), scale.place(7.0)), (10.0, 10.0));
    }

    #[test]
    fn ticks_are_round_values_within_the_span() {
        assert_eq!(value_ticks(0.0, 100.0, 6), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(value_ticks(0.0, 0.3, 4), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(value_ticks(3.0, 27.0, 5), [5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(value_ticks(-2.0, 2.0, 5), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(value_ticks(0.0, 5.0, 5), [0.0, 2.0, 4.0]);
    }

    #[test]
    fn a_span_without_extent_has_no_ticks() {
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert_eq!(value_ticks(low, high, 5), [0.0; 0]);
        }
        assert_eq!(value_ticks(0.0, 1.0, 0), [0.0; 0]);
    }

    #[test]
    fn an_axis_ends_at_a_round_value_that_holds_the_highest() {
        let cases = [
            (41.0, 60.0),
            (100.0, 100.0),
            (0.7, 0.8),
            (7.0, 8.0),
            (1_001.0, 1_500.0),
            (0.0, 1.0),
            (f64::NAN, 1.0),
        ];
        for (highest, top) in cases {
            assert_eq!(ticks_from_zero(highest, 5).last(), Some(&top), "for {highest}");
        }
        assert_eq!(ticks_from_zero(14.5, 8), [0.0, 5.0, 10.0, 15.0]);
    }

    proptest! {
        #[test]
        fn there_are_never_more_ticks_than_allowed_and_they_rise_within_the_span(
            low in -1e6_f64..1e6, extent in 1e-6_f64..1e6, at_most in 1_usize..20,
        ) {
            let ticks = value_ticks(low, low + extent, at_most);
            prop_assert!(ticks.len() <= at_most);
            prop_assert!(ticks.is_sorted_by(|one, next| one < next));
            let slack = (low.abs() + extent) * 1e-6;
            prop_assert!(ticks.iter().all(|tick| *tick >= low - slack && *tick <= low + extent + slack));
            if let [first, second, ..] = ticks[..] {
                let step = second - first;
                prop_assert!(first - step < low && ticks.last().unwrap() + step > low + extent, "a tick is missing");
            }
        }

        #[test]
        fn the_end_of_an_axis_holds_the_highest_and_is_not_far_above(
            highest in 1e-3_f64..1e9, at_most in 2_usize..12,
        ) {
            let ticks = ticks_from_zero(highest, at_most);
            let top = *ticks.last().unwrap();
            prop_assert!((highest * (1.0 - 1e-9)..=highest * 3.5).contains(&top) || at_most == 2);
            prop_assert!(ticks.len() >= 2 && ticks.len() <= at_most);
            prop_assert!(ticks.is_sorted_by(|one, next| one < next));
        }

        #[test]
        fn a_share_of_the_values_stands_at_the_same_share_of_the_places(
            from in -1e6_f64..1e6, extent in 1.0_f64..1e6, share in 0.0_f64..1.0,
        ) {
            let scale = Linear::new([from, from + extent], [0.0, 1_000.0]);
            prop_assert!((scale.place(from + extent * share) - 1_000.0 * share).abs() < 1e-3);
        }
    }
}
