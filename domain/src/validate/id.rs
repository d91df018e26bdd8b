//! What an id or a name may be made of.
//!
//! There are two rules. What is sent as an id is judged by [`id_fault`]. What is new (a name that is registered now, or an
//! id that is kept with its event) is judged by [`new_id_fault`] too, so that what was stored under an older rule stays
//! valid.

use std::fmt;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{BidiClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup},
};

/// The most characters (Unicode scalar values) of an id or a model version.
pub const MAX_ID_CHARS: usize = 64;

/// What every id and name has, as a part of a sentence.
pub const ID_RULE: &str = "1 to 64 characters, none of them invisible, and no blank at either end";

/// What is wrong with an id or a name; says so as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFault {
    /// There is nothing in it.
    Empty,
    /// It has more than [`MAX_ID_CHARS`] characters.
    TooLong,
    /// It has a control character.
    Control(char),
    /// A blank is its first or its last character.
    BlankAtAnEnd,
    /// It has a character that cannot be seen, so that it looks like another one, or is shown in another order.
    Hidden(char),
}

impl fmt::Display for IdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => f.write_str("is longer than 64 characters"),
            Self::Control(char) => write!(f, "has the control character {}", code_point(*char)),
            Self::BlankAtAnEnd => f.write_str("begins or ends with a blank"),
            Self::Hidden(char) => write!(f, "has the invisible character {}", code_point(*char)),
        }
    }
}

fn code_point(char: char) -> String {
    format!("U+{:04X}", u32::from(char))
}

/// What is wrong with an id or a name, if anything: it has 1 to [`MAX_ID_CHARS`] characters, none of them a control
/// character, and no blank at either end.
pub fn id_fault(text: &str) -> Option<IdFault> {
    if is_plain_id(text.as_bytes()) { None } else { fault_of_any_id(text) }
}

/// As [`id_fault`], and a new one has no character that cannot be seen: none of category Cf and none that is ignorable by
/// default, except the two joiners between letters, without which some languages cannot be written.
pub fn new_id_fault(text: &str) -> Option<IdFault> {
    id_fault(text).or_else(|| hidden_char(text).map(IdFault::Hidden))
}

/// The first character of a text that cannot be seen and has no business there.
fn hidden_char(text: &str) -> Option<char> {
    if text.is_ascii() {
        return None;
    }
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let joins = is_joiner(char)
            && before.is_some_and(is_of_a_word)
            && chars.peek().is_some_and(|after| is_of_a_word(*after));
        if is_hidden(char) && !joins {
            return Some(char);
        }
        before = Some(char);
    }
    None
}

/// Whether a character cannot be seen.
pub(super) fn is_hidden(char: char) -> bool {
    !char.is_ascii()
        && (CodePointMapData::<GeneralCategory>::new().get(char) == GeneralCategory::Format
            || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(char))
}

/// Zero width non-joiner and zero width joiner.
const fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}')
}

/// Whether a character is a letter, or a mark on one.
fn is_of_a_word(char: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(char);
    let is_mark = GeneralCategoryGroup::Mark.contains(category);
    (GeneralCategoryGroup::Letter.contains(category) || is_mark) && !is_hidden(char)
}

/// Whether a text has characters that are written from right to left, which could take those around it along.
pub(super) fn is_right_to_left(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    let is_rtl = |char| {
        matches!(
            classes.get(char),
            BidiClass::RightToLeft | BidiClass::ArabicLetter | BidiClass::ArabicNumber
        )
    };
    !text.is_ascii() && text.chars().any(is_rtl)
}

/// Whether an id is what nearly all are, without a look at Unicode: 1 to [`MAX_ID_CHARS`] of the printable ASCII
/// characters, and no blank at either end.
fn is_plain_id(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return false };
    text.len() <= MAX_ID_CHARS
        && *first != b' '
        && *last != b' '
        && text.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn fault_of_any_id(text: &str) -> Option<IdFault> {
    let blank_at_an_end = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() {
        Some(IdFault::Empty)
    } else if text.chars().nth(MAX_ID_CHARS).is_some() {
        Some(IdFault::TooLong)
    } else if let Some(control) = text.chars().find(|char| char.is_control()) {
        Some(IdFault::Control(control))
    } else if blank_at_an_end {
        Some(IdFault::BlankAtAnEnd)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_id_has_no_character_that_cannot_be_seen() {
        let hidden = [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{202e}',
            '\u{2066}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{e0041}',
            '\u{e01ef}',
        ];
        for char in hidden {
            let id = format!("W{char}1");
            assert_eq!(id_fault(&id), None, "{char:?}: what is stored stays valid");
            assert_eq!(new_id_fault(&id), Some(IdFault::Hidden(char)));
        }
        assert_eq!(IdFault::Hidden('\u{202e}').to_string(), "has the invisible character U+202E");
    }

    #[test]
    fn a_joiner_is_allowed_between_letters_alone() {
        // Persian "mi-khaham", Devanagari "ksha" written apart, Bengali "ya-phala".
        for good in [
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "র\u{200d}\u{9cd}য",
            "عامل",
            "Jörg",
            "作業者 1",
            "e\u{301}",
        ] {
            assert_eq!(new_id_fault(good), None, "{good}");
        }
        for (bad, char) in [
            ("W\u{200d}", '\u{200d}'),
            ("\u{200c}W", '\u{200c}'),
            ("W\u{200c}1", '\u{200c}'),
            ("a\u{200d}\u{200d}b", '\u{200d}'),
            ("a\u{fe0f}\u{200d}b", '\u{fe0f}'),
            ("👩\u{200d}🏭", '\u{200d}'),
        ] {
            assert_eq!(new_id_fault(bad), Some(IdFault::Hidden(char)), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_that_looks_plain_has_no_fault(text in "[ -~]{0,70}|\\PC{0,8}|[ab \u{7f}\t\u{a0}]{0,4}") {
            prop_assert_eq!(id_fault(&text), fault_of_any_id(&text));
        }
    }
}
