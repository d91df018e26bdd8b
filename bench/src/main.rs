//! Measures Andon from outside: real servers in processes of their own, real sockets, bodies prepared beforehand.
//!
//! `cargo xtask bench` builds both programs and starts this one, which finds `andon` beside itself. Everything it starts
//! ends with it, and its databases lie in a temporary folder beside the programs.

mod andon;
mod bare_table;
mod bench;
mod compare;
mod dashboard;
mod decisions;
mod engine;
mod faults;
mod floor;
mod forms;
mod hostile;
mod http;
mod ingest;
mod latency;
mod load;
mod parse_only;
mod passes;
mod past;
mod plan;
mod process;
mod push;
mod queries;
mod report;
mod start;
mod table;
mod websocket;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    andon::Andon,
    bench::Bench,
    engine::{Databases, Engine},
    plan::Plan,
    report::{EngineReport, Machine, Report},
};

/// Measures Andon and prints tables.
#[derive(Parser)]
#[command(name = "andon-bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Write the numbers as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Less of everything: minutes instead of a quarter of an hour
    #[arg(long)]
    quick: bool,
    /// A month of 200 workers for large decisions, and 10 million events of which one asks what was answered before: an hour
    #[arg(long, conflicts_with = "quick")]
    large: bool,
    /// Only these sections
    #[arg(long, value_delimiter = ',', value_name = "SECTIONS")]
    only: Vec<Section>,
    /// Measure only ingest, beside this other program, such as the release before
    #[arg(long, value_name = "PROGRAM")]
    compare: Option<PathBuf>,
    /// On which database
    #[arg(long, default_value = "both")]
    engine: Engines,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Serve a mutation that only parses
    #[command(hide = true)]
    ParseOnly,
    /// Watch the dashboard in a headless browser while a large floor is at work: frames, memory, first numbers
    Dashboard(dashboard::Watch),
    /// Attack the server and print what honest clients see meanwhile: memory, processor time, waits, refusals, time to exit
    Hostile(hostile::Hostile),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    Ingest,
    Faults,
    Forms,
    Decisions,
    Passes,
    Queries,
    Past,
    Push,
    Start,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

impl Engines {
    const fn each(self) -> &'static [Engine] {
        match self {
            Self::Sqlite => &[Engine::Sqlite],
            Self::Postgres => &[Engine::Postgres],
            Self::Both => &[Engine::Sqlite, Engine::Postgres],
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Role::ParseOnly) = arguments.role {
        // As many threads as Andon has.
        return tokio::runtime::Runtime::new()?.block_on(parse_only::serve());
    }
    // One thread: what the generator spends is taken from the server beside it.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        tokio::select! {
            measured = measure(&arguments) => measured,
            // Dropping the measurement ends the servers and removes the databases.
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into).and_then(|()| bail!("interrupted")),
        }
    })
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let myself = env::current_exe().context("this program does not know where it is")?;
    let folder = myself.parent().context("this program lies nowhere")?;
    if let Some(Role::Hostile(hostile)) = &arguments.role {
        return hostile::measure(hostile, folder).await;
    }
    let andon = Andon { program: folder.join("andon") };
    ensure!(andon.program.is_file(), "{} is missing; `cargo xtask bench` builds it", andon.program.display());
    if let Some(Role::Dashboard(watch)) = &arguments.role {
        return dashboard::watch(watch, &andon, folder).await;
    }
    let (begun, began) = (DateTime::<Utc>::from(SystemTime::now()), Instant::now());
    let plan = match arguments {
        Arguments { quick: true, .. } => Plan::quick(),
        Arguments { large: true, .. } => Plan::large(),
        _ => Plan::full(),
    };
    let mut engines = Vec::new();
    for &engine in arguments.engine.each() {
        let databases = Databases::of(engine, folder)?;
        let hour_ms = begun.timestamp_millis() / domain::MS_PER_HOUR * domain::MS_PER_HOUR;
        let bench = Bench { andon: &andon, databases: &databases, plan: &plan, myself: &myself, hour_ms };
        engines.push(measure_engine(&bench, arguments).await?);
    }
    let report = Report {
        begun_at: begun.to_rfc3339_opts(SecondsFormat::Secs, true),
        took_s: began.elapsed().as_secs_f64(),
        is_quick: plan.is_quick,
        machine: Machine::this(),
        engines,
    };
    println!("{report}");
    if let Some(path) = &arguments.json {
        write(&report, path)?;
    }
    Ok(())
}

async fn measure_engine(bench: &Bench<'_>, arguments: &Arguments) -> Result<EngineReport> {
    let Arguments { only, compare, .. } = arguments;
    let wanted = |section: Section| only.is_empty() || only.contains(&section);
    let mut report = EngineReport::of(bench.databases.engine());
    if let Some(program) = compare {
        let other = Andon { program: program.clone() };
        report.compare = Some(compare::measure(bench, &other).await.context("while measuring two programs")?);
        return Ok(report);
    }
    if wanted(Section::Ingest) {
        report.ingest = Some(ingest::measure(bench).await.context("while measuring ingest")?);
    }
    if wanted(Section::Faults) {
        report.faults =
            Some(faults::measure(bench).await.context("while measuring repeats and late events")?);
    }
    if wanted(Section::Forms) {
        report.forms = Some(forms::measure(bench).await.context("while measuring states beside intervals")?);
    }
    if wanted(Section::Decisions) {
        report.decisions = Some(decisions::measure(bench).await.context("while measuring decisions")?);
    }
    if wanted(Section::Passes) {
        report.passes = Some(passes::measure(bench).await.context("while measuring a large decision")?);
    }
    if wanted(Section::Past) {
        report.past = Some(past::measure(bench).await.context("while asking what was answered before")?);
    }
    if wanted(Section::Queries) {
        report.queries = Some(queries::measure(bench).await.context("while measuring queries")?);
    }
    if wanted(Section::Push) {
        report.push = Some(push::measure(bench).await.context("while measuring push")?);
    }
    if wanted(Section::Start) {
        report.start = Some(start::measure(bench).await.context("while measuring the start")?);
    }
    Ok(report)
}

fn write(report: &Report, path: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))
}
