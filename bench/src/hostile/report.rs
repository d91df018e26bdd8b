//! The table of attacks.

use std::fmt;

use serde::Serialize;

use super::trial::Trial;
use crate::{
    process::Exit,
    report::Machine,
    table::{MEGABYTE, MISSING, Table, grouped, ratio},
};

/// All attacks.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// When it began, RFC 3339.
    pub(super) begun_at: String,
    pub(super) took_s: f64,
    /// How long each attack lasted.
    pub(super) attack_s: u64,
    pub(super) machine: Machine,
    /// What was attacked; the build that was before first.
    pub(super) programs: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One attack on each of the programs.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) attack: &'static str,
    pub(super) measured: Vec<Trial>,
}

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Trial) -> String);

const COLUMNS: [Column; 8] = [
    ("peak memory over idle (MB)", |trial| {
        let megabytes = trial.peak_over_idle_bytes().map(|bytes| bytes as f64 / MEGABYTE);
        megabytes.map_or(MISSING.to_owned(), grouped)
    }),
    ("server's CPU (s)", |trial| tenths(trial.server_s)),
    ("/healthz p99 (ms)", |trial| whole(trial.attacked.healthz.map(|wait| wait.p99_ms))),
    ("honest ingest, of quiet", |trial| ratio(trial.ingest_share())),
    ("slowest live delivery (ms)", |trial| whole(trial.attacked.slowest_delivery_ms)),
    ("refused honest requests", |trial| trial.attacked.refused.to_string()),
    ("SIGTERM to exit (s)", exit),
    ("generator's CPU (s)", |trial| tenths(trial.generator_s)),
];

/// How the system calls an exit that a server may have.
const SUCCESS: &str = "exit status: 0";

fn tenths(number: Option<f64>) -> String {
    number.map_or(MISSING.to_owned(), |number| format!("{number:.1}"))
}

fn whole(number: Option<f64>) -> String {
    number.map_or(MISSING.to_owned(), grouped)
}

fn exit(trial: &Trial) -> String {
    match &trial.exit {
        Exit::After { seconds, status } if status == SUCCESS => format!("{seconds:.1}"),
        Exit::After { seconds, .. } => format!("{seconds:.1} (failed)"),
        Exit::Killed { after_seconds } => format!("> {after_seconds:.0}"),
        Exit::BeforeAsked { .. } => "died".to_owned(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun_at, took_s, attack_s, machine, programs, rows } = self;
        writeln!(f, "{begun_at}, {took_s:.0} s, {attack_s} s an attack, on {machine}")?;
        writeln!(f, "{}", programs.join(" -> "))?;
        let columns: Vec<_> = ["attack"].into_iter().chain(COLUMNS.map(|(name, _)| name)).collect();
        let mut table = Table::new("Hostile clients", &columns);
        for Row { attack, measured } in rows {
            let cells = COLUMNS.map(|(_, cell)| measured.iter().map(cell).collect::<Vec<_>>().join(" -> "));
            table.row([(*attack).to_owned()].into_iter().chain(cells));
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::honest::record::Observed, *};

    fn trial(peak_bytes: u64, exit: Exit) -> Trial {
        let observed = |events_per_s, refused| Observed {
            events_per_s,
            healthz: None,
            slowest_delivery_ms: Some(1_234.4),
            slowest_new_viewer_ms: None,
            refused,
        };
        Trial {
            idle_bytes: Some(20_000_000),
            peak_bytes: Some(peak_bytes),
            server_s: Some(2.34),
            generator_s: None,
            quiet: observed(500.0, 0),
            attacked: observed(125.0, 7),
            exit,
            attackers_met: BTreeMap::new(),
        }
    }

    fn cells(measured: Vec<Trial>) -> Vec<String> {
        let report = Report {
            begun_at: String::new(),
            took_s: 0.0,
            attack_s: 10,
            machine: Machine { processor: None, cores: 2, memory_bytes: None, system: None },
            programs: vec!["old".to_owned(), "new".to_owned()],
            rows: vec![Row { attack: "pings", measured }],
        };
        let text = report.to_string();
        let last = text.lines().last().unwrap();
        last.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    }

    #[test]
    fn a_row_shows_both_builds_side_by_side() {
        let exited = Exit::After { seconds: 0.52, status: "exit status: 0".to_owned() };
        let killed = Exit::Killed { after_seconds: 30.0 };
        let found = cells(vec![trial(1_520_000_000, killed), trial(61_000_000, exited)]);
        let expected = [
            "pings",
            "1 500 -> 41",
            "2.3 -> 2.3",
            "- -> -",
            "0.25 -> 0.25",
            "1 234 -> 1 234",
            "7 -> 7",
            "> 30 -> 0.5",
            "- -> -",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_server_that_did_not_survive_is_said_to_have_died() {
        let aborted = || "signal: 6 (SIGABRT)".to_owned();
        let before = Exit::BeforeAsked { status: aborted() };
        let after = Exit::After { seconds: 17.06, status: aborted() };
        let found = cells(vec![trial(61_000_000, before), trial(61_000_000, after)]);
        assert_eq!(found[7], "died -> 17.1 (failed)");
    }
}
