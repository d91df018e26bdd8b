//! All that a run found out: printed as tables and written as JSON from the same numbers.

use std::fs;

use serde::Serialize;

use crate::{
    compare::CompareRow, decisions::Decisions, engine::Engine, faults::FaultRow, forms::FormRow,
    ingest::IngestRow, passes::Passes, past::Past, push::PushRow, queries::Questions, start::Start,
};

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// When it began, RFC 3339.
    pub(crate) begun_at: String,
    pub(crate) took_s: f64,
    pub(crate) is_quick: bool,
    pub(crate) machine: Machine,
    pub(crate) engines: Vec<EngineReport>,
}

/// What was measured on one engine; a section that was not asked for is none.
#[derive(Debug, Serialize)]
pub(crate) struct EngineReport {
    pub(crate) engine: Engine,
    pub(crate) compare: Option<Vec<CompareRow>>,
    pub(crate) ingest: Option<Vec<IngestRow>>,
    pub(crate) faults: Option<Vec<FaultRow>>,
    pub(crate) forms: Option<Vec<FormRow>>,
    pub(crate) decisions: Option<Decisions>,
    pub(crate) passes: Option<Passes>,
    pub(crate) past: Option<Past>,
    pub(crate) queries: Option<Questions>,
    pub(crate) push: Option<Vec<PushRow>>,
    pub(crate) start: Option<Start>,
}

impl EngineReport {
    /// Without any section yet.
    pub(crate) fn of(engine: Engine) -> Self {
        Self {
            engine,
            compare: None,
            ingest: None,
            faults: None,
            forms: None,
            decisions: None,
            passes: None,
            past: None,
            queries: None,
            push: None,
            start: None,
        }
    }
}

/// What it was measured on, as far as the system says.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: Option<String>,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) system: Option<String>,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        let value = |text: &str, name: &str| -> Option<String> {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = read("/proc/meminfo").and_then(|text| value(&text, "MemTotal"));
        Self {
            processor: read("/proc/cpuinfo").and_then(|text| value(&text, "model name")),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory
                .and_then(|memory| memory.strip_suffix("kB")?.trim().parse::<u64>().ok())
                .map(|kilobytes| kilobytes * 1024),
            system: read("/proc/version")
                .map(|text| text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")),
        }
    }
}
