//! The fields of a query, the part of an address after its `?`: written in a fixed order, read in any.

use std::fmt::Write as _;

/// The query of one page's address.
pub(super) trait Query: Default {
    /// Writes the fields that say something.
    fn write(&self, fields: &mut Fields);
    /// Reads one field. One of another name or that cannot be read changes nothing, because an address of another
    /// release may say more.
    fn set(&mut self, name: &str, value: &str);
}

macro_rules! impl_text_of_query {
    ($($query:ty),+) => {$(
        impl From<&str> for $query {
            fn from(text: &str) -> Self {
                let mut query = Self::default();
                for (name, value) in $crate::route::field::fields(text) {
                    $crate::route::field::Query::set(&mut query, name, value);
                }
                query
            }
        }

        impl std::fmt::Display for $query {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut fields = $crate::route::field::Fields::default();
                $crate::route::field::Query::write(self, &mut fields);
                formatter.write_str(&fields.into_text())
            }
        }
    )+};
}

pub(super) use impl_text_of_query;

/// The names and values of a query.
pub(super) fn fields(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|field| field.split_once('='))
}

/// The text of a query that is being written. What is empty is left out.
#[derive(Default)]
pub(super) struct Fields(String);

impl Fields {
    /// A value that needs no escape.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('&');
        }
        // Writing into a text cannot fail.
        _ = write!(self.0, "{name}={value}");
    }

    /// Any text.
    pub(super) fn push_text(&mut self, name: &str, text: &str) {
        self.push(name, &escaped(text));
    }

    /// A number, if there is one.
    pub(super) fn push_number(&mut self, name: &str, number: Option<u16>) {
        if let Some(number) = number {
            self.push(name, &number.to_string());
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// The router decodes a query before it is taken apart, so characters that take it apart need an escape of our own: `~`
/// and two hexadecimal digits.
pub(super) fn escaped(text: &str) -> String {
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

/// The text that was escaped.
pub(super) fn unescaped(text: &str) -> String {
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
