//! What the address of each page says after its `?`. What is empty or none is not in it.

use super::field::{Field, Force, fields, push};
use super::selection::Selection;
use crate::lean::instant::Instant;
use domain::decision::DecisionKind;
use domain::event::{EntityType, EventType};
use std::fmt;

/// Makes the type of a page's address: the selection, and the page's own fields with their names in the address, in their
/// order.
macro_rules! address {
    ($(#[$doc:meta])* $address:ident {
        $($(#[$field_doc:meta])* $field:ident: $kind:ty = $name:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $address {
            pub(crate) selection: Selection,
            $($(#[$field_doc])* pub(crate) $field: $kind,)*
        }

        impl From<&str> for $address {
            fn from(query: &str) -> Self {
                let mut address = Self::default();
                for (name, value) in fields(query) {
                    match name {
                        $($name => address.$field = Field::parse(value),)*
                        _ => address.selection.set(name, value),
                    }
                }
                address
            }
        }

        impl fmt::Display for $address {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut query = String::new();
                self.selection.push_first(&mut query);
                $(push(&mut query, $name, &self.$field.text());)*
                self.selection.push_last(&mut query);
                formatter.write_str(&query)
            }
        }
    };
}

address!(
    /// The floor.
    FloorAddress {
        /// Which columns the rows have: `all`, or those that are usually looked at.
        columns: String = "columns",
        /// Which chart shows what everybody was doing: `hours`, or empty for the timeline.
        chart: String = "chart",
        /// Of whom it does; workers where that is left out.
        chart_of: Option<EntityType> = "chart-of",
    }
);

address!(
    /// The page of one worker or workstation.
    EntityAddress {
        id: String = "id",
    }
);

address!(
    /// The page that compares workers or workstations.
    CompareAddress {
        kind: Option<EntityType> = "kind",
        ids: Vec<String> = "ids",
    }
);

address!(
    /// The page of events and its filters.
    EventsAddress {
        kind: Option<EntityType> = "kind",
        /// The id of a worker or workstation.
        id: String = "id",
        state: Option<EventType> = "state",
        source: String = "source",
        model: String = "model",
        from: Option<Instant> = "from",
        to: Option<Instant> = "to",
        /// In whole percent.
        confidence_below: Option<u8> = "confidence-below",
        /// Which page is in view, from 2; none is the first.
        page: Option<u16> = "page",
        /// The cursor where that page begins; empty on the first.
        after: String = "after",
    }
);

impl EventsAddress {
    /// The same events from the latest on.
    pub(crate) fn first_page(&self) -> Self {
        Self { page: None, after: String::new(), ..self.clone() }
    }
}

address!(
    /// The page of devices, that of what they sent and was not stored, that of cameras, and that of people and stations.
    DevicesAddress {
        /// The device of which more is shown, or who is looked for.
        id: String = "id",
    }
);

address!(
    /// The page of decisions and its filters.
    DecisionsAddress {
        kind: Option<DecisionKind> = "kind",
        /// Whether only those that hold are listed, or only those that were withdrawn.
        force: Option<Force> = "force",
        /// With an id, those about one worker or workstation.
        of: Option<EntityType> = "of",
        id: String = "id",
        /// The only one that is listed.
        number: Option<u32> = "number",
    }
);

address!(
    /// The pages of who may do what, one address for all of them, because each more would be loaded with the first page.
    AccessAddress {
        /// [`AUDIT_LOG`], [`ACCESS_LOG`], or empty for people and devices.
        page: String = "page",
        /// What was done, as the API calls it; empty for all.
        action: String = "action",
        /// Who did it; empty for everybody.
        by: String = "by",
        /// The worker who was looked at; of the audit log [`OF_SERVER`], or empty for the factory's entries.
        about: String = "about",
        /// The cursor where the page begins; empty on the first.
        after: String = "after",
    }
);

/// The page of what was done.
pub(crate) const AUDIT_LOG: &str = "audit-log";
/// The page of who looked at whom.
pub(crate) const ACCESS_LOG: &str = "access-log";
/// What the address says where the audit log is that of the server itself.
pub(crate) const OF_SERVER: &str = "server";

address!(
    /// The board.
    BoardAddress {
        /// How long each of its pages is shown, in seconds.
        rotate_s: Option<u16> = "rotate",
        /// Whether people are called by their names: `off`, or empty.
        names: String = "names",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_is_set() {
        let selection = Selection { factory: "demo".to_owned(), ..Selection::default() };
        let events = EventsAddress {
            selection: selection.clone(),
            kind: Some(EntityType::Worker),
            state: Some(EventType::Idle),
            confidence_below: Some(60),
            from: Some(Instant(1_767_600_000_000)),
            ..EventsAddress::default()
        };
        let text = events.to_string();
        assert_eq!(
            text,
            "factory=demo&window=today&kind=worker&state=idle&from=2026-01-05T08:00:00.000Z&confidence-below=60"
        );
        assert_eq!(EventsAddress::from(text.as_str()), events);
        let ids = vec!["W1".to_owned(), "W,2".to_owned()];
        let compare = CompareAddress { selection, kind: Some(EntityType::Worker), ids };
        let text = compare.to_string();
        assert_eq!(text, "factory=demo&window=today&kind=worker&ids=W1,W~2c2");
        assert_eq!(CompareAddress::from(text.as_str()), compare);
    }

    #[test]
    fn each_field_of_each_page_is_found_again() {
        let floor = "factory=f&window=all-time&columns=all&chart=hours&chart-of=workstation&sort=-units&sort-workstations=idle&area=Line 1&unseen-after=30";
        assert_eq!(FloorAddress::from(floor).to_string(), floor);
        let board = "factory=f&window=all-time&rotate=5&names=off&area=Line 1&unseen-after=30";
        assert_eq!(BoardAddress::from(board).to_string(), board);
        let events = "factory=f&window=today&kind=workstation&id=S1&state=absent&source=c&model=m\
                      &from=2026-01-05T08:00:00.000Z&to=2026-01-05T09:00:00.000Z&confidence-below=0&page=3&after=c-1&unseen-after=5";
        assert_eq!(EventsAddress::from(events).to_string(), events);
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let query = "kind=robot&state=&from=yesterday&confidence-below=101&x=1&id&ids=,";
        assert_eq!(EventsAddress::from(query), EventsAddress::default());
        assert_eq!(CompareAddress::from(query), CompareAddress::default());
        assert_eq!(BoardAddress::from("rotate=0&unseen-after=0"), BoardAddress::default());
    }

    #[test]
    fn a_hand_typed_tilde_is_taken_as_it_stands() {
        assert_eq!(EntityAddress::from("id=a~zz~").id, "a~zz~");
    }
}
