//! Whole numbers, however they are written: in JSON, `10`, `10.0` and `1e1` are the same number.

use std::fmt;

use serde::{
    Deserialize,
    de::{Deserializer, Error, Unexpected, Visitor},
};

/// Below this every whole number has a double of its own; a double from here on may stand for another number than was sent.
const FIRST_INEXACT: f64 = (1_i64 << 53) as f64;

/// The whole number that a double is; none when it has a fraction, or is too large to be exact.
pub fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < FIRST_INEXACT).then_some(number as i64)
}

/// As [`deserialize_whole`], and it may be null.
pub(crate) fn deserialize_whole_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "deserialize_whole")] i64);

    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// Reads a whole number that may be written with a fraction of zero or with an exponent.
pub(crate) fn deserialize_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Whole;

    impl Visitor<'_> for Whole {
        type Value = i64;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a whole number")
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
            Ok(number)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
            whole(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
        }
    }

    deserializer.deserialize_any(Whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_double_is_a_whole_number_when_it_has_no_fraction_and_is_exact() {
        assert_eq!([10.0, 1e1, -0.0, -3.0].map(whole), [Some(10), Some(10), Some(0), Some(-3)]);
        assert_eq!(whole(9_007_199_254_740_991.0), Some(9_007_199_254_740_991));
        for number in [10.5, 1e-1, 9_007_199_254_740_992.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(whole(number), None, "{number}");
        }
    }

    proptest! {
        #[test]
        fn a_whole_number_of_53_bits_is_the_same_with_a_fraction(number in -(1_i64 << 53) + 1..1_i64 << 53) {
            prop_assert_eq!(whole(number as f64), Some(number));
        }
    }
}
