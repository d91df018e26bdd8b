//! What arrives when, without I/O: the domain's simulated factory, seen through devices and networks with faults.
//!
//! The same settings give the same arrivals on every machine, and however the time is cut: each event's chances are drawn
//! from the seed and the event itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use domain::event::{EntityType, RawEvent};
use domain::simulation::{Cameras, SimulatedFactory};
use domain::zone::Zone;
use domain::{MS_PER_DAY, MS_PER_MINUTE};

/// Workers of one of the domain's simulated factories, each of which becomes a hall.
const WORKERS_PER_HALL: u32 = 6;

/// Workers of one line, and workstations of one line.
const CREW_OF_LINE: u32 = 2;

/// The most workers: enough for any test of load, few enough to be made in real time.
pub const MAX_WORKERS: u32 = 10_000;

/// How late an event may be when the order is lost, and how late its repeat.
const LATE_MS: u64 = 15 * MS_PER_MINUTE as u64;

/// A factory's network has one outage in each of these spans.
const OUTAGE_EVERY_MS: i64 = 60 * MS_PER_MINUTE;

/// How long an outage is at the least and at the most.
const OUTAGE_MINUTES: std::ops::RangeInclusive<i64> = 5..=20;

/// How much confidence a drifting model loses a day, and when a new version takes its place.
const DRIFT_PER_DAY: f64 = 0.03;
const DRIFT_DAYS_OF_A_VERSION: i64 = 7;

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many workers there are; their workstations come with them.
    pub workers: u32,
    /// The zone whose clock the shifts follow.
    pub zone: Zone,
    /// How many cameras watch each line.
    pub cameras: Cameras,
    /// The share of events that arrive twice, 0 to 1.
    pub duplicates: f64,
    /// Whether events arrive late and in any order.
    pub shuffle: bool,
    /// Whether the network fails for some minutes each hour, and everything arrives behind that.
    pub outages: bool,
    /// How far ahead the devices' clock is, in seconds; behind if negative.
    pub clock_skew_seconds: i64,
    /// Whether models grow less sure by the day, until a new version takes over.
    pub model_drift: bool,
}

/// The arrivals of a stretch of time, one after another.
pub struct Script {
    settings: Settings,
    from_ms: i64,
    next_ms: i64,
    to_ms: Option<i64>,
    /// What has happened and not arrived yet, by when it does; the number keeps apart what arrives together.
    pending: BTreeMap<(i64, u64), RawEvent>,
    happened: u64,
}

impl Script {
    /// Begins at an instant in Unix milliseconds, and ends after a while unless it never does.
    pub fn new(settings: Settings, from_ms: i64, duration: Option<Duration>) -> Self {
        let to_ms = duration.map(|duration| from_ms + duration.as_millis() as i64);
        Self { settings, from_ms, next_ms: from_ms, to_ms, pending: BTreeMap::new(), happened: 0 }
    }

    /// Everything that arrives before an instant, in the order in which it does. In the end, all that is left.
    pub fn until(&mut self, instant_ms: i64) -> Vec<RawEvent> {
        let until_ms = self.to_ms.map_or(instant_ms, |to_ms| to_ms.min(instant_ms)).max(self.next_ms);
        for hall in 0..self.settings.workers.div_ceil(WORKERS_PER_HALL) {
            let factory = SimulatedFactory {
                seed: self.settings.seed.wrapping_add(u64::from(hall)),
                zone: self.settings.zone,
                cameras: self.settings.cameras,
            };
            for event in factory.events_ended(self.next_ms, until_ms) {
                if let Some(event) = self.in_hall(event, hall) {
                    self.schedule_arrivals(event);
                }
            }
        }
        self.next_ms = until_ms;
        let later = if self.is_over() { BTreeMap::new() } else { self.pending.split_off(&(until_ms, 0)) };
        std::mem::replace(&mut self.pending, later).into_values().collect()
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        self.to_ms.is_some_and(|to_ms| self.next_ms >= to_ms)
    }

    /// Where the simulated time stands, in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.next_ms
    }

    /// The event with the names of its hall; nothing if nobody works at its line.
    fn in_hall(&self, mut event: RawEvent, hall: u32) -> Option<RawEvent> {
        let renumber = |code: &str| -> Option<(String, u32)> {
            let (kind, number) = code.split_at_checked(1)?;
            let number = number.parse::<u32>().ok()? + hall * WORKERS_PER_HALL;
            Some((format!("{kind}{number}"), number))
        };
        let (entity_id, number) = renumber(&event.entity_id)?;
        let first_of_line = (number - 1) / CREW_OF_LINE * CREW_OF_LINE + 1;
        let needed = if event.entity_type == EntityType::Worker { number } else { first_of_line };
        event.entity_id = entity_id;
        event.workstation_id = event.workstation_id.and_then(|code| renumber(&code)).map(|(code, _)| code);
        if hall > 0 {
            event.source_id = event.source_id.map(|source| format!("hall-{}-{source}", hall + 1));
            event.event_id = event.event_id.map(|id| format!("hall-{}-{id}", hall + 1));
        }
        (needed <= self.settings.workers).then_some(event)
    }

    /// Lets an event arrive, once or twice, at once or late.
    fn schedule_arrivals(&mut self, mut event: RawEvent) {
        let Ok(began) = DateTime::parse_from_rfc3339(&event.timestamp) else { return };
        let began_ms = began.timestamp_millis();
        let ended_ms =
            began_ms + (event.duration_minutes.unwrap_or_default() * MS_PER_MINUTE as f64).round() as i64;
        let mut rng = self.random_of(&event);
        if self.settings.model_drift {
            self.drift(&mut event, began_ms);
        }
        if self.settings.clock_skew_seconds != 0 {
            let stamped = began + chrono::TimeDelta::seconds(self.settings.clock_skew_seconds);
            event.timestamp = stamped.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
        }
        let late_ms = if self.settings.shuffle { rng.u64(0..LATE_MS) } else { 0 };
        if rng.f64() < self.settings.duplicates {
            let repeat_ms = late_ms + rng.u64(1..LATE_MS);
            self.add_arrival(event.clone(), ended_ms + repeat_ms as i64);
        }
        self.add_arrival(event, ended_ms + late_ms as i64);
    }

    fn add_arrival(&mut self, event: RawEvent, at_ms: i64) {
        let at_ms = if self.settings.outages { self.after_outage(at_ms) } else { at_ms };
        self.happened += 1;
        self.pending.insert((at_ms, self.happened), event);
    }

    /// The end of the outage that an instant lies in, or the instant itself.
    fn after_outage(&self, at_ms: i64) -> i64 {
        let span = at_ms.div_euclid(OUTAGE_EVERY_MS);
        let mut rng = fastrand::Rng::with_seed(seed_of(self.settings.seed, &[&span.to_le_bytes()]));
        let length_ms = rng.i64(OUTAGE_MINUTES) * MS_PER_MINUTE;
        let from_ms = span * OUTAGE_EVERY_MS + rng.i64(0..OUTAGE_EVERY_MS - length_ms);
        if (from_ms..from_ms + length_ms).contains(&at_ms) { from_ms + length_ms } else { at_ms }
    }

    fn drift(&self, event: &mut RawEvent, began_ms: i64) {
        let days = (began_ms - self.from_ms).max(0) as f64 / MS_PER_DAY as f64;
        let versions_before = days as i64 / DRIFT_DAYS_OF_A_VERSION;
        let days_of_version = days - (versions_before * DRIFT_DAYS_OF_A_VERSION) as f64;
        let percent = |confidence: f64| (confidence * 100.0).round() / 100.0;
        event.confidence = event
            .confidence
            .map(|confidence| percent((confidence - DRIFT_PER_DAY * days_of_version).max(0.05)));
        if versions_before > 0 {
            event.model_version =
                event.model_version.take().map(|version| format!("{version}+{versions_before}"));
        }
    }

    fn random_of(&self, event: &RawEvent) -> fastrand::Rng {
        let event_id = event.event_id.as_deref().unwrap_or_default();
        let who = [event.entity_id.as_bytes(), event.timestamp.as_bytes(), event_id.as_bytes()];
        fastrand::Rng::with_seed(seed_of(self.settings.seed, &who))
    }
}

/// A seed of a seed and several things: FNV-1a, which is the same on every machine and in every version of Rust.
fn seed_of(seed: u64, things: &[&[u8]]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    /// What is in no text, so that two things do not run into each other.
    const BETWEEN: [u8; 1] = [0xff];
    let seed = seed.to_le_bytes();
    let bytes = things.iter().flat_map(|thing| thing.iter().chain(&BETWEEN));
    seed.iter().chain(bytes).fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FROM_MS: i64 = 1_767_600_000_000;
    const HOURS: u64 = 3_600;

    fn plain() -> Settings {
        Settings {
            seed: 1,
            workers: 6,
            zone: Zone::UTC,
            cameras: Cameras::One,
            duplicates: 0.0,
            shuffle: false,
            outages: false,
            clock_skew_seconds: 0,
            model_drift: false,
        }
    }

    fn script(settings: Settings, hours: u64) -> Script {
        Script::new(settings, FROM_MS, Some(Duration::from_secs(hours * HOURS)))
    }

    fn all(settings: Settings, hours: u64) -> Vec<RawEvent> {
        script(settings, hours).until(i64::MAX)
    }

    fn sorted(events: &[RawEvent]) -> Vec<String> {
        let mut lines: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_same_settings_give_the_same_arrivals_however_the_time_is_cut() {
        let faulty = Settings { duplicates: 0.2, shuffle: true, outages: true, workers: 9, ..plain() };
        let whole = all(faulty.clone(), 8);
        let mut cut = script(faulty.clone(), 8);
        let mut parts = Vec::new();
        for step in 1.. {
            parts.extend(cut.until(FROM_MS + step * 7 * MS_PER_MINUTE));
            if cut.is_over() {
                break;
            }
        }
        assert_eq!(parts.len(), whole.len());
        assert_eq!(sorted(&parts), sorted(&whole));
        assert_eq!(all(faulty.clone(), 8), whole);
        assert_ne!(all(Settings { seed: 2, ..faulty }, 8), whole);
    }

    #[test]
    fn as_many_workers_are_at_work_as_were_asked_for() {
        for (workers, workstations) in [(1, 2), (6, 6), (7, 8), (12, 12)] {
            let events = all(Settings { workers, ..plain() }, 24);
            let of = |entity_type| -> BTreeSet<&str> {
                let of_type = events.iter().filter(|event| event.entity_type == entity_type);
                of_type.map(|event| event.entity_id.as_str()).collect()
            };
            assert_eq!(of(EntityType::Worker).len(), workers as usize);
            assert_eq!(of(EntityType::Workstation).len(), workstations);
        }
    }

    #[test]
    fn a_share_arrives_twice_and_says_the_same() {
        let once = all(plain(), 24);
        let twice = all(Settings { duplicates: 0.25, ..plain() }, 24);
        let share = (twice.len() - once.len()) as f64 / once.len() as f64;
        assert!((0.2..0.3).contains(&share), "{share}");
        let distinct: BTreeSet<_> = sorted(&twice).into_iter().collect();
        assert_eq!(distinct.into_iter().collect::<Vec<_>>(), sorted(&once));
    }

    #[test]
    fn shuffled_arrivals_are_the_same_events_in_another_order() {
        let (ordered, shuffled) = (all(plain(), 6), all(Settings { shuffle: true, ..plain() }, 6));
        assert_ne!(ordered, shuffled);
        assert_eq!(sorted(&ordered), sorted(&shuffled));
    }

    #[test]
    fn nothing_arrives_in_an_outage_and_everything_behind_it() {
        let mut script = script(Settings { outages: true, ..plain() }, 24);
        let (mut longest, mut silent, mut events) = (0, 0, Vec::new());
        for minute in 1..=24 * 60 {
            let arrived = script.until(FROM_MS + minute * MS_PER_MINUTE);
            silent = if arrived.is_empty() { silent + 1 } else { 0 };
            longest = longest.max(silent);
            events.extend(arrived);
        }
        assert!(longest >= 5, "the longest silence was {longest} minutes");
        assert_eq!(sorted(&events), sorted(&all(plain(), 24)));
    }

    #[test]
    fn a_skewed_clock_stamps_everything_so() {
        let (right, ahead) = (all(plain(), 2), all(Settings { clock_skew_seconds: 86_400, ..plain() }, 2));
        assert_eq!(right.len(), ahead.len());
        let at = |event: &RawEvent| DateTime::parse_from_rfc3339(&event.timestamp).unwrap().timestamp();
        assert!(right.iter().zip(&ahead).all(|(right, ahead)| at(ahead) - at(right) == 86_400));
    }

    #[test]
    fn a_drifting_model_grows_less_sure_until_a_new_version_takes_over() {
        let mut script = script(Settings { model_drift: true, ..plain() }, 24 * 9);
        let mut days = Vec::new();
        for day in 1..=9 {
            let events = script.until(FROM_MS + day * MS_PER_DAY);
            let sum: f64 = events.iter().filter_map(|event| event.confidence).sum();
            let version = events.last().and_then(|event| event.model_version.clone()).unwrap();
            days.push((sum / events.len() as f64, version));
        }
        assert!(days[6].0 < days[0].0 - 0.1, "{days:?}");
        assert!(days[8].0 > days[6].0 + 0.1, "{days:?}");
        assert_eq!((days[0].1.as_str(), days[8].1.as_str()), ("activity-2.1", "activity-2.1+1"));
    }

    #[test]
    fn every_arrival_is_an_event_that_the_server_can_read() {
        let faulty = Settings { duplicates: 0.1, model_drift: true, workers: 13, ..plain() };
        for event in all(Settings { cameras: Cameras::TwoThatOverlap, ..faulty }, 12) {
            let line = serde_json::to_string(&event).unwrap();
            let judged = crate::line::parse(1, line.as_bytes());
            assert!(matches!(judged, crate::line::Line::Event(_)), "{line}: {judged:?}");
        }
    }
}
