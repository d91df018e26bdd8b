//! What a camera sees of one worker or workstation in one shift.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// One report, its begin told in minutes before now.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) minutes_ago: i64,
    pub(super) minutes: i64,
    pub(super) doing: &'static str,
    pub(super) units: i64,
    /// How sure the model is, 0 to 1.
    pub(super) certainty: f64,
}

/// How long one report is, in minutes.
const REPORT_MINUTES: std::ops::RangeInclusive<i64> = 2..=14;
/// How long nobody looks, when nobody does.
const GAP_MINUTES: std::ops::RangeInclusive<i64> = 5..=20;
/// A break begins so long after the shift's begin and lasts so long.
const BREAK_AFTER_MINUTES: i64 = 180;
const BREAK_MINUTES: i64 = 30;

/// The reports of a shift that lasts from and to so many hours before now, without overlap, in the order of time.
pub(super) fn seen((from, to): (i64, i64), number: usize, random: &mut ChaCha8Rng) -> Vec<Seen> {
    let (begin, end) = (from * 60, to * 60);
    // Nobody is as good as everybody else, and nobody gets much better overnight.
    let skill = 0.55 + (number * 7 % 10) as f64 / 25.0;
    let units_per_minute = 0.4 + (number * 3 % 8) as f64 / 10.0;
    let mut seen = Vec::new();
    let (mut minutes_ago, mut had_break) = (begin, false);
    while minutes_ago > end {
        let is_break = !had_break && begin - minutes_ago >= BREAK_AFTER_MINUTES;
        had_break |= is_break;
        let minutes = if is_break { BREAK_MINUTES } else { random.random_range(REPORT_MINUTES) };
        let minutes = minutes.min(minutes_ago - end);
        let doing = match random.random::<f64>() {
            _ if is_break => "IDLE",
            chance if chance < skill => "WORKING",
            chance if chance < 0.94 => "IDLE",
            _ => "ABSENT",
        };
        let units = if doing == "WORKING" { (minutes as f64 * units_per_minute).round() as i64 } else { 0 };
        let certainty = random.random_range(0.82..0.99);
        seen.push(Seen { minutes_ago, minutes, doing, units, certainty });
        minutes_ago -= minutes;
        // The last report ends with the shift.
        let is_covered = random.random::<f64>() < 0.04 && minutes_ago - end > *GAP_MINUTES.end();
        minutes_ago -= if is_covered { random.random_range(GAP_MINUTES) } else { 0 };
    }
    seen
}

/// A second camera's report of the same, a minute later and not always of the same opinion; it misses most.
pub(super) fn seen_again(first: &Seen, random: &mut ChaCha8Rng) -> Option<Seen> {
    let is_caught = random.random::<f64>() < 0.3 && first.minutes_ago > 1;
    let doing = if random.random::<f64>() < 0.15 { "IDLE" } else { first.doing };
    let certainty = random.random_range(0.7..0.95);
    is_caught.then(|| Seen {
        minutes_ago: first.minutes_ago - 1,
        minutes: first.minutes.min(first.minutes_ago - 1),
        doing,
        units: 0,
        certainty,
    })
}
