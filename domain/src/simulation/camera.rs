//! What the cameras make of a shift: close to the truth, now and then mistaken, and sure of it to a degree.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    CameraReport, Cameras, SimulatedFactory,
    shift::{Shift, Spell, TICK_MS},
};
use crate::{
    MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE,
    event::{EntityType, EventType},
    time::TimestampMs,
    window::local_clock::{day_of, first_instant_showing},
    zone::Zone,
};

/// The two cameras of each line.
const SOURCES: [[&str; 2]; 3] = [
    ["cam-turning-1", "cam-turning-2"],
    ["cam-milling-1", "cam-milling-2"],
    ["cam-assembly-1", "cam-assembly-2"],
];

/// The models that the first and the second camera run.
const MODEL_VERSIONS: [&str; 2] = ["activity-2.1", "activity-2.2"];

/// How often the first camera reports while something goes on, so that it is seen live.
const REPORT_EVERY_MS: i64 = MS_PER_MINUTE;

/// How far the second camera's start and length may be off, in ticks. Less than half of the shortest spell, so that no
/// two of its reports have one start.
const TICKS_OFF_MAX: i64 = 3;

/// What the second camera of the first line runs in the day shift when it tries something new.
const NEWER_MODEL_VERSION: &str = "activity-2.3";

/// When a camera that fails reports, by the local clock: every day has some of it, and most of the time it has been silent for
/// hours.
const REPORTS_MS: Range<i64> = MS_PER_HOUR..3 * MS_PER_HOUR;

/// How a second camera behaves.
#[derive(Clone, Copy, PartialEq)]
enum Behavior {
    Usual,
    /// It runs another model in the day shift.
    NewerModel,
    /// It is never sure, and often wrong.
    Unsure,
    /// It reports at night alone, see [`REPORTS_MS`].
    Failing,
}

/// How the second cameras with faults behave, by line.
const BEHAVIORS: [Behavior; 3] = [Behavior::NewerModel, Behavior::Unsure, Behavior::Failing];

/// The line whose first camera reports its workers as states, where cameras have faults.
const LINE_OF_STATES: usize = 2;

/// In how many minutes such a camera reports again at the latest: more than the longest spell, so that what follows its last
/// report of a shift is soon known not to be observed.
const HOLD_MINUTES: i64 = 20;

/// The reports of all cameras that watch a shift.
pub(super) fn watch(factory: &SimulatedFactory, shift: &Shift) -> Vec<CameraReport> {
    let behavior = match factory.cameras {
        Cameras::One => return first_camera(shift),
        Cameras::TwoThatOverlap => Behavior::Usual,
        Cameras::TwoWithFaults => BEHAVIORS[shift.line],
    };
    let mut second = second_camera(shift, behavior);
    if behavior == Behavior::Failing {
        second.retain(|report| is_reporting(factory.zone, report.started_at_ms));
    }
    let mut reports = if factory.cameras == Cameras::TwoWithFaults && shift.line == LINE_OF_STATES {
        first_camera_with_states(shift)
    } else {
        first_camera(shift)
    };
    reports.extend(second);
    reports
}

/// Whether a camera that fails reports what begins at an instant.
fn is_reporting(zone: Zone, at_ms: i64) -> bool {
    let day = day_of(zone, TimestampMs(at_ms));
    let at_clock = |time_ms: i64| first_instant_showing(zone, day * MS_PER_DAY + time_ms).0;
    (at_clock(REPORTS_MS.start)..at_clock(REPORTS_MS.end)).contains(&at_ms)
}

/// Sees every spell as it was and reports it minute by minute. It miscounts a workstation's units now and then.
fn first_camera(shift: &Shift) -> Vec<CameraReport> {
    first_camera_seeing(shift).into_iter().flat_map(minute_by_minute).collect()
}

/// Sees the same, and reports the workstations as ever, but of the worker only when another spell begins.
fn first_camera_with_states(shift: &Shift) -> Vec<CameraReport> {
    let seen = first_camera_seeing(shift).into_iter();
    let (of_worker, of_workstations): (Vec<_>, Vec<_>) =
        seen.partition(|report| report.entity.entity_type == EntityType::Worker);
    let mut reports = states(&of_worker);
    reports.extend(of_workstations.into_iter().flat_map(minute_by_minute));
    reports
}

/// What begins with each spell of one worker, and that nothing does when the last one ends. What was finished in a spell is
/// known, and reported, when the next one begins.
fn states(spells: &[CameraReport]) -> Vec<CameraReport> {
    let state = |spell: &CameraReport, units| CameraReport {
        duration_ms: 0,
        units,
        hold_minutes: Some(HOLD_MINUTES),
        ..spell.clone()
    };
    let units_before = std::iter::once(0).chain(spells.iter().map(|spell| spell.units));
    let begun = spells.iter().zip(units_before).map(|(spell, units)| state(spell, units));
    let left = spells.last().map(|last| CameraReport {
        event_type: EventType::Absent,
        started_at_ms: last.ended_at_ms(),
        workstation: None,
        ..state(last, last.units)
    });
    begun.chain(left).collect()
}

/// The spells as the first camera sees them.
fn first_camera_seeing(shift: &Shift) -> Vec<CameraReport> {
    let mut rng = chances(shift, 1);
    let see = |spell: &Spell| {
        let misses_one = spell.entity.entity_type == EntityType::Workstation && rng.random_range(0..40) == 0;
        CameraReport {
            units: (spell.units - i64::from(misses_one)).max(0),
            ..report(shift, spell, 0, rng.random_range(80..=99))
        }
    };
    shift.spells.iter().map(see).collect()
}

/// The parts of a report as they are reported while it goes on; what is left of a minute comes with the last.
fn minute_by_minute(whole: CameraReport) -> impl Iterator<Item = CameraReport> {
    let parts = (whole.duration_ms / REPORT_EVERY_MS).max(1);
    let offset_ms = move |part: i64| if part == parts { whole.duration_ms } else { part * REPORT_EVERY_MS };
    let units_by = move |part: i64| whole.units * offset_ms(part) / whole.duration_ms;
    (0..parts).map(move |part| CameraReport {
        started_at_ms: whole.started_at_ms + offset_ms(part),
        duration_ms: offset_ms(part + 1) - offset_ms(part),
        units: units_by(part + 1) - units_by(part),
        ..whole.clone()
    })
}

/// Sees two spells of three, some seconds off, and sometimes takes work for idleness. It counts no units, which are
/// facts and would count twice. Its reports carry an id, because some begin when one of the first camera's does.
fn second_camera(shift: &Shift, behavior: Behavior) -> Vec<CameraReport> {
    let mut rng = chances(shift, 2);
    let is_unsure = behavior == Behavior::Unsure;
    let see = |spell: &Spell| {
        if rng.random_range(0..3) == 0 {
            return None;
        }
        let mistakes_in_20 = if is_unsure { 10 } else { 1 };
        let mistaken = spell.event_type == EventType::Working && rng.random_range(0..20) < mistakes_in_20;
        let confidence_percent =
            if mistaken || is_unsure { rng.random_range(35..=60) } else { rng.random_range(65..=97) };
        let started_off = rng.random_range(1..=TICKS_OFF_MAX) * if rng.random() { 1 } else { -1 };
        let longer_by = rng.random_range(-TICKS_OFF_MAX..=TICKS_OFF_MAX);
        Some(CameraReport {
            event_type: if mistaken { EventType::Idle } else { spell.event_type },
            started_at_ms: spell.started_at_ms + started_off * TICK_MS,
            duration_ms: spell.duration_ms + longer_by * TICK_MS,
            units: 0,
            event_id: Some(SOURCES[shift.line][1]),
            model_version: if behavior == Behavior::NewerModel && shift.is_day_shift {
                NEWER_MODEL_VERSION
            } else {
                MODEL_VERSIONS[1]
            },
            ..report(shift, spell, 1, confidence_percent)
        })
    };
    shift.spells.iter().filter_map(see).collect()
}

/// Chances of one camera, so that adding another changes nothing for it.
fn chances(shift: &Shift, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::from_seed(shift.seed);
    rng.set_stream(stream);
    rng
}

fn report(shift: &Shift, spell: &Spell, camera: usize, confidence_percent: i64) -> CameraReport {
    CameraReport {
        entity: spell.entity,
        event_type: spell.event_type,
        started_at_ms: spell.started_at_ms,
        duration_ms: spell.duration_ms,
        units: spell.units,
        workstation: spell.workstation,
        confidence_percent,
        model_version: MODEL_VERSIONS[camera],
        source: SOURCES[shift.line][camera],
        event_id: None,
        hold_minutes: None,
    }
}
