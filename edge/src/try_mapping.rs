//! `andon-edge mapping`: shows what a mapping makes of a file, without sending anything.

use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use clap::Args;

use crate::clock;
use crate::mapping::{Envelope, Mapping, Zone, find_zone};
use crate::replay::mapped::Records;

/// How many events are shown unless all are asked for.
const SHOWN_EVENTS: u64 = 10;
/// How many records that are no events are shown beside them; all are counted.
const SHOWN_FAULTS: u64 = 10;

/// A mapping, and the zone that takes the place of its own.
#[derive(Args, Clone, Debug)]
pub struct MappingArgs {
    /// What becomes an event, and how: a TOML file, as docs/EDGE.md describes it
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_MAPPING")]
    pub mapping: Option<PathBuf>,

    /// The zone of times that say none, such as Europe/Berlin, in the place of the mapping's own
    #[arg(long, value_name = "ZONE", env = "ANDON_EDGE_TIME_ZONE", value_parser = find_zone, requires = "mapping")]
    pub time_zone: Option<Zone>,
}

impl MappingArgs {
    /// The mapping, if there is one.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn load(&self) -> anyhow::Result<Option<Mapping>> {
        let load = |path: &PathBuf| Mapping::load(path, self.time_zone);
        Ok(self.mapping.as_ref().map(load).transpose()?)
    }
}

/// What `andon-edge mapping` is asked.
#[derive(Args, Clone, Debug)]
pub struct TryMappingArgs {
    /// The mapping, a TOML file
    pub mapping: PathBuf,

    /// The data to try it with; - reads the standard input. Left out, the mapping alone is checked
    #[arg(long = "try", value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Print the events of all records, not of the first ten
    #[arg(long, requires = "data")]
    pub all: bool,

    /// The zone of times that say none, such as Europe/Berlin, in the place of the mapping's own
    #[arg(long, value_name = "ZONE", value_parser = find_zone)]
    pub time_zone: Option<Zone>,

    /// The topic that the data came by, where the mapping takes something from it
    #[arg(long, value_name = "TOPIC", requires = "data")]
    pub topic: Option<String>,

    /// When the data arrived, where the mapping takes that, such as 2026-01-05T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "data")]
    pub arrived: Option<i64>,
}

/// Reads an instant as Unix milliseconds.
fn instant(text: &str) -> Result<i64, String> {
    let at = domain::validate::instant_ms(text);
    at.map(|at| at.0).ok_or_else(|| "write an instant such as 2026-01-05T08:00:00Z".to_owned())
}

/// What a mapping made of the records that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Events.
    pub events: u64,
    /// Records that the mapping does not want.
    pub unwanted: u64,
    /// Records that are no events.
    pub faults: u64,
    /// Whether the end of the data was reached.
    pub is_whole: bool,
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { events, unwanted, faults, is_whole } = self;
        let of = if *is_whole { "all records" } else { "the first records" };
        write!(f, "{of}: events {events}, not wanted {unwanted}, no events {faults}")
    }
}

/// Writes the events of data to `events`, one a line, as they would be sent, and what is none to `faults`.
///
/// # Errors
/// The data cannot be read, or the events cannot be written.
pub fn try_mapping(
    mapping: &Mapping,
    envelope: Envelope<'_>,
    data: impl Read,
    max_events: Option<u64>,
    mut events: impl Write,
    mut faults: impl FnMut(&str),
) -> io::Result<Tried> {
    let mut records = Records::new(mapping, envelope, BufReader::new(data))?;
    let mut tried = Tried::default();
    while max_events.is_none_or(|max| tried.events + tried.faults < max) {
        let Some(record) = records.next()? else {
            tried.is_whole = true;
            break;
        };
        match record.event {
            Ok(Some(event)) => {
                tried.events += 1;
                events.write_all(event.json.as_bytes())?;
                events.write_all(b"\n")?;
            }
            Ok(None) => tried.unwanted += 1,
            Err(reason) => {
                tried.faults += 1;
                if tried.faults <= SHOWN_FAULTS {
                    faults(&format!("line {}: {reason}", record.line));
                }
            }
        }
    }
    events.flush()?;
    Ok(tried)
}

impl TryMappingArgs {
    /// What is known of the data beside what stands in it.
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope {
            topic: self.topic.as_deref(),
            arrived_at_ms: Some(self.arrived.unwrap_or_else(clock::now_ms)),
            is_retained: false,
        }
    }

    /// How many records are tried; none for all.
    pub fn max_events(&self) -> Option<u64> {
        (!self.all).then_some(SHOWN_EVENTS)
    }
}
