//! One attack on one build: honest clients alone, then honest clients and attackers, then the server is stopped while the
//! attack goes on.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;

use super::{
    attack::{self, Attack, Kind},
    honest::{self, Honest, record::Observed},
};
use crate::{
    andon::{self, Andon},
    engine::{Databases, Engine},
    process::{self, Exit, Server},
    table::MEGABYTE,
};

/// How long a server may take to exit before it is killed; it promises less.
const EXIT_LIMIT: Duration = Duration::from_secs(30);
/// How often the peak is read, so that it is known of a server that does not survive, too.
const PEAK_INTERVAL: Duration = Duration::from_millis(200);

/// A program and how it is started.
pub(super) struct Build {
    pub(super) andon: Andon,
    options: Vec<String>,
}

impl Build {
    pub(super) fn of(program: PathBuf, options: Vec<String>) -> Self {
        Self { andon: Andon { program }, options }
    }
}

/// How long each phase lasts.
pub(super) struct Times {
    pub(super) quiet: Duration,
    pub(super) attack: Duration,
}

/// What one attack on one build came to.
#[derive(Debug, Serialize)]
pub(super) struct Trial {
    /// Resident memory of the server before the attack.
    pub(super) idle_bytes: Option<u64>,
    /// The most that it was during the attack.
    pub(super) peak_bytes: Option<u64>,
    /// Processor time of the server during the attack.
    pub(super) server_s: Option<f64>,
    /// That of this program: attackers and honest clients.
    pub(super) generator_s: Option<f64>,
    pub(super) quiet: Observed,
    pub(super) attacked: Observed,
    pub(super) exit: Exit,
    /// What the attackers were answered, and how often.
    pub(super) attackers_met: BTreeMap<String, u64>,
}

impl Trial {
    pub(super) fn peak_over_idle_bytes(&self) -> Option<u64> {
        Some(self.peak_bytes?.saturating_sub(self.idle_bytes?))
    }

    /// The share of the quiet rate that honest senders kept; none where there was no rate.
    pub(super) fn ingest_share(&self) -> Option<f64> {
        (self.quiet.events_per_s > 0.0).then(|| self.attacked.events_per_s / self.quiet.events_per_s)
    }
}

/// One line of progress: what the table does not say.
impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: Option<u64>| bytes.map_or(f64::NAN, |bytes| bytes as f64 / MEGABYTE);
        let (idle, peak) = (megabytes(self.idle_bytes), megabytes(self.peak_bytes));
        let new_viewer_ms = self.attacked.slowest_new_viewer_ms.unwrap_or(f64::NAN);
        let (exit, met) = (&self.exit, &self.attackers_met);
        write!(
            f,
            "{idle:.0} -> {peak:.0} MB, new viewers up to {new_viewer_ms:.0} ms, {exit:?}, attackers met {met:?}"
        )
    }
}

/// Attacks a server of its own, whose database is gone afterwards.
pub(super) async fn run(build: &Build, kind: Kind, times: &Times, beside: &Path) -> Result<Trial> {
    let databases = Databases::of(Engine::Sqlite, beside)?;
    let server = build.andon.serve_with(&databases.fresh().await?, &build.options).await?;
    server.ready().await?;
    for factory in [honest::FACTORY, attack::FACTORY] {
        andon::create_factory(server.address, factory).await?;
    }
    let mut attack = Attack::prepare(kind, server.address).await?;
    let honest = Honest::of(server.address);
    let phases = tokio::select! {
        never = honest.run() => match never {},
        phases = measure(&server, &honest, &mut attack, times) => phases?,
    };
    let exit = server.stop_within(EXIT_LIMIT).await?;
    let attackers_met = attack.stop()?;
    let Phases { idle_bytes, peak_bytes, server_s, generator_s, quiet, attacked } = phases;
    Ok(Trial { idle_bytes, peak_bytes, server_s, generator_s, quiet, attacked, exit, attackers_met })
}

struct Phases {
    idle_bytes: Option<u64>,
    peak_bytes: Option<u64>,
    server_s: Option<f64>,
    generator_s: Option<f64>,
    quiet: Observed,
    attacked: Observed,
}

async fn measure(server: &Server, honest: &Honest, attack: &mut Attack, times: &Times) -> Result<Phases> {
    honest.settled().await?;
    let quiet_from = Instant::now();
    tokio::time::sleep(times.quiet).await;
    let quiet = honest.observe(quiet_from);

    let idle_bytes = process::resident_bytes(server.pid);
    process::reset_peak(server.pid)?;
    let processor = || [server.pid, std::process::id()].map(process::processor_s);
    let [server_before, generator_before] = processor();
    let attacked_from = Instant::now();
    attack.begin();
    let (mut peak_bytes, mut server_after) = (idle_bytes, server_before);
    while attacked_from.elapsed() < times.attack {
        tokio::time::sleep(PEAK_INTERVAL).await;
        // A server that has ended has neither, and then what was last known stands.
        peak_bytes = process::peak_resident_bytes(server.pid).or(peak_bytes);
        server_after = processor()[0].or(server_after);
    }
    let attacked = honest.observe(attacked_from);
    let used = |before: Option<f64>, after: Option<f64>| Some(after? - before?);
    Ok(Phases {
        idle_bytes,
        peak_bytes,
        server_s: used(server_before, server_after),
        generator_s: used(generator_before, processor()[1]),
        quiet,
        attacked,
    })
}
