//! Checks a mapping file as a whole and makes rules of it.

use std::collections::{BTreeMap, HashMap};

use toml::Spanned;

use super::counter::Dip;
use super::csv::CsvFormat;
use super::envelope::Place;
use super::file::{self, Constant, Decimal, Encoding, File, Rule, Steps};
use super::rules::{Confidence, Instant, Interval, Length, Origin, Rules, Source, Text, Units};
use super::time::{TimeUnit, minutes_of};
use super::zone::{self, Zone};
use super::{Format, Mapping, MappingError};

/// How far a counter may fall without having begun anew unless the mapping says otherwise, in percent of what it showed.
const DEFAULT_DIP_PERCENT: f64 = 5.0;

/// A mapping from its text.
pub(super) fn mapping(text: &[u8], zone: Option<Zone>) -> Result<Mapping, MappingError> {
    if domain::event_text::is_utf16(text) {
        let advice = domain::event_text::UTF16_ADVICE;
        return Err(MappingError::wrong(1, None, format!("a mapping must be UTF-8 text, {advice}")));
    }
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let text = str::from_utf8(text).map_err(|error| {
        MappingError::wrong(line_of(text, error.valid_up_to()), None, "a mapping must be UTF-8 text")
    })?;
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        MappingError::wrong(line_of(text.as_bytes(), at), None, error.message())
    })?;
    let decimal = match file.decimal.as_ref().map(Spanned::get_ref) {
        Some(Decimal::Comma) => ',',
        Some(Decimal::Point) | None => '.',
    };
    let is_csv = file.format == file::Format::Csv;
    let mut compiler = Compiler { text, is_csv, decimal, sources: Vec::new(), zone };
    compiler.mapping(file)
}

fn line_of(text: &[u8], at: usize) -> usize {
    text.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

struct Compiler<'a> {
    text: &'a str,
    is_csv: bool,
    decimal: char,
    sources: Vec<Source>,
    zone: Option<Zone>,
}

/// A rule, and what errors in it say where it is.
struct Placed {
    key: &'static str,
    field: &'static str,
    line: usize,
    rule: Rule,
}

impl Placed {
    fn wrong(&self, reason: impl std::fmt::Display) -> MappingError {
        MappingError::wrong(self.line, Some(self.key), reason)
    }
}

impl Compiler<'_> {
    fn mapping(&mut self, file: File) -> Result<Mapping, MappingError> {
        self.time_zone(file.time_zone.as_ref())?;
        let format = self.format(&file)?;
        let when = self.when(file.when)?;
        let line = self.line(&file.fields);
        let rules = self.rules(file.fields.into_inner(), line, when)?;
        Ok(Mapping { format, rules })
    }

    fn line<T>(&self, spanned: &Spanned<T>) -> usize {
        line_of(self.text.as_bytes(), spanned.span().start)
    }

    fn time_zone(&mut self, name: Option<&Spanned<String>>) -> Result<(), MappingError> {
        let Some(name) = name else { return Ok(()) };
        let found = zone::find(name.get_ref())
            .map_err(|reason| MappingError::wrong(self.line(name), Some("time_zone"), reason))?;
        self.zone.get_or_insert(found);
        Ok(())
    }

    fn format(&self, file: &File) -> Result<Format, MappingError> {
        let (only_csv, only_json) = ("is for format = \"csv\" alone", "is for format = \"json\" alone");
        let wrong = |line, key, reason: &str| Err(MappingError::wrong(line, Some(key), reason));
        if self.is_csv {
            if let Some(records) = &file.records {
                return wrong(self.line(records), "records", only_json);
            }
            return self.csv(file);
        }
        if let Some(delimiter) = &file.delimiter {
            return wrong(self.line(delimiter), "delimiter", only_csv);
        }
        if let Some(decimal) = &file.decimal {
            return wrong(self.line(decimal), "decimal", only_csv);
        }
        if let Some(encoding) = &file.encoding {
            return wrong(
                self.line(encoding),
                "encoding",
                "is for format = \"csv\" alone: JSON is always UTF-8",
            );
        }
        if let Some(header) = &file.header {
            return wrong(self.line(header), "header", only_csv);
        }
        let records = file.records.as_ref().map(|records| self.steps(records.get_ref().clone()));
        Ok(Format::Json { records })
    }

    fn csv(&self, file: &File) -> Result<Format, MappingError> {
        let delimiter = match &file.delimiter {
            None => b',',
            Some(delimiter) => match delimiter.get_ref().as_bytes() {
                [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => {
                    *byte
                }
                _ => {
                    let reason = "must be one ASCII character such as \";\", \",\", \"|\" or \"\\t\", no letter, digit or quotation mark";
                    return Err(MappingError::wrong(self.line(delimiter), Some("delimiter"), reason));
                }
            },
        };
        if let Some(decimal) = &file.decimal
            && *decimal.get_ref() == Decimal::Comma
            && delimiter == b','
        {
            let reason = "cannot be the comma that separates columns; set delimiter, mostly to \";\"";
            return Err(MappingError::wrong(self.line(decimal), Some("decimal"), reason));
        }
        Ok(Format::Csv(CsvFormat {
            delimiter,
            is_windows_1252: file.encoding.as_ref().is_some_and(|it| *it.get_ref() == Encoding::Windows1252),
            has_header: file.header.as_ref().is_none_or(|header| *header.get_ref()),
        }))
    }

    fn when(
        &mut self,
        when: BTreeMap<String, Spanned<Vec<String>>>,
    ) -> Result<Vec<(usize, Vec<String>)>, MappingError> {
        let mut conditions = Vec::new();
        for (name, values) in when {
            let line = self.line(&values);
            if values.get_ref().is_empty() {
                return Err(MappingError::wrong(line, Some("when"), "must list at least one value"));
            }
            let source = self.source(Steps::Text(name), line, "when")?;
            conditions.push((source, values.into_inner()));
        }
        Ok(conditions)
    }

    fn rules(
        &mut self,
        fields: file::Fields,
        line: usize,
        when: Vec<(usize, Vec<String>)>,
    ) -> Result<Rules, MappingError> {
        let missing = |field: &'static str| {
            MappingError::wrong(line, Some("fields"), format!("has no {field}, which every event has"))
        };
        let interval = (
            self.placed("fields.timestamp", fields.timestamp),
            self.placed("fields.end", fields.end),
            self.placed("fields.durationMinutes", fields.duration_minutes),
        );
        let interval = self.interval(interval, line)?;
        let entity_type =
            self.placed("fields.entityType", fields.entity_type).ok_or_else(|| missing("entityType"))?;
        let entity_id =
            self.placed("fields.entityId", fields.entity_id).ok_or_else(|| missing("entityId"))?;
        let event_type =
            self.placed("fields.eventType", fields.event_type).ok_or_else(|| missing("eventType"))?;
        let entity_type = self.one_of(entity_type, &["WORKER", "WORKSTATION"])?;
        let entity_id = self.plain_text(entity_id)?;
        let event_type = self.one_of(event_type, &["WORKING", "IDLE", "ABSENT"])?;
        let hold = self.placed("fields.holdMinutes", fields.hold_minutes);
        let hold = hold.map(|rule| self.hold(rule, &interval)).transpose()?;
        let units = self.placed("fields.unitsProduced", fields.units_produced);
        let units = units.map(|rule| self.units(rule)).transpose()?;
        let confidence = self.placed("fields.confidence", fields.confidence);
        let confidence = confidence.map(|rule| self.confidence(rule)).transpose()?;
        let texts = [
            self.placed("fields.modelVersion", fields.model_version),
            self.placed("fields.eventId", fields.event_id),
            self.placed("fields.sourceId", fields.source_id),
            self.placed("fields.workstationId", fields.workstation_id),
        ];
        let texts =
            texts.into_iter().flatten().map(|rule| self.plain_text(rule)).collect::<Result<_, _>>()?;
        let sources = std::mem::take(&mut self.sources);
        let decimal = self.decimal;
        Ok(Rules {
            sources,
            decimal,
            when,
            interval,
            hold,
            entity_type,
            entity_id,
            event_type,
            units,
            confidence,
            texts,
        })
    }

    fn placed(&self, key: &'static str, rule: Option<Spanned<Rule>>) -> Option<Placed> {
        let rule = rule?;
        let field = key.rsplit('.').next().unwrap_or(key);
        Some(Placed { key, field, line: self.line(&rule), rule: rule.into_inner() })
    }

    fn interval(
        &mut self,
        rules: (Option<Placed>, Option<Placed>, Option<Placed>),
        line: usize,
    ) -> Result<Interval, MappingError> {
        match rules {
            (Some(start), Some(end), None) => {
                Ok(Interval::StartAndEnd(self.instant(start)?, self.instant(end)?))
            }
            (Some(start), None, Some(length)) => {
                Ok(Interval::StartAndLength(self.instant(start)?, self.length(length)?))
            }
            (None, Some(end), Some(length)) => {
                Ok(Interval::EndAndLength(self.instant(end)?, self.length(length)?))
            }
            (Some(_), Some(_), Some(length)) => Err(length
                .wrong("is one too many: timestamp and end say how long it was; leave one of the three out")),
            (Some(start), None, None) => Ok(Interval::From(self.instant(start)?)),
            _ => {
                let reason = "must have two of timestamp, end and durationMinutes, or timestamp alone, from when on it is so";
                Err(MappingError::wrong(line, Some("fields"), reason))
            }
        }
    }

    fn instant(&mut self, placed: Placed) -> Result<Instant, MappingError> {
        let Rule { unit, format, .. } = &placed.rule;
        let unit = TimeUnit::new(unit.as_deref(), format.as_deref(), self.zone)
            .map_err(|reason| placed.wrong(reason))?;
        if let Some(Constant::Text(text)) = &placed.rule.value {
            unit.read(text).map_err(|reason| placed.wrong(format!("{reason}, but is \"{text}\"")))?;
        }
        Ok(Instant { text: self.text(placed, &["unit", "format"])?, unit })
    }

    fn length(&mut self, placed: Placed) -> Result<Length, MappingError> {
        let unit = minutes_of(placed.rule.unit.as_deref()).map_err(|reason| placed.wrong(reason))?;
        Ok(Length { text: self.number(placed, &["unit"])?, unit })
    }

    fn hold(&mut self, placed: Placed, interval: &Interval) -> Result<Text, MappingError> {
        if !matches!(interval, Interval::From(_)) {
            return Err(placed.wrong(
                "is for events without a length; leave it out, or leave out end and durationMinutes",
            ));
        }
        self.number(placed, &[])
    }

    fn confidence(&mut self, placed: Placed) -> Result<Confidence, MappingError> {
        let full = match placed.rule.unit.as_deref() {
            None => 1.0,
            Some("percent") => 100.0,
            Some(unit) => {
                return Err(placed.wrong(format!("unit must be percent or left out, but is \"{unit}\"")));
            }
        };
        Ok(Confidence { text: self.number(placed, &["unit"])?, full })
    }

    fn units(&mut self, placed: Placed) -> Result<Units, MappingError> {
        let Rule { units, dip, dip_percent, .. } = &placed.rule;
        let is_counter = *units == Some(file::Units::Counter);
        if !is_counter && (dip.is_some() || dip_percent.is_some()) {
            return Err(placed.wrong("dip and dip_percent are for units = \"counter\" alone"));
        }
        if dip.is_some_and(|dip| dip < 0) {
            return Err(placed.wrong("dip must be a number of units, 0 or more"));
        }
        if dip_percent.is_some_and(|percent| !(0.0..100.0).contains(&percent)) {
            return Err(placed.wrong("dip_percent must be from 0 to below 100"));
        }
        let percent = dip_percent.unwrap_or(if dip.is_some() { 0.0 } else { DEFAULT_DIP_PERCENT });
        let counter = is_counter.then_some(Dip { units: dip.unwrap_or(0), percent });
        Ok(Units { text: self.number(placed, &["units", "dip"])?, counter })
    }

    fn plain_text(&mut self, placed: Placed) -> Result<Text, MappingError> {
        self.text(placed, &[])
    }

    fn one_of(&mut self, placed: Placed, names: &[&str]) -> Result<Text, MappingError> {
        let Rule { value, values, default, .. } = &placed.rule;
        let given = value.iter().chain(values.iter().flat_map(BTreeMap::values)).chain(default);
        for constant in given {
            let text = constant.clone().into_text();
            if !names.contains(&text.as_str()) {
                return Err(placed
                    .wrong(format!("must become one of {}, but would become \"{text}\"", names.join(", "))));
            }
        }
        self.text(placed, &[])
    }

    /// Where a field's text comes from. `own` are the keys that its field has besides those of all.
    fn text(&mut self, placed: Placed, own: &[&str]) -> Result<Text, MappingError> {
        self.check_keys(&placed, own)?;
        let Placed { key, field, line, rule: Rule { from, value, values, default, .. } } = placed;
        let origin = match (from, value) {
            (Some(steps), _) => Origin::Source(self.source(steps, line, key)?),
            (None, value) => Origin::Constant(value.map(Constant::into_text).unwrap_or_default()),
        };
        let into_text = |(name, value): (String, Constant)| (name, value.into_text());
        let values = values.map(|values| values.into_iter().map(into_text).collect::<HashMap<_, _>>());
        Ok(Text { field, origin, values, default: default.map(Constant::into_text) })
    }

    /// Where a number's text comes from. The mapping's own numbers are written as TOML has it, and as text like the record's.
    fn number(&mut self, mut placed: Placed, own: &[&str]) -> Result<Text, MappingError> {
        let (line, key) = (placed.line, placed.key);
        let Rule { value, values, default, .. } = &mut placed.rule;
        let given = value.iter_mut().chain(values.iter_mut().flat_map(BTreeMap::values_mut)).chain(default);
        for constant in given {
            let text = constant.clone().into_text();
            if let Constant::Text(_) | Constant::Boolean(_) = constant {
                return Err(MappingError::wrong(
                    line,
                    Some(key),
                    format!("must be a number, but is \"{text}\""),
                ));
            }
            *constant = Constant::Text(text.replace('.', &self.decimal.to_string()));
        }
        self.text(placed, own)
    }

    fn check_keys(&self, placed: &Placed, own: &[&str]) -> Result<(), MappingError> {
        let Rule { from, value, values, default, unit, format, units, dip, dip_percent } = &placed.rule;
        let given = [
            ("unit", unit.is_some()),
            ("format", format.is_some()),
            ("units", units.is_some()),
            ("dip", dip.is_some() || dip_percent.is_some()),
        ];
        if let Some((key, _)) = given.into_iter().find(|(key, is_given)| *is_given && !own.contains(key)) {
            return Err(placed.wrong(format!("{key} means nothing here")));
        }
        match (from, value) {
            (None, None) => Err(placed
                .wrong("must have `from`, where in a record its value is, or `value`, the same for all")),
            (Some(_), Some(_)) => Err(placed.wrong("has `from` and `value`; only one of them can count")),
            (None, Some(_)) if values.is_some() || default.is_some() => {
                Err(placed.wrong("has `value`, so `values` and `default` mean nothing"))
            }
            (Some(steps), None) if self.steps(steps.clone()).iter().any(String::is_empty) => {
                Err(placed.wrong("`from` must name a column, or the steps to a field with dots between them"))
            }
            _ => Ok(()),
        }
    }

    fn steps(&self, steps: Steps) -> Vec<String> {
        match steps {
            Steps::List(steps) => steps,
            Steps::Text(name) if self.is_csv => vec![name],
            Steps::Text(steps) => steps.split('.').map(str::to_owned).collect(),
        }
    }

    /// The place of a source among all; several rules may ask for the same.
    fn source(&mut self, steps: Steps, line: usize, key: &'static str) -> Result<usize, MappingError> {
        let place = match &steps {
            Steps::Text(name) => {
                Place::named(name).map_err(|reason| MappingError::wrong(line, Some(key), reason))?
            }
            Steps::List(_) => Place::Record,
        };
        let steps = self.steps(steps);
        let known = self.sources.iter().position(|source| source.place == place && source.steps == steps);
        Ok(known.unwrap_or_else(|| {
            self.sources.push(Source { steps, line, place });
            self.sources.len() - 1
        }))
    }
}
