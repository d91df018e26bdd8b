//! The program `andon`.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context as _;
use domain::zone::Zone;
use server::{
    access::{AccessMode, SETUP_PATH, SetupCode, audit_log_commands, commands},
    app::App,
    clock::Clock,
    config::{Command, Config, DatabaseConfig, ServeConfig},
    demo, graphql, http, open_files, shutdown,
    store::{self, Store},
    telemetry,
};
use tokio::{net::TcpListener, runtime::Runtime};

/// Rendering a large page takes tens of megabytes for a moment. This allocator gives them back, and is the faster one
/// while batches come in; docs/PERFORMANCE.md has both.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The exit code of an audit that found a difference.
const DIFFERENT: u8 = 1;
/// The exit code of an audit that could not run.
const NOT_RUN: u8 = 2;
/// What to look at when a database cannot be opened.
const WHICH_DATABASE: &str = "the database that --database-url or DATABASE_URL names cannot be used";

/// How long what cannot be cancelled, such as parsing a body, may still take when all else has ended.
const BLOCKING_WORK_TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let config = Config::from_command_line();
    telemetry::start();
    if let Err(error) = config.use_time_zones() {
        eprintln!("andon: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("andon: no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(config.command));
    runtime.shutdown_timeout(BLOCKING_WORK_TIMEOUT);
    code
}

async fn run(command: Command) -> ExitCode {
    let (failure, outcome) = match command {
        Command::Serve(config) => (1, serve(*config).await),
        Command::Audit(config) => (NOT_RUN, audit(&config).await),
        Command::Rebuild(config) => (1, rebuild(&config).await),
        Command::Token(command) => (1, done(commands::token(command).await)),
        Command::Person(command) => (1, done(commands::person(command).await)),
        Command::Grant(command) => (1, done(commands::grant(command).await)),
        Command::AuditLog(command) => (NOT_RUN, audit_log_commands::audit_log(command).await.map(exit_code)),
        Command::Schema => (1, Ok(print_schema())),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("andon: {error:#}");
        ExitCode::from(failure)
    })
}

async fn serve(config: ServeConfig) -> anyhow::Result<ExitCode> {
    let shutdown = shutdown::on_signal()?;
    let options = options(&config).map_err(anyhow::Error::msg)?;
    let setup_code = config.setup_code().map_err(anyhow::Error::msg)?;
    let store = Store::open_capped(&config.database.database_url, config.max_database_bytes())
        .await
        .context(WHICH_DATABASE)?;
    let listener = bind(config.listen).await?;
    let address = listener.local_addr().context("the address listened on is not known")?;
    let access_mode = config.access_mode();
    let app = App::start(store.clone(), Clock::System, config.max_clock_skew_ms(), access_mode);
    warn_if_open(access_mode, address);
    tell_setup_code(&app, address, setup_code.as_ref()).await;
    tracing::info!("time zones: {}", time_zones::in_use());
    tracing::info!("listening on http://{address}");
    if config.demo {
        tokio::spawn(demo::run(app.clone(), local_time_zone()));
    }
    #[cfg(any(feature = "kafka", feature = "amqp"))]
    let consumers = config.brokers().consume(&app, &shutdown);
    let served = http::serve(app, listener, open_files::make_room(options), shutdown).await;
    #[cfg(any(feature = "kafka", feature = "amqp"))]
    consumers.drained().await;
    store.close().await;
    served?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn options(config: &ServeConfig) -> Result<http::Options, String> {
    Ok(http::Options {
        origins: config.origins()?,
        hosts: config.hosts()?,
        connections: config.connections()?,
        oidc: config.oidc()?,
        ..http::Options::default()
    })
}

async fn audit(config: &DatabaseConfig) -> anyhow::Result<ExitCode> {
    let store = Store::open_beside(&config.database_url).await.context(WHICH_DATABASE)?;
    let audited = store::audit(&store).await;
    store.close().await;
    let differences =
        audited.context("the audit could not run; is this a database that `andon serve` has opened?")?;
    for difference in &differences {
        println!("{difference}");
    }
    if differences.is_empty() {
        println!("every sum is what its events add up to");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("{} differences; `andon rebuild` writes the sums anew", differences.len());
        Ok(ExitCode::from(DIFFERENT))
    }
}

async fn rebuild(config: &DatabaseConfig) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.database_url).await.context(WHICH_DATABASE)?;
    let rebuilt = store::rebuild(&store).await;
    store.close().await;
    rebuilt.context("the sums could not be written anew")?;
    println!("every sum was written anew from its events");
    Ok(ExitCode::SUCCESS)
}

/// The exit code of a check, given whether all is well.
fn exit_code(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) }
}

fn done(outcome: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Says so where everybody on a network may do everything.
fn warn_if_open(mode: AccessMode, address: SocketAddr) {
    if mode == AccessMode::Open && !address.ip().is_loopback() {
        tracing::warn!(
            "everybody who reaches {address} may see and change everything, as --access open says; --access required lets in \
             only who proves who they are"
        );
    }
}

/// Says how the first operator is created, where there is none: by the code that was given, or by one that is made.
async fn tell_setup_code(app: &App, address: SocketAddr, given: Option<&SetupCode>) {
    const NOBODY: &str = "nobody administers this server yet: within an hour, open";
    let page = format!("http://{address}{SETUP_PATH}");
    let told = match given {
        Some(code) => app.access.use_setup_code(code).await.map(|is_asked_for| {
            is_asked_for.then(|| format!("{NOBODY} {page} with the code in the file of --setup-code-file"))
        }),
        None => app.access.new_setup_code().await.map(|code| {
            code.map(|code| format!("{NOBODY} {page}?code={} by a name of this server", code.text()))
        }),
    };
    match told {
        Ok(Some(words)) => tracing::warn!("{words}"),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "nobody can set the server up; a restart tries it again"),
    }
}

fn print_schema() -> ExitCode {
    print!("{}", graphql::sdl());
    ExitCode::SUCCESS
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; is another server using it? --listen chooses another address")
    })
}

/// The zone of this machine's clock, so that the demo's day is that of the person who watches it.
fn local_time_zone() -> Zone {
    iana_time_zone::get_timezone().ok().and_then(|name| time_zones::find(&name).ok()).unwrap_or(Zone::UTC)
}
