//! What an address says after its `?`, in one shape for all pages.

use crate::api::instant::Instant;
use crate::model::{EntityKind, State};
use crate::window::WindowChoice;
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

/// The query of an address. What is empty or none is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Address {
    /// Empty means the first factory.
    pub(crate) factory: String,
    pub(crate) window: WindowChoice,
    /// The worker or workstation that a page is about, or that a list is restricted to.
    pub(crate) id: String,
    pub(crate) kind: Option<EntityKind>,
    /// The workers or workstations that are compared.
    pub(crate) ids: Vec<String>,
    pub(crate) state: Option<State>,
    pub(crate) source: String,
    pub(crate) model: String,
    pub(crate) from: Option<Instant>,
    pub(crate) to: Option<Instant>,
    /// In whole percent.
    pub(crate) confidence_below: Option<u8>,
    /// The column that a list is ranked by, with `-` before it for the other direction.
    pub(crate) sort: String,
    /// The area that a page is restricted to.
    pub(crate) area: String,
    /// How long a board shows each of its pages, in seconds.
    pub(crate) rotate_s: Option<u16>,
    /// After how many minutes without an observation one counts as not observed.
    pub(crate) unseen_after_min: Option<u16>,
    /// The setting up of a page in place of the page itself, by its name, such as `areas`.
    pub(crate) edit: String,
}

impl Address {
    /// What holds on every page, for the way to another one: factory, window and when one counts as not observed.
    pub(crate) fn place(&self) -> Self {
        let Self { window, unseen_after_min, .. } = *self;
        Self { factory: self.factory.clone(), window, unseen_after_min, ..Self::default() }
    }

    /// The fields by their names in the address.
    fn fields(&self) -> [(&'static str, String); 16] {
        fn text(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let ids: Vec<String> = self.ids.iter().map(|id| escaped(id)).collect();
        [
            ("factory", escaped(&self.factory)),
            ("window", self.window.to_string()),
            ("kind", text(self.kind)),
            ("id", escaped(&self.id)),
            ("ids", ids.join(",")),
            ("state", text(self.state)),
            ("source", escaped(&self.source)),
            ("model", escaped(&self.model)),
            ("from", text(self.from.map(Instant::to_rfc3339))),
            ("to", text(self.to.map(Instant::to_rfc3339))),
            ("confidence-below", text(self.confidence_below)),
            ("sort", escaped(&self.sort)),
            ("area", escaped(&self.area)),
            ("rotate", text(self.rotate_s)),
            ("unseen-after", text(self.unseen_after_min)),
            ("edit", escaped(&self.edit)),
        ]
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "factory" => self.factory = unescaped(value),
            "window" => {
                let Ok(window) = value.parse();
                self.window = window;
            }
            "kind" => self.kind = EntityKind::from_str(value).ok(),
            "id" => self.id = unescaped(value),
            "ids" => self.ids = value.split(',').filter(|id| !id.is_empty()).map(unescaped).collect(),
            "state" => self.state = State::from_str(value).ok(),
            "source" => self.source = unescaped(value),
            "model" => self.model = unescaped(value),
            "from" => self.from = Instant::parse(value),
            "to" => self.to = Instant::parse(value),
            "confidence-below" => {
                self.confidence_below = value.parse().ok().filter(|percent| *percent <= 100);
            }
            "sort" => self.sort = unescaped(value),
            "area" => self.area = unescaped(value),
            "rotate" => self.rotate_s = value.parse().ok().filter(|seconds| *seconds > 0),
            "unseen-after" => self.unseen_after_min = value.parse().ok().filter(|minutes| *minutes > 0),
            "edit" => self.edit = unescaped(value),
            // An address of another release may say more.
            _ => {}
        }
    }
}

impl From<&str> for Address {
    fn from(query: &str) -> Self {
        let mut address = Self::default();
        for (name, value) in query.split('&').filter_map(|field| field.split_once('=')) {
            address.set(name, value);
        }
        address
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        let said: Vec<String> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        formatter.write_str(&said.join("&"))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;
    use proptest::prelude::*;

    #[test]
    fn an_address_says_only_what_is_set() {
        let address = Address {
            factory: "demo".to_owned(),
            kind: Some(EntityKind::Worker),
            ids: vec!["W1".to_owned(), "W,2".to_owned()],
            state: Some(State::Idle),
            confidence_below: Some(60),
            from: Some(Instant(1_767_600_000_000)),
            ..Address::default()
        };
        let text = address.to_string();
        assert_eq!(
            text,
            "factory=demo&window=today&kind=worker&ids=W1,W~2c2&state=idle&from=2026-01-05T08:00:00.000Z&confidence-below=60"
        );
        assert_eq!(Address::from(text.as_str()), address);
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let address = Address::from("kind=robot&state=&from=yesterday&confidence-below=101&x=1&id&ids=,");
        assert_eq!(address, Address::default());
    }

    #[test]
    fn a_hand_typed_tilde_is_taken_as_it_stands() {
        assert_eq!(Address::from("id=a~zz~").id, "a~zz~");
    }

    proptest! {
        #[test]
        fn any_id_survives_the_way_through_the_address_bar(ids in prop::collection::vec("[^\\p{Cc}]{1,20}", 0..4)) {
            let at = Address { id: ids.join(" "), ids, ..Address::default() };
            let route = Route::Compare { at };
            prop_assert_eq!(route.to_string().parse::<Route>().ok(), Some(route));
        }
    }
}
