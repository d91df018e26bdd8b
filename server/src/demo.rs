//! The demo factory: simulated cameras that report through the same queue as real ones.
//!
//! Its events are a function of a seed and the time. A restarted demo sends again what it sent before, which are
//! duplicates, and goes on from there.

use std::sync::Arc;

use domain::zone::Zone;
use domain::{
    access::DEFAULT_SMALLEST_TEAM,
    closing::DEFAULT_GRACE_HOURS,
    event::RawEvent,
    metric::UnitsBasis,
    simulation::{Cameras, SimulatedEntity, SimulatedFactory},
    state::DEFAULT_HOLD_MINUTES,
    time::{DurationMs, TimestampMs},
    window::{Period, WindowSpec},
};
use futures_util::{StreamExt as _, stream};

use crate::{
    app::App,
    ingest::{IngestError, Outcome},
    report::{self, ReportError},
    store::{
        access::{Access, Author, NameEntities, Permit, SendEvents},
        entities::{self, Entity, EntityChange, EntityFilter, EntityPatch, UnknownEntities},
        factories::{Factory, NewFactory, NotCreated},
    },
};

/// The demo factory's id.
pub const FACTORY_SLUG: &str = "demo";

/// What the simulation is made from: another number would be another factory.
const SEED: u64 = 1;

/// How often the cameras report: often enough to be seen live.
const REPORT_EVERY_MS: DurationMs = DurationMs(2_000);

/// The most events in one batch of the demo: what its cameras report within some five minutes, so that a batch which is received
/// when its last event ends has none that is late.
const BATCH_EVENTS: usize = 40;

/// How many batches wait at once to be stored, so that several are stored in one transaction.
const BATCHES_AT_ONCE: usize = 20;

/// Creates the demo factory if it does not exist, fills yesterday and today, and then reports each event as it ends,
/// until dropped. A factory that exists keeps its time zone. What fails is logged and tried again soon.
pub async fn run(app: Arc<App>, time_zone: Zone) {
    let mut reported_to_ms = None;
    loop {
        let now_ms = app.clock.now_ms();
        match report(&app, time_zone, reported_to_ms, now_ms).await {
            Ok(()) => reported_to_ms = Some(now_ms),
            Err(error) => tracing::warn!(%error, "the demo could not report and tries again"),
        }
        app.clock.sleep_until(now_ms + REPORT_EVERY_MS).await;
    }
}

/// Reports what has ended since the last report; the first one also names all entities.
async fn report(
    app: &App,
    time_zone: Zone,
    reported_to_ms: Option<TimestampMs>,
    now_ms: TimestampMs,
) -> anyhow::Result<()> {
    let factory = demo_factory(app, time_zone).await?;
    let zone = factory.time_zone;
    let simulated = SimulatedFactory { seed: SEED, zone, cameras: Cameras::TwoWithFaults };
    // Neither the first report nor one after a long pause reaches further back.
    let from_ms = start_of_yesterday_ms(zone, now_ms).max(reported_to_ms.unwrap_or(TimestampMs::MIN));
    let events = simulated.events_ended(from_ms.0, now_ms.0);
    let batches: Vec<Vec<RawEvent>> = events.chunks(BATCH_EVENTS).map(<[RawEvent]>::to_vec).collect();
    let mut stored = stream::iter(batches).map(|batch| store(app, batch)).buffered(BATCHES_AT_ONCE);
    while let Some(outcome) = stored.next().await {
        let Outcome { conflicts, rejected, .. } = outcome?;
        if conflicts + rejected > 0 {
            tracing::warn!(conflicts, rejected, "the demo factory already holds other events of these days");
        }
    }
    if reported_to_ms.is_none() {
        name_entities(app, &factory, simulated.roster()).await?;
    }
    Ok(())
}

/// Stores events as if their cameras had been connected all the time.
async fn store(app: &App, batch: Vec<RawEvent>) -> Result<Outcome, IngestError> {
    let judged = app.ingest.judge(batch)?.received_at_its_end();
    app.ingest.store(own_permit(), judged).await
}

#[expect(clippy::disallowed_methods, reason = "the demo factory's cameras are part of the server")]
fn own_access() -> Access {
    Access::of_server()
}

#[expect(clippy::disallowed_methods, reason = "the demo factory's cameras are part of the server")]
fn own_permit() -> Permit<SendEvents> {
    Permit::of_server(FACTORY_SLUG)
}

async fn demo_factory(app: &App, time_zone: Zone) -> anyhow::Result<Factory> {
    let snapshot = app.store.snapshot().await?;
    match report::factory::<NameEntities>(&own_access(), &snapshot, FACTORY_SLUG).await {
        Ok(scope) => return Ok(scope.factory().clone()),
        Err(ReportError::FactoryNotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    drop(snapshot);
    let created = app
        .store
        .create_factory(&own_access(), new_factory(time_zone), &Author::server(app.clock.now_ms()))
        .await?;
    created.map_err(|refused| {
        match refused {
            // Only a client can have taken the id meanwhile: the next report finds its factory.
            NotCreated::SlugTaken => anyhow::anyhow!("a client has just created the demo factory"),
            NotCreated::TooMany | NotCreated::NotPermitted => {
                anyhow::anyhow!("there are as many factories as may be")
            }
        }
    })
}

/// The demo factory before it has events.
pub(crate) fn new_factory(time_zone: Zone) -> NewFactory {
    NewFactory {
        slug: FACTORY_SLUG.into(),
        name: "Demo factory".to_owned(),
        time_zone,
        units_basis: UnitsBasis::Workers,
        state_hold_minutes: DEFAULT_HOLD_MINUTES,
        finality_grace_hours: DEFAULT_GRACE_HOURS,
        smallest_team: DEFAULT_SMALLEST_TEAM,
    }
}

fn start_of_yesterday_ms(zone: Zone, now_ms: TimestampMs) -> TimestampMs {
    let yesterday = WindowSpec::Period(Period::Yesterday).resolve(zone, now_ms).ok().flatten();
    yesterday.map_or(now_ms, |window| window.from_ms)
}

/// The change that gives an entity the name and area that it has in the simulation.
fn naming(unnamed: &Entity, roster: &[SimulatedEntity]) -> Option<EntityChange> {
    let is_it =
        |known: &&SimulatedEntity| known.entity_type == unnamed.entity_type && known.code == unnamed.code;
    let known = roster.iter().find(is_it)?;
    let patch =
        EntityPatch { name: Some(Some(known.name.to_owned())), area: Some(Some(known.area.to_owned())) };
    Some(EntityChange { entity_type: known.entity_type, code: unnamed.code.clone(), patch })
}

/// Sets the names and areas of entities that have neither, and keeps what people have set.
async fn name_entities(app: &App, factory: &Factory, roster: &[SimulatedEntity]) -> anyhow::Result<()> {
    let snapshot = app.store.snapshot().await?;
    let scope = report::factory(&own_access(), &snapshot, factory.slug.as_str()).await?;
    let stored = entities::list(&snapshot, &scope, EntityFilter::default()).await?;
    drop(snapshot);
    let unnamed = stored.iter().filter(|entity| entity.name.is_none() && entity.area.is_none());
    let changes: Vec<EntityChange> = unnamed.filter_map(|unnamed| naming(unnamed, roster)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let changed = app
        .store
        .update_entities(&scope, &changes, UnknownEntities::Refuse, &Author::server(app.clock.now_ms()))
        .await?;
    if let Ok(changed) = changed {
        app.live.announce(factory.id, changed.revision);
    }
    Ok(())
}
