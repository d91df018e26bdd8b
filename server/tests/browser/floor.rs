//! A factory as one finds it at work: the last day and a half up to this minute, with what real cameras do to the
//! numbers.
//!
//! * 24 workers in three areas and three crews: two crews are at work now, the third left an hour ago. 8 workstations.
//! * Breaks, absences, and stretches in which nobody was observed.
//! * Assembly is seen by two cameras that overlap and sometimes disagree.
//! * Packing's camera was unsure from four hours ago to three hours ago.
//! * The model was replaced half a day ago.
//! * Half of the workers have names; all have areas.
//!
//! It is the same each time, only its end is now.

mod shift;

use anyhow::Result;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use serde_json::{Value, json};

use self::shift::Seen;
use crate::andon::Andon;

/// The factory's id.
pub(crate) const FACTORY: &str = "plant";
const TIME_ZONE: &str = "Europe/Berlin";
const WORKERS: usize = 24;
const WORKSTATIONS: usize = 8;
const AREAS: [&str; 3] = ["Assembly", "Packing", "Paint"];
/// The first workers' names; the others are known by their ids alone.
const NAMES: [&str; 12] = [
    "Ada Kowalska",
    "Ben Okafor",
    "Chiara Ricci",
    "David Nguyen",
    "Elif Yılmaz",
    "Farid Haddad",
    "Greta Lindqvist",
    "Hiro Tanaka",
    "Inés Álvarez",
    "Jonas Weber",
    "Katya Petrova",
    "Liam O'Connor",
];
/// When each crew was at work, in hours before now.
const CREWS: [[(i64, i64); 2]; 3] = [[(30, 22), (6, 0)], [(33, 25), (9, 1)], [(28, 20), (4, 0)]];
/// Workstations stand empty between these.
const MACHINES: [(i64, i64); 3] = [(36, 31), (30, 18), (14, 0)];

/// A server with the factory in it.
pub(crate) async fn floor() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory(FACTORY, TIME_ZONE).await?;
    andon.ingest(FACTORY, events(Utc::now().duration_trunc(TimeDelta::minutes(1))?).into()).await?;
    for number in 0..WORKERS {
        let input = json!({ "name": NAMES.get(number), "area": area(number, WORKERS) });
        describe(&andon, "Worker", &format!("W{}", number + 1), input).await?;
    }
    for number in 0..WORKSTATIONS {
        let input = json!({ "area": area(number, WORKSTATIONS) });
        describe(&andon, "Workstation", &format!("S{}", number + 1), input).await?;
    }
    Ok(andon)
}

async fn describe(andon: &Andon, kind: &str, id: &str, input: Value) -> Result<()> {
    let argument = format!("{}Id", kind.to_lowercase());
    let mutation = format!(
        "mutation($factory: ID!, $id: ID!, $input: UpdateEntityInput!) {{
            update{kind}(factoryId: $factory, {argument}: $id, input: $input) {{ id }}
        }}"
    );
    andon.graphql(&mutation, json!({ "factory": FACTORY, "id": id, "input": input })).await.map(drop)
}

/// Neighbours work in the same area.
fn area(number: usize, of: usize) -> &'static str {
    AREAS[number * AREAS.len() / of]
}

/// Everything that was seen until `now`.
fn events(now: DateTime<Utc>) -> Vec<Value> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut events = Vec::new();
    for number in 0..WORKERS {
        let area = area(number, WORKERS);
        for shift in CREWS[number % CREWS.len()] {
            for seen in shift::seen(shift, number, &mut random) {
                let place = format!("S{}", number * WORKSTATIONS / WORKERS + 1);
                let mut event = event(now, &seen, "WORKER", &format!("W{}", number + 1), area);
                event["workstationId"] = place.into();
                let second = (area == AREAS[0]).then(|| shift::seen_again(&seen, &mut random)).flatten();
                events.push(event.clone());
                events.extend(second.map(|seen| by_second_camera(now, event, &seen)));
            }
        }
    }
    for number in 0..WORKSTATIONS {
        let area = area(number, WORKSTATIONS);
        for shift in MACHINES {
            let seen = shift::seen(shift, number, &mut random);
            events.extend(
                seen.iter().map(|seen| event(now, seen, "WORKSTATION", &format!("S{}", number + 1), area)),
            );
        }
    }
    events
}

fn event(now: DateTime<Utc>, seen: &Seen, entity_type: &str, id: &str, area: &str) -> Value {
    let hours_ago = seen.minutes_ago / 60;
    let is_unsure = area == AREAS[1] && hours_ago == 3;
    let confidence = if is_unsure { seen.certainty * 0.5 } else { seen.certainty };
    json!({
        "timestamp": (now - TimeDelta::minutes(seen.minutes_ago)).to_rfc3339(),
        "entityType": entity_type, "entityId": id,
        "eventType": seen.doing, "durationMinutes": seen.minutes, "unitsProduced": seen.units,
        "confidence": (confidence * 100.0).round() / 100.0,
        "modelVersion": if hours_ago >= 12 { "activity-2.1" } else { "activity-2.2" },
        "sourceId": format!("cam-{}", area.to_lowercase())
    })
}

/// The other camera's report of what the first one's event tells.
fn by_second_camera(now: DateTime<Utc>, mut first: Value, seen: &Seen) -> Value {
    first["timestamp"] = (now - TimeDelta::minutes(seen.minutes_ago)).to_rfc3339().into();
    first["durationMinutes"] = seen.minutes.into();
    first["eventType"] = seen.doing.into();
    first["unitsProduced"] = seen.units.into();
    first["confidence"] = ((seen.certainty * 100.0).round() / 100.0).into();
    first["sourceId"] = format!("cam-{}-2", AREAS[0].to_lowercase()).into();
    first
}
