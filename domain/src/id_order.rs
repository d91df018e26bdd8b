//! The order in which ids are listed: people expect `W2` before `W10`.

use std::cmp::Ordering;

/// Compares two ids: digit runs by their number, however long, all else by bytes. Ids that tie so far (`W1` and
/// `W01`) are compared byte for byte, so that only equal ids are equal.
pub fn compare(a: &str, b: &str) -> Ordering {
    parts(a.as_bytes()).cmp(parts(b.as_bytes())).then_with(|| a.cmp(b))
}

/// A digit run without its leading zeros, or one byte of anything else.
#[derive(PartialEq, Eq)]
enum Part<'a> {
    Number(&'a [u8]),
    Byte(u8),
}

impl Ord for Part<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Without leading zeros, the longer number is the greater one: no run is too long for any integer type.
            (Self::Number(a), Self::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Self::Byte(a), Self::Byte(b)) => a.cmp(b),
            // Any other byte is below all digits or above all of them, so one digit stands for every number.
            (Self::Number(_), Self::Byte(b)) => b'0'.cmp(b),
            (Self::Byte(a), Self::Number(_)) => a.cmp(&b'0'),
        }
    }
}

impl PartialOrd for Part<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn parts(mut id: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let (&first, rest) = id.split_first()?;
        if !first.is_ascii_digit() {
            id = rest;
            return Some(Part::Byte(first));
        }
        let end = id.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(id.len());
        let (run, rest) = id.split_at(end);
        id = rest;
        let zeros = run.iter().take_while(|&&digit| digit == b'0').count();
        Some(Part::Number(&run[zeros..]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_sorted(ids: &[&str]) {
        let mut sorted = ids.to_vec();
        sorted.reverse();
        sorted.sort_by(|a, b| compare(a, b));
        assert_eq!(sorted, ids);
    }

    #[test]
    fn numbers_in_ids_are_compared_as_numbers() {
        check_sorted(&["W1", "W2", "W10", "W11", "W100"]);
        check_sorted(&["Machine 4 - Turning", "Machine 10 - Milling"]);
        check_sorted(&["L1-M2", "L1-M10", "L2-M1"]);
    }

    #[test]
    fn numbers_longer_than_any_integer_are_compared_as_numbers() {
        check_sorted(&[
            "W9",
            "W99999999999999999999999999999999999999998",
            "W99999999999999999999999999999999999999999",
        ]);
    }

    #[test]
    fn equal_numbers_are_told_apart_by_their_bytes() {
        check_sorted(&["W01", "W1", "W02", "W2"]);
        check_sorted(&["", "0", "00", "000", "1"]);
        // The next difference comes before the tie: only ids whose every part ties fall back to bytes.
        check_sorted(&["a1b1", "a01b2"]);
    }

    #[test]
    fn what_is_not_a_number_is_compared_by_bytes() {
        check_sorted(&["", " 1", "-1", "1", ":1", "A", "W", "W ", "W1", "WA", "a", "ä", "٣"]);
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in "[a0-2é:]{0,6}", b in "[a0-2é:]{0,6}", c in "[a0-2é:]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            let mut ids = [a, b, c];
            ids.sort_by(|a, b| compare(a, b));
            prop_assert_ne!(compare(&ids[0], &ids[2]), Ordering::Greater);
        }

        #[test]
        fn plain_numbers_come_in_their_own_order(a: u64, b: u64) {
            prop_assert_eq!(compare(&format!("W{a}"), &format!("W{b}")), a.cmp(&b));
        }
    }
}
