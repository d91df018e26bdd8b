//! The agent itself: the command `andon-edge run`.
//!
//! Inputs put events into the spool, one delivery takes them out of it, and neither waits for the other. Asked to stop, the
//! inputs end first; what the delivery does not bring away within [`DRAIN_FOR`] stays in the spool.

mod args;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

pub use self::args::RunArgs;
use crate::delivery::Delivery;
use crate::health::Health;
use crate::input::{Ended, Intake, follow, http, lines, mqtt};
use crate::outlet::destination::Destination;
use crate::spool::Spool;
use crate::stop;

/// How long delivery goes on after a request to stop: time for what came in last, less than service managers wait.
pub const DRAIN_FOR: Duration = Duration::from_secs(5);
/// How long the inputs may take to end: requests under way are answered.
const INPUTS_END_WITHIN: Duration = Duration::from_secs(3);

/// Runs the agent until it is asked to stop, or until all its inputs have ended and everything is delivered.
pub async fn run(args: RunArgs) -> anyhow::Result<()> {
    start_log();
    ensure!(
        args.listen.is_some() || args.stdin || !args.follow.is_empty() || !args.mqtt.is_empty(),
        "there is no input; give at least one of --listen, --stdin, --follow and --mqtt"
    );
    let mapping = args.mapping.load()?.map(Arc::new);
    let destination = Destination::new(&args.url, &args.factory_id, args.token.load()?)?;
    let http_options = args.http_options()?;
    let listener = match &args.listen {
        Some(listen) => {
            let listener = TcpListener::bind(listen).await;
            Some((listener.with_context(|| format!("cannot listen on {listen}"))?, http_options))
        }
        None => None,
    };
    let (path, options) = (args.spool.clone(), args.spool_options());
    let spool = tokio::task::spawn_blocking(move || Spool::open(&path, options)).await??;
    let counts = spool.counts().await?;
    tracing::info!(
        "device {}: {} events queued, {} dead letters, {} lost; delivering to {}",
        counts.device,
        counts.queued,
        counts.dead_lettered,
        counts.lost_events(),
        destination
    );

    let stop = stop::on_signal().context("the system does not tell of signals")?;
    let health = Arc::new(Health::default());
    let intake = Intake::new(spool.clone(), Arc::clone(&health)).with_mapping(mapping);
    let finish = CancellationToken::new();
    let delivery = Delivery::new(
        spool.clone(),
        destination,
        args.delivery_options(),
        args.linger,
        health,
        intake.arrivals(),
    );
    let mut inputs = start_inputs(&args, listener, &counts.device, &intake, &stop)?;
    drop(intake);
    let mut delivering = tokio::spawn({
        let finish = finish.clone();
        async move { delivery.run(&finish).await }
    });

    wait_for_inputs(&mut inputs, &stop).await?;
    finish.cancel();
    let ended = if stop.is_cancelled() {
        tracing::info!("stopping; delivering what is queued for up to {} s", DRAIN_FOR.as_secs());
        tokio::time::timeout(DRAIN_FOR, &mut delivering).await.ok()
    } else {
        tracing::info!("the input has ended; delivering what is queued");
        tokio::select! {
            ended = &mut delivering => Some(ended),
            () = stop.cancelled() => None,
        }
    };
    match ended {
        Some(ended) => ended?,
        None => delivering.abort(),
    }
    let left = spool.counts().await.map_or(0, |counts| counts.queued);
    if left > 0 {
        tracing::info!("{left} events are still queued; they are delivered after the next start");
    }
    drop(delivering);
    spool.close().await;
    Ok(())
}

fn start_inputs(
    args: &RunArgs,
    listener: Option<(TcpListener, http::Options)>,
    device: &str,
    intake: &Intake,
    stop: &CancellationToken,
) -> io::Result<JoinSet<io::Result<Ended>>> {
    let mut inputs = JoinSet::new();
    if let Some((listener, options)) = listener {
        tracing::info!("listening on http://{}", listener.local_addr()?);
        let (intake, stop) = (intake.clone(), stop.clone());
        inputs.spawn(async move {
            http::serve(listener, options, intake, stop).await;
            Ok(Ended::Stopped)
        });
    }
    if args.stdin {
        let (intake, stop) = (intake.clone(), stop.clone());
        inputs.spawn(async move {
            Ok(lines::spool_lines(io::stdin(), "the standard input", &intake, &stop).await)
        });
    }
    for path in &args.follow {
        let (path, intake, stop) = (path.clone(), intake.clone(), stop.clone());
        inputs.spawn(async move {
            follow::follow(&path, &intake, &stop).await;
            Ok(Ended::Stopped)
        });
    }
    for topic in &args.mqtt {
        let (topic, device, intake, stop) = (topic.clone(), device.to_owned(), intake.clone(), stop.clone());
        inputs.spawn(async move {
            mqtt::subscribe(&topic, &device, &intake, &stop).await;
            Ok(Ended::Stopped)
        });
    }
    Ok(inputs)
}

/// Waits until every input has ended by itself, or until the end is asked for and they had time for it.
async fn wait_for_inputs(
    inputs: &mut JoinSet<io::Result<Ended>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let all_ended = async {
        while let Some(ended) = inputs.join_next().await {
            ended?.context("an input failed")?;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = all_ended => return ended,
        () = stop.cancelled() => {}
    }
    let all_ended = async { while inputs.join_next().await.is_some() {} };
    if tokio::time::timeout(INPUTS_END_WITHIN, all_ended).await.is_err() {
        tracing::warn!("an input did not end in time; who waits for its answer sends again");
        inputs.shutdown().await;
    }
    Ok(())
}

/// The log: on stderr, for people first. `RUST_LOG` chooses what is in it.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,lapin=off"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(io::stderr);
    // Colours are for terminals, not for files.
    log.with_ansi(io::stderr().is_terminal()).init();
}
