//! `andon-edge`: brings events to an Andon server.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use domain::limits::MAX_BATCH_EVENTS;
use edge::dead_letters::{DeadLettersArgs, dead_letters};
use edge::mapping::Mapping;
use edge::outlet::server::Server;
use edge::outlet::token::TokenArgs;
use edge::replay::batcher::DEFAULT_BATCH_EVENTS;
use edge::replay::progress::Progress;
use edge::replay::{MAX_CONNECTIONS, Plan, replay};
use edge::retry::DEFAULT_RETRY_FOR;
use edge::run::{RunArgs, run};
use edge::simulate::{SimulateArgs, simulate};
use edge::status::{StatusArgs, status};
use edge::try_mapping::{MappingArgs, TryMappingArgs, try_mapping};

/// Brings the events that cameras and devices saw to an Andon server.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send a file of events, one JSON object a line with the fields of EventInput.
    ///
    /// Sending a file again, whole or in part, changes nothing: what is stored already counts as a duplicate. Exits with
    /// 0 if every line was accepted or a duplicate, 1 if not, 2 if the command is wrong or the file cannot be read.
    Replay(ReplayArgs),
    /// Keep events on the disk and bring each of them to the server, whatever is cut off or killed.
    ///
    /// Events come in at POST /events, by the standard input or from files that grow. Who brings one is answered after it is
    /// on the disk. Ends when it is asked to (SIGTERM, Ctrl-C) with 0; 2 if it cannot start.
    Run(RunArgs),
    /// Say how a spool stands, whether an agent runs on it or not.
    Status(StatusArgs),
    /// List, mend and send again what the server refused.
    DeadLetters(DeadLettersArgs),
    /// Check a mapping, and show the first ten events that it makes of a file, as they would be sent.
    ///
    /// Exits with 0 if every record that was tried is an event, 1 if not, 2 if the mapping is wrong or the file cannot be read.
    Mapping(TryMappingArgs),
    /// Bring the events of a simulated factory to an agent or a server, or print them.
    Simulate(SimulateArgs),
}

#[derive(Args)]
struct ReplayArgs {
    /// The file of JSON lines, or of what the mapping says; - reads the standard input
    file: PathBuf,

    #[command(flatten)]
    mapping: MappingArgs,

    /// Topic that the file's messages came by, where the mapping takes something from it
    #[arg(long, value_name = "TOPIC", requires = "mapping")]
    topic: Option<String>,

    /// URL of the server; /graphql is added
    #[arg(long = "to", value_name = "URL", env = "ANDON_URL")]
    url: String,

    /// Factory that the events belong to; it must exist
    #[arg(long = "factory", value_name = "ID", env = "ANDON_FACTORY")]
    factory_id: String,

    #[command(flatten)]
    token: TokenArgs,

    /// Events sent in one request, 1 to 10000
    #[arg(long = "batch", value_name = "N", default_value_t = DEFAULT_BATCH_EVENTS as u64,
        value_parser = clap::value_parser!(u64).range(1..=MAX_BATCH_EVENTS as u64))]
    batch_events: u64,

    /// Batches in flight at once, 1 to 64; with more than one, chance decides which of two contradicting lines is first
    #[arg(long, value_name = "C", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=MAX_CONNECTIONS as u64))]
    connections: u64,

    /// Give up when one batch has failed for this long
    #[arg(long = "retry-for", value_name = "SECONDS", default_value_t = DEFAULT_RETRY_FOR.as_secs())]
    retry_for_seconds: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Replay(args) => run_replay(args).await,
        Command::Run(args) => run(args).await.map(|()| ExitCode::SUCCESS),
        Command::Status(args) => run_status(&args),
        Command::DeadLetters(args) => run_dead_letters(args),
        Command::Mapping(args) => run_mapping(&args),
        Command::Simulate(args) => run_simulate(&args).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("andon-edge: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line; whoever has stopped reading needs no more of them.
fn print_line(line: &str) -> ExitCode {
    match writeln!(io::stdout(), "{line}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run_status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    Ok(print_line(&status(args)?))
}

fn run_dead_letters(args: DeadLettersArgs) -> anyhow::Result<ExitCode> {
    dead_letters(args, io::stdin(), |line| {
        print_line(line);
    })?;
    Ok(ExitCode::SUCCESS)
}

fn run_mapping(args: &TryMappingArgs) -> anyhow::Result<ExitCode> {
    let mapping = Mapping::load(&args.mapping, args.time_zone)?;
    let Some(data) = &args.data else {
        return Ok(print_line("the mapping can be used"));
    };
    let (input, _) = open(data).with_context(|| format!("cannot read {}", data.display()))?;
    let (stdout, fault) = (BufWriter::new(io::stdout().lock()), |said: &str| eprintln!("{said}"));
    let tried = try_mapping(&mapping, args.envelope(), input, args.max_events(), stdout, fault)
        .with_context(|| format!("cannot try {}", data.display()))?;
    eprintln!("{tried}");
    Ok(ExitCode::from(u8::from(tried.faults > 0)))
}

async fn run_simulate(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let warn = |said: &str| eprintln!("andon-edge: {said}");
    let sent_events = simulate(args, io::stdout(), warn).await?;
    eprintln!("{sent_events} events");
    Ok(ExitCode::SUCCESS)
}

async fn run_replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan {
        server: Server::new(&args.url, &args.factory_id)?
            .with_token(args.token.load()?)
            .without_compression(),
        retry_for: Duration::from_secs(args.retry_for_seconds),
        batch_events: usize::try_from(args.batch_events)?,
        connections: usize::try_from(args.connections)?,
        mapping: args.mapping.load()?.map(Arc::new),
        topic: args.topic,
    };
    let (input, total_bytes) =
        open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let report = replay(input, &plan, Progress::on_stderr(total_bytes)).await;
    println!("{}", report.summary);
    for stop in &report.stops {
        eprintln!("andon-edge: {stop}");
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// The input and, when it is a file, its length in bytes.
fn open(path: &Path) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}
