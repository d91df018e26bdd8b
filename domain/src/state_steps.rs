//! What an entity was doing, step by step: what a timeline of many entities is drawn from.
//!
//! - Steps are counted from the Unix epoch like buckets, and the first and the last are cut at the window.
//! - A step has the state with the most counted time in it; of equal times working over idle over absent.
//! - A step in which nothing was observed has none.
//!
//! The time that counts in a step is the same whether it is read from segments or from the sums of buckets, so both give
//! the same states.

use crate::{
    event::EventType,
    time::{DurationMs, TimestampMs},
    totals::Totals,
    window::Window,
};

/// The most time of a step decides, so the states stand here in the order in which they win a tie.
const STATES: [EventType; 3] = [EventType::Working, EventType::Idle, EventType::Absent];

/// The letter of a step in which nothing was observed.
pub const NOTHING_OBSERVED: char = '-';

/// The letter of a state.
pub const fn letter(state: EventType) -> char {
    match state {
        EventType::Working => 'W',
        EventType::Idle => 'I',
        EventType::Absent => 'A',
    }
}

/// The state of a letter; none where nothing was observed.
pub const fn state_of(letter: char) -> Option<EventType> {
    match letter {
        'W' => Some(EventType::Working),
        'I' => Some(EventType::Idle),
        'A' => Some(EventType::Absent),
        _ => None,
    }
}

/// A window cut into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepGrid {
    window: Window,
    step_ms: DurationMs,
}

impl StepGrid {
    /// Cuts a window into steps of a length that is above 0. Those from five minutes on should be whole buckets.
    pub const fn new(window: Window, step_ms: DurationMs) -> Self {
        Self { window, step_ms }
    }

    /// What is cut.
    pub const fn window(self) -> Window {
        self.window
    }

    /// How long a step is that is not cut.
    pub const fn step_ms(self) -> DurationMs {
        self.step_ms
    }

    /// How many steps there are.
    pub const fn count(self) -> usize {
        (self.number_of(TimestampMs(self.window.to_ms.0 - 1)) - self.number_of(self.window.from_ms) + 1)
            as usize
    }

    /// From when to when the step at a place is, counted from 0 and cut at the window.
    pub fn step(self, place: usize) -> (TimestampMs, TimestampMs) {
        let number = self.number_of(self.window.from_ms) + place as i64;
        let [from_ms, to_ms] = [number, number + 1].map(|number| TimestampMs(number * self.step_ms.0));
        (from_ms.max(self.window.from_ms), to_ms.min(self.window.to_ms))
    }

    /// The number of the step that holds an instant, counted from the Unix epoch.
    const fn number_of(self, instant_ms: TimestampMs) -> i64 {
        instant_ms.0.div_euclid(self.step_ms.0)
    }

    /// The place of the step that holds an instant of the window.
    const fn place_of(self, instant_ms: TimestampMs) -> usize {
        (self.number_of(instant_ms) - self.number_of(self.window.from_ms)) as usize
    }
}

/// The counted time of one entity in the steps of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTimes {
    grid: StepGrid,
    /// In ms, in the order of [`STATES`].
    times: Vec<[i64; 3]>,
}

impl StepTimes {
    /// No time yet.
    pub fn new(grid: StepGrid) -> Self {
        Self { grid, times: vec![[0; 3]; grid.count()] }
    }

    /// Adds a segment, of which the part within the window counts. The segments of one entity do not overlap.
    pub fn add_segment(&mut self, from_ms: TimestampMs, to_ms: TimestampMs, state: EventType) {
        let (mut from_ms, to_ms) = (from_ms.max(self.grid.window.from_ms), to_ms.min(self.grid.window.to_ms));
        let state = STATES.iter().position(|known| *known == state).unwrap_or_default();
        while from_ms < to_ms {
            let end_ms = TimestampMs((self.grid.number_of(from_ms) + 1) * self.grid.step_ms.0).min(to_ms);
            if let Some(times) = self.times.get_mut(self.grid.place_of(from_ms)) {
                times[state] += (end_ms - from_ms).0;
            }
            from_ms = end_ms;
        }
    }

    /// Adds the sums of a bucket, of whatever level, that lies within the window and within one step.
    pub fn add_sums(&mut self, bucket_from_ms: TimestampMs, sums: &Totals) {
        if let Some(times) = self.times.get_mut(self.grid.place_of(bucket_from_ms)) {
            times[0] += sums.working_ms;
            times[1] += sums.idle_ms;
            times[2] += sums.absent_ms;
        }
    }

    /// A letter for each step up to the last in which anything was observed; empty where there is none.
    pub fn letters(&self) -> String {
        let observed =
            self.times.iter().rposition(|times| main_state(times).is_some()).map_or(0, |last| last + 1);
        self.times
            .iter()
            .take(observed)
            .map(|times| main_state(times).map_or(NOTHING_OBSERVED, letter))
            .collect()
    }
}

/// The state with the most time; the first of several with the same.
fn main_state(times: &[i64; 3]) -> Option<EventType> {
    let observed = times.iter().zip(STATES).filter(|(time_ms, _)| **time_ms > 0);
    // Of equal ones the last is the maximum.
    observed.rev().max_by_key(|(time_ms, _)| **time_ms).map(|(_, state)| state)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        MS_PER_HOUR, MS_PER_MINUTE,
        bucket::{BUCKET_MS, bucket_of},
        timeline::{Observation, segments, totals},
    };

    fn window(from_minute: i64, to_minute: i64) -> Window {
        Window {
            from_ms: TimestampMs(from_minute * MS_PER_MINUTE),
            to_ms: TimestampMs(to_minute * MS_PER_MINUTE),
        }
    }

    fn letters(grid: StepGrid, segments: &[(i64, i64, EventType)]) -> String {
        let mut times = StepTimes::new(grid);
        for &(from_s, to_s, state) in segments {
            times.add_segment(TimestampMs(from_s * 1_000), TimestampMs(to_s * 1_000), state);
        }
        times.letters()
    }

    #[test]
    fn a_step_has_the_state_with_the_most_time_in_it_and_of_equal_times_the_first() {
        let grid = StepGrid::new(window(0, 10), DurationMs(60_000));
        let seen = [
            (0, 31, EventType::Idle),
            (31, 60, EventType::Working),
            (60, 90, EventType::Absent),
            (90, 120, EventType::Idle),
            (120, 150, EventType::Idle),
            (150, 180, EventType::Working),
            (240, 241, EventType::Absent),
        ];
        assert_eq!(letters(grid, &seen), "IIW-A");
        assert_eq!(letters(grid, &[]), "");
    }

    #[test]
    fn steps_are_counted_from_the_epoch_and_cut_at_the_window() {
        let grid = StepGrid::new(window(30, 150), DurationMs(MS_PER_HOUR));
        assert_eq!(grid.count(), 3);
        let minutes = [(30, 60), (60, 120), (120, 150)];
        let steps = minutes.map(|(from, to)| window(from, to)).map(|step| (step.from_ms, step.to_ms));
        assert_eq!([0, 1, 2].map(|place| grid.step(place)), steps);
        let minutes = |from: i64, to: i64, state| (from * 60, to * 60, state);
        let seen = [
            // Only ten minutes of it are in the window.
            minutes(0, 40, EventType::Idle),
            minutes(40, 55, EventType::Working),
            minutes(120, 125, EventType::Working),
            minutes(125, 400, EventType::Absent),
        ];
        assert_eq!(letters(grid, &seen), "W-A");
    }

    #[test]
    fn each_state_has_a_letter_of_its_own() {
        for state in STATES {
            assert_eq!(state_of(letter(state)), Some(state));
        }
        assert_eq!(state_of(NOTHING_OBSERVED), None);
    }

    fn events() -> impl Strategy<Value = Vec<Observation>> {
        let event = (0_i64..400, 1_i64..90, 0_usize..3, 0_u16..4).prop_map(|(start, length, state, sure)| {
            let (start_ms, length_ms) = (start * MS_PER_MINUTE / 2, length * MS_PER_MINUTE / 3);
            Observation {
                confidence: (sure > 0).then_some(sure),
                ..Observation::interval(STATES[state], TimestampMs(start_ms), DurationMs(length_ms))
            }
        });
        proptest::collection::vec(event, 0..40)
    }

    proptest! {
        #[test]
        fn the_sums_of_buckets_give_the_same_states_as_the_segments(
            events in events(), from in 0_i64..20, length in 1_i64..30, buckets_a_step in 1_i64..13,
        ) {
            let window = Window {
                from_ms: TimestampMs(from * BUCKET_MS),
                to_ms: TimestampMs((from + length) * BUCKET_MS),
            };
            let grid = StepGrid::new(window, DurationMs(buckets_a_step * BUCKET_MS));
            let (mut by_segments, mut by_sums) = (StepTimes::new(grid), StepTimes::new(grid));
            for segment in segments(&events) {
                by_segments.add_segment(segment.from_ms, segment.to_ms, segment.event_type);
            }
            for (bucket, sums) in totals(&events).range(bucket_of(window.from_ms)..bucket_of(window.to_ms)) {
                by_sums.add_sums(TimestampMs(bucket * BUCKET_MS), sums);
            }
            prop_assert_eq!(by_segments, by_sums);
        }
    }
}
