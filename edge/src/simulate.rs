//! `andon-edge simulate`: a factory that exists only as its seed, sent to an agent, to a server, or to the terminal.

use std::io::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use domain::MS_PER_MINUTE;
use domain::simulation::Cameras;
use domain::zone::Zone;
use tokio::time::Instant;

mod script;
mod sink;

pub use script::{MAX_WORKERS, Script, Settings};
pub use sink::{Sink, SinkError};

use crate::clock;
use crate::outlet::address::AddressError;
use crate::outlet::token::{TokenArgs, TokenError};
use crate::quantity::duration;

/// How often what has happened since is sent, in real time.
const TICK: Duration = Duration::from_millis(500);

/// How much simulated time is sent at once when time does not matter: small enough for a steady stream.
const STEP_MS: i64 = 10 * MS_PER_MINUTE;

/// What is simulated when neither a beginning nor a length is asked for and time runs faster than it does.
const DEFAULT_PAST: Duration = Duration::from_hours(24);

/// What `andon-edge simulate` is asked.
#[derive(Args)]
pub struct SimulateArgs {
    /// URL of an agent's HTTP input, such as http://127.0.0.1:9000/events
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    into: Option<String>,

    /// URL of a server, to send to it without an agent; /graphql is added
    #[arg(long, value_name = "URL", requires = "factory")]
    to: Option<String>,

    #[command(flatten)]
    token: TokenArgs,

    /// Factory that the events belong to, with --to; it must exist
    #[arg(long, value_name = "ID", env = "ANDON_FACTORY")]
    factory: Option<String>,

    /// How fast time runs: 1 is real time, 60 an hour a minute, max as fast as possible
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    speed: Speed,

    /// How many workers; their workstations and cameras come with them
    #[arg(long, value_name = "N", default_value_t = 6,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_WORKERS)))]
    workers: u32,

    /// Two cameras a line, which see much of the same a little differently
    #[arg(long)]
    two_cameras: bool,

    #[command(flatten)]
    faults: FaultArgs,

    /// What everything is drawn from: the same seed gives the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// The zone whose clock the shifts follow
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zones::find)]
    time_zone: Zone,

    /// When the simulated time begins, such as 2026-01-05T06:00:00Z [default: now; at another speed so that it ends now]
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,

    /// How much time is simulated, such as 90m, 8h or 2d [default: no end; at another speed 24h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
}

/// What goes wrong on the way.
#[derive(Args)]
struct FaultArgs {
    /// Let the network fail for 5 to 20 minutes each simulated hour; everything comes behind that in a burst
    #[arg(long)]
    outages: bool,

    /// The share of events that come twice, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    duplicates: f64,

    /// Let events come up to 15 minutes late and in any order
    #[arg(long)]
    shuffle: bool,

    /// How far ahead the devices' clock is; behind if negative
    #[arg(long = "clock-skew", value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true,
        value_parser = clap::value_parser!(i64).range(-MAX_SKEW_SECONDS..=MAX_SKEW_SECONDS))]
    clock_skew_seconds: i64,

    /// Let models grow less sure by the day; every week a new version takes over
    #[arg(long)]
    model_drift: bool,
}

/// Ten years: beyond that no instant is one that a clock would show.
const MAX_SKEW_SECONDS: i64 = 10 * 365 * 24 * 3_600;

/// How fast simulated time runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    Times(f64),
    Max,
}

impl SimulateArgs {
    fn settings(&self) -> Settings {
        Settings {
            seed: self.seed,
            workers: self.workers,
            zone: self.time_zone,
            cameras: if self.two_cameras { Cameras::TwoThatOverlap } else { Cameras::One },
            duplicates: self.faults.duplicates,
            shuffle: self.faults.shuffle,
            outages: self.faults.outages,
            clock_skew_seconds: self.faults.clock_skew_seconds,
            model_drift: self.faults.model_drift,
        }
    }

    /// When simulated time begins, in Unix milliseconds, and how long it is.
    fn span(&self, now_ms: i64) -> (i64, Option<Duration>) {
        let is_real_time = self.speed == Speed::Times(1.0);
        let duration = self.duration.or((!is_real_time).then_some(DEFAULT_PAST));
        let ends_now = duration.filter(|_| !is_real_time).map_or(0, |duration| duration.as_millis() as i64);
        (self.from.map_or(now_ms - ends_now, |from| from.timestamp_millis()), duration)
    }

    fn sink(&self, out: impl Write + Send + 'static) -> Result<Sink, SimulateError> {
        match (&self.into, &self.to, &self.factory) {
            (Some(url), _, _) => Ok(Sink::agent(url)?),
            (None, Some(url), Some(factory_id)) => Ok(Sink::server(url, factory_id, self.token.load()?)?),
            _ => Ok(Sink::lines(out)),
        }
    }
}

/// Why a simulation ended early.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The address that events go to.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The token that the server asks for.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What takes the events.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// Simulates to the end, and says how many events were sent. What goes wrong on the way is passed to `warn`.
pub async fn simulate(
    args: &SimulateArgs,
    out: impl Write + Send + 'static,
    warn: impl Fn(&str),
) -> Result<u64, SimulateError> {
    let mut sink = args.sink(out)?;
    let (from_ms, duration) = args.span(clock::now_ms());
    let mut script = Script::new(args.settings(), from_ms, duration);
    let began = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let mut sent_events = 0;
    while !script.is_over() {
        let until_ms = match args.speed {
            Speed::Max => script.now_ms() + STEP_MS,
            Speed::Times(factor) => {
                ticks.tick().await;
                from_ms + (began.elapsed().as_secs_f64() * factor * 1_000.0) as i64
            }
        };
        let events = script.until(until_ms);
        match sink.send(&events, &warn).await {
            Err(SinkError::Lines(error)) if error.kind() == io::ErrorKind::BrokenPipe => break,
            done => done?,
        }
        sent_events += events.len() as u64;
    }
    Ok(sent_events)
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let factor =
        text.trim_start_matches('x').parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
    factor.map(Speed::Times).ok_or_else(|| "a speed is a number above 0, or max".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn args(words: &str) -> SimulateArgs {
        Cli::try_parse_from(std::iter::once("simulate").chain(words.split_whitespace())).unwrap().args
    }

    #[test]
    fn real_time_begins_now_and_has_no_end_and_another_speed_ends_now() {
        assert_eq!(args("").span(5_000), (5_000, None));
        assert_eq!(args("--duration 2s").span(5_000), (5_000, Some(Duration::from_secs(2))));
        let day = Duration::from_hours(24);
        assert_eq!(args("--speed max").span(100_000_000), (13_600_000, Some(day)));
        assert_eq!(args("--speed x60 --duration 2s").span(5_000), (3_000, Some(Duration::from_secs(2))));
        assert_eq!(args("--speed max --from 1970-01-01T00:00:01Z").span(5_000), (1_000, Some(day)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        assert_eq!(speed("0").unwrap_err(), "a speed is a number above 0, or max");
        assert_eq!(share("1.5").unwrap_err(), "a share is a number from 0 to 1");
        assert!(duration("12").is_err() && duration("").is_err() && duration("2w").is_err());
        assert_eq!(duration("90m"), Ok(Duration::from_mins(90)));
    }
}
