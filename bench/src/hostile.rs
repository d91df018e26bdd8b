//! What one hostile client takes from the others: each attack on a server of its own, measured by what the server spends
//! and by what honest clients see meanwhile, beside what they saw just before.
//!
//! * The honest clients, the attackers and the server share the machine, so attackers send what was prepared beforehand.
//! * Attackers come from 127.0.0.2, honest clients from 127.0.0.1: limits by address can tell them apart.
//! * A server may take so much memory and no more that the machine survives every attack.

mod attack;
mod honest;
mod report;
mod trial;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, ValueEnum as _};

use self::{
    attack::Kind,
    report::{Report, Row},
    trial::{Build, Times},
};
use crate::{andon::Andon, report::Machine};

/// Hostile clients and what they cost the others.
#[derive(Args)]
pub(crate) struct Hostile {
    /// Attack this build instead of the one that was built with this program
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Attack another build too, and show what it was like first: `before -> after`
    #[arg(long, value_name = "PATH")]
    compare: Option<PathBuf>,
    /// Only these attacks
    #[arg(long, value_delimiter = ',', value_name = "ATTACKS")]
    only: Vec<Kind>,
    /// How long each attack lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=15), value_name = "SECONDS")]
    seconds: u64,
    /// How long honest clients are watched before each attack
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=15), value_name = "SECONDS")]
    quiet_seconds: u64,
    /// An option for `andon serve` of the attacked build, not of the other: `--with=--name=value`
    #[arg(long, allow_hyphen_values = true, value_name = "OPTION")]
    with: Vec<String>,
    /// Write the numbers as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The address space of a server, in bytes: several times what any attack may take, and little enough for the machine.
const MAX_SERVER_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Open files that attackers and honest clients need together.
const FILES: u64 = 5_000;

/// Attacks both builds in turns, so that what else happens on the machine meets both, and prints the table.
pub(crate) async fn measure(hostile: &Hostile, folder: &Path) -> Result<()> {
    let builds = builds(hostile, folder)?;
    limit_this_process()?;
    let times = Times {
        quiet: Duration::from_secs(hostile.quiet_seconds),
        attack: Duration::from_secs(hostile.seconds),
    };
    let (begun, began) = (DateTime::<Utc>::from(SystemTime::now()), Instant::now());
    let mut rows = Vec::new();
    for &kind in Kind::value_variants() {
        if !hostile.only.is_empty() && !hostile.only.contains(&kind) {
            continue;
        }
        let mut measured = Vec::new();
        for build in &builds {
            let trial = trial::run(build, kind, &times, folder)
                .await
                .with_context(|| format!("while measuring {}", kind.title()))?;
            eprintln!("{}, {}: {trial}", kind.title(), build.andon.program.display());
            measured.push(trial);
        }
        rows.push(Row { attack: kind.title(), measured });
    }
    let report = Report {
        begun_at: begun.to_rfc3339_opts(SecondsFormat::Secs, true),
        took_s: began.elapsed().as_secs_f64(),
        attack_s: hostile.seconds,
        machine: Machine::this(),
        programs: builds.iter().map(|build| build.andon.program.display().to_string()).collect(),
        rows,
    };
    println!("{report}");
    if let Some(path) = &hostile.json {
        let json = serde_json::to_string_pretty(&report)?;
        fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// What is attacked, the build that was before first.
fn builds(hostile: &Hostile, folder: &Path) -> Result<Vec<Build>> {
    let program = hostile.program.clone().unwrap_or_else(|| folder.join("andon"));
    let before = hostile.compare.iter().map(|program| Build::of(program.clone(), Vec::new()));
    let builds: Vec<_> = before.chain([Build::of(program, hostile.with.clone())]).collect();
    for Build { andon: Andon { program }, .. } in &builds {
        ensure!(program.is_file(), "{} is missing; `cargo xtask bench` builds it", program.display());
    }
    Ok(builds)
}

/// Servers inherit these limits.
fn limit_this_process() -> Result<()> {
    let files = rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files is not known")?;
    ensure!(files >= FILES, "the attacks need {FILES} open files, {files} are allowed; raise `ulimit -Hn`");
    let space = rlimit::Resource::AS;
    let (_, most) = space.get().context("the limit of memory is not known")?;
    space.set(MAX_SERVER_BYTES.min(most), most).context("memory cannot be limited")
}
