//! The file of a mapping as it is written. What it means is for [`super::compile`] to say.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: Format,
    /// CSV: what separates columns.
    pub(super) delimiter: Option<Spanned<String>>,
    /// CSV: what separates a number's fraction.
    pub(super) decimal: Option<Spanned<Decimal>>,
    /// CSV: how text is encoded.
    pub(super) encoding: Option<Spanned<Encoding>>,
    /// CSV: whether the first row names the columns.
    pub(super) header: Option<Spanned<bool>>,
    /// JSON: where in a document the list of records is.
    pub(super) records: Option<Spanned<Steps>>,
    /// The zone of times that say none.
    pub(super) time_zone: Option<Spanned<String>>,
    /// Which records become events: those whose fields have one of these values.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Spanned<Vec<String>>>,
    pub(super) fields: Spanned<Fields>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Csv,
    Json,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Decimal {
    #[serde(rename = ".")]
    Point,
    #[serde(rename = ",")]
    Comma,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// Where something is: a column, or the steps to a field of JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub(super) enum Steps {
    /// A column; in JSON, steps with dots between them.
    Text(String),
    /// Steps, of which each may have dots.
    List(Vec<String>),
}

/// The fields of an event, and when it ended; only when it began, where it is so from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fields {
    pub(super) timestamp: Option<Spanned<Rule>>,
    pub(super) end: Option<Spanned<Rule>>,
    pub(super) duration_minutes: Option<Spanned<Rule>>,
    pub(super) hold_minutes: Option<Spanned<Rule>>,
    pub(super) entity_type: Option<Spanned<Rule>>,
    pub(super) entity_id: Option<Spanned<Rule>>,
    pub(super) event_type: Option<Spanned<Rule>>,
    pub(super) units_produced: Option<Spanned<Rule>>,
    pub(super) confidence: Option<Spanned<Rule>>,
    pub(super) model_version: Option<Spanned<Rule>>,
    pub(super) event_id: Option<Spanned<Rule>>,
    pub(super) source_id: Option<Spanned<Rule>>,
    pub(super) workstation_id: Option<Spanned<Rule>>,
}

/// Where a field's value comes from and how it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Where it is in the record.
    pub(super) from: Option<Steps>,
    /// The same for every record.
    pub(super) value: Option<Constant>,
    /// What the record's values mean.
    pub(super) values: Option<BTreeMap<String, Constant>>,
    /// What is taken where there is no value, or one that `values` does not list.
    pub(super) default: Option<Constant>,
    /// Of times and lengths of time: what they are in.
    pub(super) unit: Option<String>,
    /// Of times: how they are written, as strftime has it.
    pub(super) format: Option<String>,
    /// Of units: `each` or `counter`.
    pub(super) units: Option<Units>,
    /// Of a counter: how far it may fall without having begun anew, in units.
    pub(super) dip: Option<i64>,
    /// The same, as a share of what it showed.
    pub(super) dip_percent: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Units {
    /// What was finished in the interval.
    Each,
    /// What was finished since the counter began.
    Counter,
}

/// A value that stands in the mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, a number or a boolean")]
pub(super) enum Constant {
    Text(String),
    Whole(i64),
    Number(f64),
    Boolean(bool),
}

impl Constant {
    /// The value as a record's text would say it.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }
}
