//! Numbers as they are written: short ones in the paths of charts, read by a browser thousands of times, and grouped
//! ones for people.
//!
//! The standard library writes a float through code that finds its shortest exact form. Rounding to a whole number of
//! tenths first needs whole numbers alone, and is faster.

/// What stands between thousands and before decimals.
struct Marks {
    thousands: String,
    decimals: String,
}

impl Marks {
    /// Where there is no browser: the separator of thousands, narrow and unbreakable, is one that no language reads as a
    /// decimal mark.
    fn neutral() -> Self {
        Self { thousands: "\u{202f}".to_owned(), decimals: ".".to_owned() }
    }

    /// Those of the browser's language.
    fn of_browser() -> Self {
        if cfg!(not(target_arch = "wasm32")) {
            return Self::neutral();
        }
        let format = js_sys::Intl::NumberFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        let parts = format.format_to_parts(SAMPLE);
        let part = |wanted: &str| {
            parts.iter().find_map(|part| {
                let text = |field: &str| js_sys::Reflect::get(&part, &field.into()).ok()?.as_string();
                if text("type")? == wanted { text("value") } else { None }
            })
        };
        let neutral = Self::neutral();
        // A language that groups nothing has nothing between thousands.
        Self {
            thousands: part("group").unwrap_or_default(),
            decimals: part("decimal").unwrap_or(neutral.decimals),
        }
    }
}

/// A number that has both marks in every language that has them.
const SAMPLE: f64 = 1_234_567.5;

thread_local! {
    static MARKS: Marks = Marks::of_browser();
}
/// The most decimals that a text has: more are beyond what is measured.
const MOST_DECIMALS: u8 = 6;
/// Digits of the largest whole number that is written.
const MOST_DIGITS: usize = 20;

/// Writes a coordinate with at most one decimal, and without one where it is zero. What is no number is 0.
pub(crate) fn push_short(text: &mut String, value: f64) {
    let tenths = (value * 10.0).round() as i64;
    if tenths < 0 {
        text.push('-');
    }
    let tenths = tenths.unsigned_abs();
    push_whole(text, tenths / 10);
    if !tenths.is_multiple_of(10) {
        text.push('.');
        text.push(digit(tenths));
    }
}

/// Writes a whole number. By hand, because the general way costs more than the rest of a path.
pub(crate) fn push_whole(text: &mut String, mut number: u64) {
    let mut digits = ['0'; MOST_DIGITS];
    let mut first = MOST_DIGITS;
    loop {
        first -= 1;
        digits[first] = digit(number);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(&digits[first..]);
}

/// A coordinate as an attribute of its own; see [`push_short`].
pub(crate) fn short(value: f64) -> String {
    let mut text = String::new();
    push_short(&mut text, value);
    text
}

/// A share of 1 as a length in percent of the whole, with at most two decimals.
pub(crate) fn percent(share: f64) -> String {
    let hundredths = (share * 10_000.0).round() as i64;
    let mut text = String::new();
    if hundredths < 0 {
        text.push('-');
    }
    let hundredths = hundredths.unsigned_abs();
    push_whole(&mut text, hundredths / 100);
    if !hundredths.is_multiple_of(100) {
        text.push('.');
        text.push(digit(hundredths / 10));
        if !hundredths.is_multiple_of(10) {
            text.push(digit(hundredths));
        }
    }
    text.push('%');
    text
}

/// What the browser's language writes before decimals.
pub(crate) fn decimal_mark() -> String {
    MARKS.with(|marks| marks.decimals.clone())
}

/// The number for people, with so many decimals and its thousands set apart, as the browser's language writes them.
pub(crate) fn grouped(value: f64, decimals: u8) -> String {
    MARKS.with(|marks| grouped_by(marks, value, decimals))
}

fn grouped_by(marks: &Marks, value: f64, decimals: u8) -> String {
    let decimals = decimals.min(MOST_DECIMALS);
    let scale = 10_i64.pow(u32::from(decimals));
    let scaled = (value * scale as f64).round() as i64;
    let (whole, fraction) =
        (scaled.unsigned_abs() / scale.unsigned_abs(), scaled.unsigned_abs() % scale.unsigned_abs());
    let mut digits = String::new();
    push_whole(&mut digits, whole);
    let mut text = String::new();
    if scaled < 0 {
        text.push('-');
    }
    for (index, character) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(&marks.thousands);
        }
        text.push(character);
    }
    if decimals > 0 {
        text.push_str(&marks.decimals);
        for place in (0..u32::from(decimals)).rev() {
            text.push(digit(fraction / 10_u64.pow(place)));
        }
    }
    text
}

fn digit(number: u64) -> char {
    char::from(b'0' + (number % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn coordinates_are_as_short_as_they_can_be() {
        let cases = [
            (0.0, "0"),
            (-0.04, "0"),
            (-0.05, "-0.1"),
            (12.0, "12"),
            (12.34, "12.3"),
            (999.96, "1000"),
            (-1_234.5, "-1234.5"),
            (f64::NAN, "0"),
        ];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
    }

    #[test]
    fn shares_become_percent_with_at_most_two_decimals() {
        let cases = [
            (0.0, "0%"),
            (0.5, "50%"),
            (1.0 / 3.0, "33.33%"),
            (0.123, "12.3%"),
            (-0.000_5, "-0.05%"),
            (1.0, "100%"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn people_read_thousands_apart_and_halves_rounded_away_from_zero() {
        let cases = [
            (0.0, 0, "0"),
            (70.25, 1, "70.3"),
            (1_234_567.0, 0, "1\u{202f}234\u{202f}567"),
            (-1_234.56, 1, "-1\u{202f}234.6"),
            (0.05, 2, "0.05"),
            (99.96, 1, "100.0"),
        ];
        for (value, decimals, expected) in cases {
            assert_eq!(grouped(value, decimals), expected);
        }
    }

    #[test]
    fn people_read_the_marks_of_their_language() {
        let german = Marks { thousands: ".".to_owned(), decimals: ",".to_owned() };
        assert_eq!(grouped_by(&german, 1_234_567.25, 1), "1.234.567,3");
        let none = Marks { thousands: String::new(), decimals: ",".to_owned() };
        assert_eq!(grouped_by(&none, 1_234.5, 1), "1234,5");
    }

    proptest! {
        #[test]
        fn a_coordinate_is_read_back_to_within_a_twentieth(value in -1e9_f64..1e9) {
            let read: f64 = short(value).parse().unwrap();
            prop_assert!((read - value).abs() <= 0.050_001);
        }

        #[test]
        fn a_percentage_is_read_back_to_within_a_twohundredth(share in -10.0_f64..10.0) {
            let read: f64 = percent(share).trim_end_matches('%').parse().unwrap();
            prop_assert!((read - share * 100.0).abs() <= 0.005_001);
        }
    }
}
