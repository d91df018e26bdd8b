//! What really happens in a shift: one worker of a line works at its two workstations, waits, takes breaks.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{ROSTER, SimulatedEntity, SimulatedFactory};
use crate::{
    MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, event::EventType, window::local_clock::first_instant_showing,
};

/// Everything lasts whole tenths of a minute, which a number of minutes writes exactly.
pub(super) const TICK_MS: i64 = 6_000;

/// The shortest interval, so that cameras which are seconds apart never mistake one interval for the next.
const SPELL_MS_MIN: i64 = MS_PER_MINUTE;

/// When the day shift begins and the night shift ends, by the local clock.
const DAY_SHIFT_MS: i64 = 6 * MS_PER_HOUR;

/// When the night shift begins and the day shift ends, by the local clock.
const NIGHT_SHIFT_MS: i64 = 18 * MS_PER_HOUR;

/// When breaks begin, after the shift has; the one in the middle is a double one.
const BREAKS_MS: [i64; 4] =
    [150 * MS_PER_MINUTE, 330 * MS_PER_MINUTE, 345 * MS_PER_MINUTE, 540 * MS_PER_MINUTE];

/// How long each break lasts.
const BREAK_MS: i64 = 15 * MS_PER_MINUTE;

/// A workstation without work is reported as idle this often.
const IDLE_REPORT_MS: i64 = 5 * MS_PER_MINUTE;

/// Who works a shift of a line, and where.
struct Crew {
    worker: SimulatedEntity,
    workstations: [SimulatedEntity; 2],
    /// Units finished per hour of work on an ordinary day.
    units_per_hour: i64,
    /// How likely the worker waits rather than works next.
    idle_percent: i64,
    is_day_shift: bool,
}

/// The first worker of each line has the day shift, the second the night shift.
const fn crew(worker: usize, units_per_hour: i64, idle_percent: i64) -> Crew {
    let line = worker / 2;
    Crew {
        worker: ROSTER[worker],
        workstations: [ROSTER[6 + 2 * line], ROSTER[7 + 2 * line]],
        units_per_hour,
        idle_percent,
        is_day_shift: worker.is_multiple_of(2),
    }
}

const CREWS: [Crew; 6] =
    [crew(0, 24, 17), crew(1, 19, 25), crew(2, 12, 31), crew(3, 14, 36), crew(4, 9, 22), crew(5, 8, 40)];

/// An interval of one worker or workstation, as it truly was.
pub(super) struct Spell {
    pub(super) entity: SimulatedEntity,
    pub(super) event_type: EventType,
    pub(super) started_at_ms: i64,
    pub(super) duration_ms: i64,
    pub(super) units: i64,
    pub(super) workstation: Option<&'static str>,
}

/// One crew's shift on one day.
pub(super) struct Shift {
    /// The line's position in the factory.
    pub(super) line: usize,
    /// Whether it is the day's, and not the night's.
    pub(super) is_day_shift: bool,
    /// What the chances of this shift, and of those who watch it, are drawn from.
    pub(super) seed: [u8; 32],
    /// What happened, the worker's spells before those of the workstations.
    pub(super) spells: Vec<Spell>,
}

/// The shifts that begin on a local day.
pub(super) fn of_day(factory: &SimulatedFactory, day: i64) -> Vec<Shift> {
    let at_clock = |day: i64, time_ms: i64| {
        let shown_ms = first_instant_showing(factory.zone, day * MS_PER_DAY + time_ms).0;
        shown_ms - shown_ms.rem_euclid(TICK_MS)
    };
    let shift = |(index, crew): (usize, &Crew)| {
        let seed = seed(factory.seed, day, index);
        let (from_ms, to_ms) = if crew.is_day_shift {
            (at_clock(day, DAY_SHIFT_MS), at_clock(day, NIGHT_SHIFT_MS))
        } else {
            (at_clock(day, NIGHT_SHIFT_MS), at_clock(day + 1, DAY_SHIFT_MS))
        };
        let mut spells = work(crew, from_ms, to_ms, &mut ChaCha8Rng::from_seed(seed));
        for workstation in crew.workstations {
            spells.extend(occupation(workstation, &spells, from_ms, to_ms));
        }
        Shift { line: index / 2, is_day_shift: crew.is_day_shift, seed, spells }
    };
    CREWS.iter().enumerate().map(shift).collect()
}

fn seed(factory_seed: u64, day: i64, crew: usize) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&factory_seed.to_le_bytes());
    seed[8..16].copy_from_slice(&day.to_le_bytes());
    seed[16..24].copy_from_slice(&(crew as u64).to_le_bytes());
    seed
}

/// What the worker does from one end of the shift to the other, one spell after another. A few are seen by nobody.
fn work(crew: &Crew, from_ms: i64, to_ms: i64, rng: &mut ChaCha8Rng) -> Vec<Spell> {
    let pace_percent = rng.random_range(90..=110);
    let mut spells = Vec::new();
    let mut work_done = 0;
    let mut next_ms = from_ms;
    while next_ms < to_ms {
        let started_at_ms = next_ms;
        let since_ms = started_at_ms - from_ms;
        let on_break = BREAKS_MS.iter().any(|break_ms| (*break_ms..break_ms + BREAK_MS).contains(&since_ms));
        let next_break =
            BREAKS_MS.iter().map(|break_ms| from_ms + break_ms).find(|&at_ms| at_ms > started_at_ms);
        let limit_ms = next_break.unwrap_or(to_ms).min(to_ms);
        let (seen, length_ms) =
            if on_break { (Some(EventType::Absent), BREAK_MS) } else { next_activity(crew, rng) };
        let duration_ms = cut(length_ms, limit_ms - started_at_ms);
        next_ms += duration_ms;
        let Some(event_type) = seen else { continue };
        let mut spell = Spell {
            entity: crew.worker,
            event_type,
            started_at_ms,
            duration_ms,
            units: 0,
            workstation: None,
        };
        if event_type == EventType::Working {
            // Work goes on across spells: a unit is finished in the one that completes it.
            let unit = 100 * MS_PER_HOUR;
            work_done = work_done % unit + duration_ms * crew.units_per_hour * pace_percent;
            spell.units = work_done / unit;
            spell.workstation = Some(crew.workstations[usize::from(rng.random_range(0..100) < 45)].code);
        }
        spells.push(spell);
    }
    spells
}

/// What the worker does next and for how long; nothing when nobody sees it.
fn next_activity(crew: &Crew, rng: &mut ChaCha8Rng) -> (Option<EventType>, i64) {
    let (seen, ticks) = match rng.random_range(0..100) {
        0..2 => (None, 10..=30),
        2..4 => (Some(EventType::Absent), 10..=40),
        _ if rng.random_range(0..100) < crew.idle_percent => (Some(EventType::Idle), 10..=40),
        _ => (Some(EventType::Working), 20..=90),
    };
    (seen, rng.random_range(ticks) * TICK_MS)
}

/// A length that fits into the room there is, and leaves none too small for another spell.
fn cut(length_ms: i64, room_ms: i64) -> i64 {
    if length_ms + SPELL_MS_MIN > room_ms { room_ms } else { length_ms }
}

/// A workstation's spells: occupied while the worker works there, otherwise idle.
fn occupation(workstation: SimulatedEntity, worked: &[Spell], from_ms: i64, to_ms: i64) -> Vec<Spell> {
    let spell = |event_type, started_at_ms, duration_ms, units| Spell {
        entity: workstation,
        event_type,
        started_at_ms,
        duration_ms,
        units,
        workstation: None,
    };
    let mut spells = Vec::new();
    let mut next_ms = from_ms;
    let here = worked.iter().filter(|spell| spell.workstation == Some(workstation.code));
    let occupied = here.map(|spell| (spell.started_at_ms, spell.duration_ms, spell.units));
    for (started_at_ms, duration_ms, units) in occupied.chain([(to_ms, 0, 0)]) {
        while next_ms < started_at_ms {
            let idle_ms = cut(IDLE_REPORT_MS, started_at_ms - next_ms);
            spells.push(spell(EventType::Idle, next_ms, idle_ms, 0));
            next_ms += idle_ms;
        }
        if duration_ms > 0 {
            spells.push(spell(EventType::Working, started_at_ms, duration_ms, units));
            next_ms = started_at_ms + duration_ms;
        }
    }
    spells
}
