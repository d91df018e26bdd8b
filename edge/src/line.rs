//! Parses one line of an event file, without I/O.
//!
//! GraphQL refuses a whole request when one value in it has a wrong type, so one malformed line would hold up its
//! batch. What GraphQL would refuse is therefore found here; whether the values make sense is the server's to say. An
//! accepted line is sent as the very text it was, so that no number changes on the way.

use std::fmt;

use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::validate::MAX_DURATION_MINUTES;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The longest line that is read, in bytes; an event with every field at its longest needs less than a third.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// An event ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// Its line in the file, from 1.
    pub number: u64,
    /// The line's own JSON text.
    pub json: String,
    /// At most how many five-minute buckets of the server the event touches.
    pub buckets: i64,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but white space; it counts nowhere.
    Blank,
    /// An event that GraphQL can read.
    Event(EventLine),
    /// Anything else: why, in words that say what is allowed.
    Malformed(String),
}

/// Parses the line with the given number, counted from 1; the line's end may be part of `bytes`.
pub fn parse(number: u64, bytes: &[u8]) -> Line {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.len() > MAX_LINE_BYTES {
        return Line::Malformed(format!("a line has at most {MAX_LINE_BYTES} bytes, this one has more"));
    }
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Line::Blank;
    }
    match event_line(number, bytes) {
        Ok(event) => Line::Event(event),
        Err(reason) => Line::Malformed(reason),
    }
}

/// The line with the given number of a file without the byte order mark, which some editors put before the first.
pub fn without_byte_order_mark(number: u64, line: &[u8]) -> &[u8] {
    line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(line)
}

fn event_line(number: u64, bytes: &[u8]) -> Result<EventLine, String> {
    let json = std::str::from_utf8(bytes).map_err(|_| "a line must be UTF-8 text".to_owned())?;
    let Members(members) = serde_json::from_str(json).map_err(|error| not_an_object(&error))?;
    for (index, (name, value)) in members.iter().enumerate() {
        let field = FIELDS.iter().find(|field| field.name == name).ok_or_else(|| unknown_field(name))?;
        if members[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("{name} is given twice"));
        }
        field.check(value.get())?;
    }
    let given = |name: &str| members.iter().find(|(given, _)| given == name).map(|(_, value)| value.get());
    if let Some(missing) =
        FIELDS.iter().find(|field| field.presence == Presence::Required && given(field.name).is_none())
    {
        return Err(format!("{} is missing", missing.name));
    }
    Ok(EventLine { number, json: json.to_owned(), buckets: buckets_touched(given("durationMinutes")) })
}

/// One field of `EventInput` in `schema.graphql`.
struct Field {
    name: &'static str,
    kind: Kind,
    presence: Presence,
}

enum Kind {
    Text,
    /// Text, or a whole number that GraphQL reads as its text.
    Id,
    Number,
    /// A GraphQL `Int`, which holds 32 bits.
    WholeNumber,
    OneOf(&'static [&'static str]),
}

#[derive(PartialEq, Eq)]
enum Presence {
    Required,
    /// May be left out but, having a default, not be null.
    Defaulted,
    /// May be left out or null.
    Optional,
}

const FIELDS: [Field; 11] = [
    Field { name: "timestamp", kind: Kind::Text, presence: Presence::Required },
    Field { name: "entityType", kind: Kind::OneOf(&["WORKER", "WORKSTATION"]), presence: Presence::Required },
    Field { name: "entityId", kind: Kind::Id, presence: Presence::Required },
    Field {
        name: "eventType",
        kind: Kind::OneOf(&["WORKING", "IDLE", "ABSENT"]),
        presence: Presence::Required,
    },
    Field { name: "durationMinutes", kind: Kind::Number, presence: Presence::Required },
    Field { name: "unitsProduced", kind: Kind::WholeNumber, presence: Presence::Defaulted },
    Field { name: "confidence", kind: Kind::Number, presence: Presence::Optional },
    Field { name: "modelVersion", kind: Kind::Text, presence: Presence::Optional },
    Field { name: "eventId", kind: Kind::Id, presence: Presence::Optional },
    Field { name: "sourceId", kind: Kind::Id, presence: Presence::Optional },
    Field { name: "workstationId", kind: Kind::Id, presence: Presence::Optional },
];

impl Field {
    fn check(&self, json: &str) -> Result<(), String> {
        let text = || serde_json::from_str::<String>(json);
        let plausible = match self.kind {
            Kind::Text => text().is_ok(),
            Kind::Id => text().is_ok() || serde_json::from_str::<i64>(json).is_ok(),
            Kind::Number => serde_json::from_str::<f64>(json).is_ok(),
            Kind::WholeNumber => serde_json::from_str::<i32>(json).is_ok(),
            Kind::OneOf(names) => text().is_ok_and(|text| names.contains(&text.as_str())),
        };
        if plausible || (self.presence == Presence::Optional && json == "null") {
            return Ok(());
        }
        Err(format!("{} must be {}, but is {}", self.name, self.kind, cut(json)))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Id => f.write_str("text or a whole number"),
            Self::Number => f.write_str("a number within the range of a double"),
            Self::WholeNumber => f.write_str("a whole number of at most 32 bits"),
            Self::OneOf(names) => write!(f, "one of {}", names.join(", ")),
        }
    }
}

/// The members of a JSON object, repeated names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(FIELDS.len());
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// A span touches one bucket more than its length alone would fill, and another when it begins inside one.
fn buckets_touched(duration_minutes: Option<&str>) -> i64 {
    let bucket_minutes = (BUCKET_MS / MS_PER_MINUTE) as f64;
    let minutes = duration_minutes.and_then(|json| json.parse::<f64>().ok()).unwrap_or(MAX_DURATION_MINUTES);
    (minutes.clamp(0.0, MAX_DURATION_MINUTES) / bucket_minutes).floor() as i64 + 2
}

fn unknown_field(name: &str) -> String {
    let known: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    format!("{} is not a field of an event; the fields are {}", cut(name), known.join(", "))
}

fn not_an_object(error: &serde_json::Error) -> String {
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    format!("a line must be one JSON object: {what} at column {}", error.column())
}

/// As much of a text as a message needs.
fn cut(text: &str) -> String {
    const SHOWN_CHARACTERS: usize = 64;
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = r#"{"timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "durationMinutes": 60}"#;

    fn with(member: &str) -> String {
        format!("{}, {member}}}", PLAIN.trim_end_matches('}'))
    }

    fn without(name: &str) -> String {
        let members = PLAIN.trim_matches(['{', '}']).split(", ");
        let kept: Vec<_> = members.filter(|member| !member.contains(&format!("\"{name}\""))).collect();
        format!("{{{}}}", kept.join(", "))
    }

    #[track_caller]
    fn accepts(line: &str) -> EventLine {
        match parse(7, line.as_bytes()) {
            Line::Event(event) => event,
            other => panic!("{line} is parsed as {other:?}"),
        }
    }

    #[track_caller]
    fn refuses(line: &str, reason: &str) {
        match parse(7, line.as_bytes()) {
            Line::Malformed(said) => assert!(said.contains(reason), "{line}: {said}"),
            other => panic!("{line} is parsed as {other:?}"),
        }
    }

    #[test]
    fn a_line_is_passed_on_as_the_text_it_was() {
        let line = with(r#""confidence": 0.30000000000000004, "unitsProduced": 7"#);
        assert_eq!(accepts(&format!("  {line}\r\n")), EventLine { number: 7, json: line, buckets: 14 });
    }

    #[test]
    fn blank_lines_are_no_events() {
        for blank in ["", "\n", "\r\n", " \t \n"] {
            assert_eq!(parse(1, blank.as_bytes()), Line::Blank);
        }
    }

    #[test]
    fn null_is_fine_where_a_value_is_optional() {
        for name in ["confidence", "modelVersion", "eventId", "sourceId", "workstationId"] {
            accepts(&with(&format!("\"{name}\": null")));
        }
        refuses(&with(r#""unitsProduced": null"#), "unitsProduced must be a whole number");
    }

    #[test]
    fn an_id_may_be_a_whole_number() {
        accepts(&with(r#""eventId": 12, "sourceId": -9223372036854775808"#));
        refuses(&with(r#""eventId": 1.5"#), "eventId must be text or a whole number");
        refuses(&with(r#""eventId": 9223372036854775808"#), "eventId must be text");
    }

    #[test]
    fn values_out_of_range_are_left_to_the_server_to_parse() {
        accepts(&with(r#""unitsProduced": -5"#));
        accepts(&with(r#""confidence": 17.5e3"#));
        accepts(&PLAIN.replace("60", "-0.0"));
        accepts(&PLAIN.replace("2026-01-05T08:00:00Z", "yesterday"));
        accepts(&PLAIN.replace("W1", ""));
    }

    #[test]
    fn what_graphql_would_refuse_is_refused_here() {
        refuses(&PLAIN.replace("60", "1e309"), "durationMinutes must be a number within");
        refuses(&PLAIN.replace("60", "\"60\""), "durationMinutes must be a number");
        refuses(&PLAIN.replace("60", "true"), "but is true");
        refuses(&with(r#""unitsProduced": 2147483648"#), "a whole number of at most 32 bits");
        refuses(&with(r#""unitsProduced": 5.0"#), "unitsProduced must be a whole number");
        refuses(&PLAIN.replace("WORKING", "WORKING_HARD"), "eventType must be one of WORKING, IDLE, ABSENT");
        refuses(&PLAIN.replace("\"WORKER\"", "1"), "entityType must be one of WORKER, WORKSTATION");
        refuses(&PLAIN.replace("\"W1\"", "[\"W1\"]"), "entityId must be text");
        refuses(&PLAIN.replace("W1", "\\ud800"), "entityId must be text");
        refuses(&with(r#""colour": "red""#), "colour is not a field of an event; the fields are timestamp,");
        refuses(&with(r#""entityId": "W2""#), "entityId is given twice");
    }

    #[test]
    fn a_required_field_that_is_missing_is_named() {
        for name in ["timestamp", "entityType", "entityId", "eventType", "durationMinutes"] {
            refuses(&without(name), &format!("{name} is missing"));
        }
    }

    #[test]
    fn what_is_not_one_json_object_says_where() {
        refuses("[1, 2]", "a line must be one JSON object: invalid type: sequence, expected a JSON object");
        refuses("{\"timestamp\": }", "expected value at column 15");
        refuses(&format!("{PLAIN} {PLAIN}"), "trailing characters");
        refuses(&PLAIN.replace("60", "NaN"), "expected value");
        assert!(
            matches!(parse(1, b"{\"timestamp\": \"\xff\"}"), Line::Malformed(said) if said.contains("UTF-8"))
        );
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_whatever_it_holds() {
        refuses(
            &with(&format!("\"modelVersion\": \"{}\"", "x".repeat(MAX_LINE_BYTES))),
            "at most 16384 bytes",
        );
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_upset_the_parse(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(1, &bytes);
        }

        #[test]
        fn no_json_like_text_upsets_the_parse(text in r#"[{}\[\]",:a-z0-9\\.eE+-]{0,60}"#) {
            parse(1, text.as_bytes());
        }

        #[test]
        fn an_accepted_line_is_an_object_that_any_json_reader_reads(
            minutes in any::<f64>().prop_filter("JSON has no such number", |x| x.is_finite()),
            id in any::<String>(),
        ) {
            let id = serde_json::to_string(&id).unwrap();
            let event = accepts(&PLAIN.replace("60", &format!("{minutes:?}")).replace("\"W1\"", &id));
            let value: serde_json::Value = serde_json::from_str(&event.json).unwrap();
            prop_assert!(value.is_object());
        }

        #[test]
        fn an_event_never_touches_more_buckets_than_its_line_says(start_ms in 0_i64..600_000, duration_ms in 0_i64..=86_400_000) {
            let touched = (start_ms + duration_ms.max(1) - 1) / BUCKET_MS - start_ms / BUCKET_MS + 1;
            let event = accepts(&PLAIN.replace("60", &format!("{}", duration_ms as f64 / 60_000.0)));
            prop_assert!(touched <= event.buckets);
        }
    }
}
