//! The fields of `EventInput` in `schema.graphql`, and which JSON each may hold.

use crate::number::whole;

/// One field.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) presence: Presence,
    /// What is allowed, ranges included, which [`crate::validate`] judges.
    allowed: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Text, or a whole number that is read as its text.
    Id,
    Number,
    WholeNumber,
    OneOf(&'static [&'static str]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    /// May be left out but, having a default, not be null.
    Defaulted,
    /// May be left out or null.
    Optional,
}

const fn field(name: &'static str, kind: Kind, presence: Presence, allowed: &'static str) -> Field {
    Field { name, kind, presence, allowed }
}

const OPTIONAL_ID: &str = "text of 1 to 64 characters, a whole number, null or left out";

pub(super) const FIELDS: [Field; 12] = [
    field(
        "timestamp",
        Kind::Text,
        Presence::Required,
        "an RFC 3339 instant with an offset, such as \"2026-01-05T08:00:00Z\"",
    ),
    field(
        "entityType",
        Kind::OneOf(&["WORKER", "WORKSTATION"]),
        Presence::Required,
        "one of WORKER, WORKSTATION",
    ),
    field("entityId", Kind::Id, Presence::Required, "text of 1 to 64 characters, or a whole number"),
    field(
        "eventType",
        Kind::OneOf(&["WORKING", "IDLE", "ABSENT"]),
        Presence::Required,
        "one of WORKING, IDLE, ABSENT",
    ),
    field("durationMinutes", Kind::Number, Presence::Optional, "a number from 0 to 1440, null or left out"),
    field(
        "holdMinutes",
        Kind::WholeNumber,
        Presence::Optional,
        "a whole number from 1 to 1440, null or left out",
    ),
    field(
        "unitsProduced",
        Kind::WholeNumber,
        Presence::Defaulted,
        "a whole number from 0 to 1000000, or left out",
    ),
    field("confidence", Kind::Number, Presence::Optional, "a number from 0 to 1, null or left out"),
    field("modelVersion", Kind::Text, Presence::Optional, "text of 1 to 64 characters, null or left out"),
    field("eventId", Kind::Id, Presence::Optional, OPTIONAL_ID),
    field("sourceId", Kind::Id, Presence::Optional, OPTIONAL_ID),
    field("workstationId", Kind::Id, Presence::Optional, OPTIONAL_ID),
];

/// What a field may hold, to be read after "must be"; none when there is no such field.
pub fn allowed(field: &str) -> Option<String> {
    Field::named(field).map(|field| field.allowed.to_owned())
}

impl Field {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Whether the field can be read from this JSON.
    pub(super) fn may_hold(&self, json: &str) -> bool {
        let text = || serde_json::from_str::<String>(json);
        let number = || serde_json::from_str::<f64>(json);
        let is_whole = || {
            serde_json::from_str::<i64>(json).is_ok() || number().is_ok_and(|number| whole(number).is_some())
        };
        let is_readable = match self.kind {
            Kind::Text => text().is_ok(),
            Kind::Id => text().is_ok() || is_whole(),
            Kind::Number => number().is_ok(),
            Kind::WholeNumber => is_whole(),
            Kind::OneOf(names) => text().is_ok_and(|text| names.contains(&text.as_str())),
        };
        is_readable || (self.presence == Presence::Optional && json == "null")
    }
}
