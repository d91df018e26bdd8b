//! The fields of a query, the part of an address after its `?`: written in a fixed order, read in any.

use crate::lean::instant::Instant;
use crate::model::{DECISION_KINDS, ENTITY_TYPES, EVENT_TYPES, Slug, by_slug};
use domain::decision::DecisionKind;
use domain::event::{EntityType, EventType};
use std::fmt::Write as _;

/// A value in a query. What is empty is left out, and what cannot be read is as if it were left out.
pub(super) trait Field: Default {
    fn text(&self) -> String;
    fn parse(text: &str) -> Self;
}

impl Field for String {
    fn text(&self) -> String {
        escaped(self)
    }

    fn parse(text: &str) -> Self {
        unescaped(text)
    }
}

impl Field for Vec<String> {
    fn text(&self) -> String {
        self.iter().map(|part| escaped(part)).collect::<Self>().join(",")
    }

    fn parse(text: &str) -> Self {
        text.split(',').filter(|part| !part.is_empty()).map(unescaped).collect()
    }
}

impl Field for Option<EntityType> {
    fn text(&self) -> String {
        self.map(Slug::slug).unwrap_or_default().to_owned()
    }

    fn parse(text: &str) -> Self {
        by_slug(&ENTITY_TYPES, text)
    }
}

impl Field for Option<EventType> {
    fn text(&self) -> String {
        self.map(Slug::slug).unwrap_or_default().to_owned()
    }

    fn parse(text: &str) -> Self {
        by_slug(&EVENT_TYPES, text)
    }
}

impl Field for Option<DecisionKind> {
    fn text(&self) -> String {
        self.map(Slug::slug).unwrap_or_default().to_owned()
    }

    fn parse(text: &str) -> Self {
        by_slug(&DECISION_KINDS, text)
    }
}

/// Whether a decision holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    InForce,
    Withdrawn,
}

/// Both, in the order in which people read them.
pub(crate) const FORCES: [Force; 2] = [Force::InForce, Force::Withdrawn];

impl Slug for Force {
    fn slug(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Field for Option<Force> {
    fn text(&self) -> String {
        self.map(Slug::slug).unwrap_or_default().to_owned()
    }

    fn parse(text: &str) -> Self {
        by_slug(&FORCES, text)
    }
}

impl Field for Option<Instant> {
    fn text(&self) -> String {
        self.map(Instant::to_rfc3339).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        Instant::parse(text)
    }
}

/// A number from 1.
macro_rules! impl_number {
    ($($number:ty),+) => {$(
        impl Field for Option<$number> {
            fn text(&self) -> String {
                self.map(|number| number.to_string()).unwrap_or_default()
            }

            fn parse(text: &str) -> Self {
                text.parse().ok().filter(|number| *number > 0)
            }
        }
    )+};
}

impl_number!(u16, u32);

/// Whole percent.
impl Field for Option<u8> {
    fn text(&self) -> String {
        self.map(|percent| percent.to_string()).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        text.parse().ok().filter(|percent| *percent <= 100)
    }
}

/// The names and values of a query.
pub(super) fn fields(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|field| field.split_once('='))
}

/// Appends a field to a query unless it is empty.
pub(super) fn push(query: &mut String, name: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(text);
}

/// The router decodes a query before it is taken apart, so characters that take it apart need an escape of our own: `~`
/// and two hexadecimal digits.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '~' | '&' | '=' | '#' | '%' | '+' | ',' | '?') {
            // Writing into a text cannot fail.
            _ = write!(escaped, "~{:02x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('~');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code.filter(u8::is_ascii) {
            plain.push(char::from(code));
            plain.push_str(&part[2..]);
        } else {
            // Typed by hand: taken as it stands.
            plain.push('~');
            plain.push_str(part);
        }
    }
    plain
}
