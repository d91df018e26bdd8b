//! Tables in Markdown, as docs/PERFORMANCE.md holds them.

use std::fmt;

use crate::{
    compare::CompareRow,
    decisions::{DecisionRow, IngestBeside},
    faults::FaultRow,
    forms::FormRow,
    ingest::IngestRow,
    latency::Percentiles,
    passes::Passes,
    past::Past,
    push::PushRow,
    queries::Questions,
    report::{EngineReport, Machine, Report},
    start::Start,
};

/// Stands where nothing was measured.
pub(crate) const MISSING: &str = "-";
pub(crate) const MEGABYTE: f64 = 1e6;
const KILOBYTE: f64 = 1e3;

/// A heading with rows, the first of which are the names of the columns.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self { title: title.into(), rows: vec![columns.iter().map(|&name| name.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}\n", self.title)?;
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column: usize| {
            self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0).max(3)
        };
        for (index, row) in self.rows.iter().enumerate() {
            for column in 0..columns {
                let (text, width) = (cell(row, column), width(column));
                // Numbers are compared with those above them; the first column says whose they are.
                if column == 0 { write!(f, "| {text:<width$} ")? } else { write!(f, "| {text:>width$} ")? }
            }
            writeln!(f, "|")?;
            if index == 0 {
                for column in 0..columns {
                    let dashes = "-".repeat(width(column));
                    if column == 0 { write!(f, "| {dashes} ")? } else { write!(f, "| {}: ", &dashes[1..])? }
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun_at, took_s, machine, .. } = self;
        let size = if self.is_quick { "Quick" } else { "Full" };
        writeln!(f, "{size} run of {begun_at}, {took_s:.0} s, on {machine}")?;
        for engine in &self.engines {
            write!(f, "{engine}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_bytes, system } = self;
        write!(
            f,
            "{cores} cores of {}, {} of memory, {}",
            processor.as_deref().unwrap_or("an unknown processor"),
            bytes(*memory_bytes),
            system.as_deref().unwrap_or("an unknown system"),
        )
    }
}

impl fmt::Display for EngineReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## {}", self.engine.name())?;
        if let Some(rows) = &self.ingest {
            write!(f, "{}", ingest(rows))?;
        }
        if let Some(rows) = &self.compare {
            write!(f, "{}", compare(rows))?;
        }
        if let Some(rows) = &self.faults {
            write!(f, "{}", faults(rows))?;
        }
        if let Some(rows) = &self.forms {
            write!(f, "{}", forms(rows))?;
        }
        if let Some(found) = &self.decisions {
            write!(f, "{}{}", decisions(&found.rows), beside_decisions(&found.ingest))?;
        }
        if let Some(found) = &self.passes {
            write!(f, "{}", passes(found))?;
        }
        if let Some(found) = &self.past {
            write!(f, "{}", past(found))?;
        }
        if let Some(found) = &self.queries {
            write!(f, "{}{}", sizes(found), questions(found))?;
        }
        if let Some(rows) = &self.push {
            write!(f, "{}", push(rows))?;
        }
        if let Some(found) = &self.start {
            write!(f, "{}", start(found))?;
        }
        Ok(())
    }
}

fn ingest(rows: &[IngestRow]) -> Table {
    let ways = rows.first().map_or(&[][..], |row| &row.bare[..]);
    let bare_names: Vec<String> = ways.iter().map(|bare| format!("bare {}/s", bare.how)).collect();
    let mut columns =
        vec!["batch", "connections", "minutes", "events/s", "answer p50 / p99", "parse-only/s", "of it"];
    columns.extend(bare_names.iter().map(String::as_str));
    columns.extend(["of the fastest", "refused"]);
    let mut table = Table::new("Ingest: accepted, durable and counted", &columns);
    for row in rows {
        let mut cells = vec![
            grouped(row.batch_events as f64),
            row.connections.to_string(),
            row.event_minutes.to_string(),
            grouped(row.events_per_s),
            row.answer.map_or(MISSING.to_owned(), |Percentiles { p50_ms, p99_ms, .. }| {
                format!("{p50_ms:.1} / {p99_ms:.1} ms")
            }),
            grouped(row.parse_only_events_per_s),
            ratio(Some(row.of_parse_only())),
        ];
        cells.extend(row.bare.iter().map(|bare| grouped(bare.rows_per_s)));
        cells.extend([ratio(row.of_bare()), row.refusals.to_string()]);
        table.row(cells);
    }
    table
}

fn compare(rows: &[CompareRow]) -> Table {
    let columns = ["ingest", "into", "other, events/s", "this, events/s", "ratio"];
    let mut table = Table::new("Ingest beside the other program", &columns);
    for row in rows {
        table.row([
            format!("{} x {}", grouped(row.batch_events as f64), row.connections),
            row.into.to_owned(),
            grouped(row.other_events_per_s),
            grouped(row.events_per_s),
            ratio(Some(row.ratio)),
        ]);
    }
    table
}

fn passes(found: &Passes) -> Table {
    let title = format!("A quarantine of {} events", grouped(found.events as f64));
    let mut table = Table::new(title, &["what", "value"]);
    let mut row = |what: &str, value: String| table.row([what.to_owned(), value]);
    row("until all figures follow", format!("{:.1} s", found.made_s));
    row("the same, withdrawn", format!("{:.1} s", found.withdrawn_s));
    row("one step p50 / p95", waits(found.step));
    row("ingest without, events/s", grouped(found.events_per_s_without));
    row("ingest meanwhile, events/s", grouped(found.events_per_s_meanwhile));
    row("ratio", ratio(Some(found.ratio)));
    table
}

fn past(found: &Past) -> Table {
    let title = format!(
        "Figures as they were: {} late events, the ledger is {:.1} % of the database",
        grouped(found.events as f64),
        100.0 * found.ledger_share
    );
    let columns = [
        "1 000 workers",
        "now p50 / p95",
        "as of when half had come p50 / p95",
        "as of when none had p50 / p95",
    ];
    let mut table = Table::new(title, &columns);
    for row in &found.rows {
        table.row([row.window.to_owned(), waits(row.now), waits(row.half), waits(row.none)]);
    }
    table
}

fn waits(waits: Option<Percentiles>) -> String {
    waits.map_or(MISSING.to_owned(), |Percentiles { p50_ms, p95_ms, .. }| {
        format!("{p50_ms:.1} / {p95_ms:.1} ms")
    })
}

fn decisions(rows: &[DecisionRow]) -> Table {
    let columns = ["decision", "events counted again", "made p50 / p95", "withdrawn p50 / p95"];
    let mut table = Table::new("Decisions: until all figures follow", &columns);
    for DecisionRow { what, events, made, withdrawn } in rows {
        table.row([what.clone(), grouped(*events as f64), waits(*made), waits(*withdrawn)]);
    }
    table
}

fn beside_decisions(found: &IngestBeside) -> Table {
    let columns = ["ingest, 1 000 x 8", "events/s", "ratio"];
    let mut table = Table::new("Ingest beside decisions of the past: 10 rules and 100 corrections", &columns);
    table.row(["without".to_owned(), grouped(found.events_per_s_without), ratio(Some(1.0))]);
    table.row(["with".to_owned(), grouped(found.events_per_s_with), ratio(Some(found.ratio))]);
    table
}

fn forms(rows: &[FormRow]) -> Table {
    let columns = ["stream (1 000 x 8)", "into", "events", "time per event", "of intervals"];
    let mut table = Table::new("State reports beside intervals", &columns);
    for row in rows {
        table.row([
            row.kind.to_owned(),
            row.time.to_owned(),
            grouped(row.events as f64),
            format!("{:.2} µs", row.micros_per_event),
            ratio(Some(row.of_interval)),
        ]);
    }
    table
}

fn faults(rows: &[FaultRow]) -> Table {
    let columns = ["stream (1 000 x 8)", "events", "time per event", "of clean"];
    let mut table = Table::new("Duplicates and late events", &columns);
    for row in rows {
        table.row([
            row.kind.to_owned(),
            grouped(row.events as f64),
            format!("{:.2} µs", row.micros_per_event),
            ratio(Some(row.of_clean)),
        ]);
    }
    table
}

fn sizes(found: &Questions) -> Table {
    let columns = ["events", "length of one", "stored in", "events/s"];
    let mut table = Table::new("The same 30 days in more and more events", &columns);
    for size in &found.sizes {
        table.row([
            size.name(),
            format!("{:.1} s", size.event_s),
            format!("{:.1} s", size.ingest_s),
            grouped(size.events_per_s),
        ]);
    }
    table
}

fn questions(found: &Questions) -> Table {
    let names: Vec<String> = found.sizes.iter().map(|size| format!("{} p50 / p99", size.name())).collect();
    let mut columns = vec!["question", "window"];
    columns.extend(names.iter().map(String::as_str));
    columns.push("last to first");
    let mut table = Table::new("Queries", &columns);
    for row in &found.rows {
        let mut cells = vec![row.question.to_owned(), row.window.to_owned()];
        cells.extend(row.waits.iter().map(|wait| {
            wait.map_or(MISSING.to_owned(), |Percentiles { p50_ms, p99_ms, .. }| {
                format!("{p50_ms:.2} / {p99_ms:.2} ms")
            })
        }));
        cells.push(ratio(row.last_to_first()));
        table.row(cells);
    }
    table
}

fn push(rows: &[PushRow]) -> Table {
    let columns = [
        "subscribers",
        "events/s",
        "deliveries",
        "p50",
        "p95",
        "p99",
        "server's cores",
        "generator's cores",
        "memory each, at rest",
        "after",
        "without last state",
    ];
    let mut table = Table::new("Push: from the mutation's answer to the delivery", &columns);
    let ms = |wait: Option<f64>| wait.map_or(MISSING.to_owned(), |ms| format!("{ms:.1} ms"));
    let kilobytes =
        |bytes: Option<f64>| bytes.map_or(MISSING.to_owned(), |bytes| format!("{:.1} kB", bytes / KILOBYTE));
    for row in rows {
        table.row([
            grouped(row.subscribers as f64),
            grouped(row.events_per_s),
            grouped(row.deliveries as f64),
            ms(row.wait.map(|wait| wait.p50_ms)),
            ms(row.wait.map(|wait| wait.p95_ms)),
            ms(row.wait.map(|wait| wait.p99_ms)),
            ratio(row.server_cores),
            ratio(row.generator_cores),
            kilobytes(row.bytes_per_subscriber_at_rest),
            kilobytes(row.bytes_per_subscriber_after),
            row.without_last_state.to_string(),
        ]);
    }
    table
}

fn start(found: &Start) -> Table {
    let events = grouped(found.events as f64);
    let mut table = Table::new("Start, memory, size", &["what", "value"]);
    let mut row = |what: String, value: String| table.row([what, value]);
    row("start, making the database".into(), format!("{:.0} ms", found.new_database_ms));
    row("start, empty database (median)".into(), median_ms(&found.empty_ms));
    row(format!("start, {events} events (median)"), median_ms(&found.with_events_ms));
    row("resident after start, empty".into(), bytes(found.resident_bytes_empty));
    row(format!("resident after start, {events} events"), bytes(found.resident_bytes_with_events));
    row(format!("resident after taking in {events} events"), bytes(found.resident_bytes_after_ingest));
    row("binary, what is loaded".into(), bytes(found.loaded_bytes));
    row("binary, with lines for backtraces".into(), bytes(Some(found.binary_bytes)));
    table
}

fn median_ms(times: &[f64]) -> String {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).map_or(MISSING.to_owned(), |ms| format!("{ms:.0} ms"))
}

fn bytes(bytes: Option<u64>) -> String {
    bytes.map_or(MISSING.to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / MEGABYTE))
}

pub(crate) fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(MISSING.to_owned(), |ratio| format!("{ratio:.2}"))
}

/// A whole number with a blank after each thousand.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.4, 1_000.0, 1_234_567.0].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn a_table_is_markdown_with_numbers_to_the_right() {
        let mut table = Table::new("Rates", &["who", "events/s"]);
        table.row(["one".to_owned(), "12".to_owned()]);
        let expected = "\n### Rates\n\n| who | events/s |\n| --- | -------: |\n| one |       12 |\n";
        assert_eq!(table.to_string(), expected);
    }
}
