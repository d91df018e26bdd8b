//! What the address of each page says after its `?`. What is empty or none is not in it.

use super::field::{Fields, Query, escaped, impl_text_of_query, unescaped};
use super::selection::{Selection, positive};
use crate::lean::instant::Instant;
use crate::model::{ENTITY_TYPES, EVENT_TYPES, Slug, by_slug};
use domain::event::{EntityType, EventType};

/// The floor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FloorAddress {
    pub(crate) selection: Selection,
    /// The column that rows are ranked by, with `-` before it for the other direction.
    pub(crate) sort: String,
    /// The area that is shown; empty means all of them.
    pub(crate) area: String,
}

impl Query for FloorAddress {
    fn write(&self, fields: &mut Fields) {
        self.selection.write_first(fields);
        fields.push_text("sort", &self.sort);
        fields.push_text("area", &self.area);
        self.selection.write_last(fields);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "sort" => self.sort = unescaped(value),
            "area" => self.area = unescaped(value),
            _ => self.selection.set(name, value),
        }
    }
}

/// The page of one worker or workstation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EntityAddress {
    pub(crate) selection: Selection,
    pub(crate) id: String,
}

impl Query for EntityAddress {
    fn write(&self, fields: &mut Fields) {
        self.selection.write_first(fields);
        fields.push_text("id", &self.id);
        self.selection.write_last(fields);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "id" => self.id = unescaped(value),
            _ => self.selection.set(name, value),
        }
    }
}

/// The page that compares workers or workstations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CompareAddress {
    pub(crate) selection: Selection,
    pub(crate) kind: Option<EntityType>,
    pub(crate) ids: Vec<String>,
}

impl Query for CompareAddress {
    fn write(&self, fields: &mut Fields) {
        self.selection.write_first(fields);
        fields.push("kind", self.kind.map(EntityType::slug).unwrap_or_default());
        let ids: Vec<String> = self.ids.iter().map(|id| escaped(id)).collect();
        fields.push("ids", &ids.join(","));
        self.selection.write_last(fields);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "kind" => self.kind = by_slug(&ENTITY_TYPES, value),
            "ids" => self.ids = value.split(',').filter(|id| !id.is_empty()).map(unescaped).collect(),
            _ => self.selection.set(name, value),
        }
    }
}

/// The page of events and its filters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EventsAddress {
    pub(crate) selection: Selection,
    pub(crate) kind: Option<EntityType>,
    /// The id of a worker or workstation.
    pub(crate) id: String,
    pub(crate) state: Option<EventType>,
    pub(crate) source: String,
    pub(crate) model: String,
    pub(crate) from: Option<Instant>,
    pub(crate) to: Option<Instant>,
    /// In whole percent.
    pub(crate) confidence_below: Option<u8>,
}

impl Query for EventsAddress {
    fn write(&self, fields: &mut Fields) {
        let time = |time: Option<Instant>| time.map(Instant::to_rfc3339).unwrap_or_default();
        self.selection.write_first(fields);
        fields.push("kind", self.kind.map(EntityType::slug).unwrap_or_default());
        fields.push_text("id", &self.id);
        fields.push("state", self.state.map(EventType::slug).unwrap_or_default());
        fields.push_text("source", &self.source);
        fields.push_text("model", &self.model);
        fields.push("from", &time(self.from));
        fields.push("to", &time(self.to));
        fields.push_number("confidence-below", self.confidence_below.map(u16::from));
        self.selection.write_last(fields);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "kind" => self.kind = by_slug(&ENTITY_TYPES, value),
            "id" => self.id = unescaped(value),
            "state" => self.state = by_slug(&EVENT_TYPES, value),
            "source" => self.source = unescaped(value),
            "model" => self.model = unescaped(value),
            "from" => self.from = Instant::parse(value),
            "to" => self.to = Instant::parse(value),
            "confidence-below" => {
                self.confidence_below = value.parse().ok().filter(|percent| *percent <= 100);
            }
            _ => self.selection.set(name, value),
        }
    }
}

/// The page of devices.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DevicesAddress {
    pub(crate) selection: Selection,
    /// The device whose details are shown.
    pub(crate) id: String,
}

impl Query for DevicesAddress {
    fn write(&self, fields: &mut Fields) {
        self.selection.write_first(fields);
        fields.push_text("id", &self.id);
        self.selection.write_last(fields);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "id" => self.id = unescaped(value),
            _ => self.selection.set(name, value),
        }
    }
}

/// The board.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BoardAddress {
    pub(crate) selection: Selection,
    /// How long each of its pages is shown, in seconds.
    pub(crate) rotate_s: Option<u16>,
    /// What is set up in place of the board itself, such as `areas`.
    pub(crate) edit: String,
}

impl Query for BoardAddress {
    fn write(&self, fields: &mut Fields) {
        self.selection.write_first(fields);
        fields.push_number("rotate", self.rotate_s);
        self.selection.write_last(fields);
        fields.push_text("edit", &self.edit);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "rotate" => self.rotate_s = positive(value),
            "edit" => self.edit = unescaped(value),
            _ => self.selection.set(name, value),
        }
    }
}

impl_text_of_query!(FloorAddress, EntityAddress, CompareAddress, EventsAddress, DevicesAddress, BoardAddress);

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
        let floor = "factory=f&window=all-time&sort=-units&area=Line 1&unseen-after=30";
        assert_eq!(FloorAddress::from(floor).to_string(), floor);
        let board = "factory=f&window=all-time&rotate=5&unseen-after=30&edit=areas";
        assert_eq!(BoardAddress::from(board).to_string(), board);
        let events = "factory=f&window=today&kind=workstation&id=S1&state=absent&source=c&model=m\
                      &from=2026-01-05T08:00:00.000Z&to=2026-01-05T09:00:00.000Z&confidence-below=0&unseen-after=5";
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
