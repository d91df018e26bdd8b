//! Why a decision is refused, and the limits that it must keep.

use super::{DecisionKind, StandingRule};
use crate::{
    MS_PER_DAY,
    instant::to_rfc3339,
    time::{DurationMs, TimestampMs},
    timeline::CorrectedState,
};

/// The most workers or workstations of one correction: a large hall's, so that "all of them" is one decision.
pub const MAX_CORRECTED_ENTITIES: usize = 1_000;
/// The longest span of a correction: 31 days, so that a month is one decision and its buckets stay few.
pub const MAX_CORRECTED_SPAN_MS: DurationMs = DurationMs(31 * MS_PER_DAY);
/// The most units that a correction adds or takes away: as many as one event may report.
pub const MAX_CORRECTED_UNITS: i64 = crate::validate::MAX_UNITS;
/// The most characters of the note of a decision.
pub const MAX_NOTE_CHARS: usize = 500;

/// Why a decision is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionFault {
    /// A correction is of nobody, or of too many.
    #[error(
        "a correction must be of 1 to {MAX_CORRECTED_ENTITIES} workers or workstations, but is of {0}; \
         split a larger group into several decisions"
    )]
    Entities(usize),
    /// A correction ends before it begins.
    #[error("`from` must not be after `to`, but {} is after {}; swap them", text(*from_ms), text(*to_ms))]
    Reversed {
        /// The start asked for, Unix milliseconds.
        from_ms: TimestampMs,
        /// The end asked for, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// A correction spans too much.
    #[error(
        "a correction must span at most 31 days, but {} to {} is longer; split it into several decisions",
        text(*from_ms), text(*to_ms)
    )]
    TooLong {
        /// The start asked for, Unix milliseconds.
        from_ms: TimestampMs,
        /// The end asked for, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// A correction is about what has not happened yet.
    #[error(
        "a correction must end no later than now, {}, but `to` is {}; end it now and correct the rest later",
        text(*now_ms), text(*to_ms)
    )]
    InFuture {
        /// The end asked for, Unix milliseconds.
        to_ms: TimestampMs,
        /// The server's now, Unix milliseconds.
        now_ms: TimestampMs,
    },
    /// A correction says neither what happened nor how much was made.
    #[error("a correction must say a `state`, `units` other than 0, or both; this one would change nothing")]
    SaysNothing,
    /// A state is said of no time at all.
    #[error(
        "a correction from {} to the same instant may change units, but covers no time; \
         leave `state` out, or choose a `to` after `from`",
        text(*.0)
    )]
    StateOfAnInstant(TimestampMs),
    /// More units than may be.
    #[error(
        "the units of a correction must be a whole number from -{MAX_CORRECTED_UNITS} to {MAX_CORRECTED_UNITS}, but \
         are {0}; split them into several decisions"
    )]
    Units(i64),
    /// Units of several, of which nobody knows whose they are.
    #[error(
        "`units` may be corrected of one worker or workstation only, but this correction is of {0}; make one decision \
         for each, or leave `units` out"
    )]
    UnitsOfSeveral(usize),
    /// There is no note, or only blanks.
    #[error(
        "a decision must have a note of 1 to {MAX_NOTE_CHARS} characters, but it is empty; say why it is made"
    )]
    NoteEmpty,
    /// The note is too long.
    #[error("the note of a decision must have 1 to {MAX_NOTE_CHARS} characters, but has {0}; shorten it")]
    NoteTooLong(usize),
    /// A rule about which events count is about none.
    #[error(
        "`from` must be before `to`, but {} is not before {}; swap them, or leave one out for an open end",
        text(*from_ms), text(*to_ms)
    )]
    StandingOfNoTime {
        /// The first start asked for, Unix milliseconds.
        from_ms: TimestampMs,
        /// The first start after it that it is no longer about, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// A withdrawal names a withdrawal.
    #[error(
        "decision {0} is a withdrawal, which cannot be withdrawn; make the decision that it took back once more"
    )]
    WithdrawalOfWithdrawal(i32),
    /// A withdrawal names what was withdrawn before.
    #[error("decision {number} was withdrawn by decision {by} already; there is nothing left to do")]
    AlreadyWithdrawn {
        /// The decision that it names.
        number: i32,
        /// The decision that withdrew it.
        by: i32,
    },
}

fn text(instant_ms: TimestampMs) -> String {
    to_rfc3339(instant_ms.0)
}

/// What is judged of a correction before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposedCorrection {
    /// How many workers or workstations it is of.
    pub entities: usize,
    /// Start, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// End, which it does not include.
    pub to_ms: TimestampMs,
    /// What they did, if it says so.
    pub state: Option<CorrectedState>,
    /// Units added or taken away, if it says so.
    pub units: Option<i64>,
}

impl ProposedCorrection {
    /// Judges a correction that is made at `now_ms`.
    ///
    /// # Errors
    /// The first limit that it does not keep.
    pub fn judge(self, now_ms: TimestampMs) -> Result<(), DecisionFault> {
        let Self { entities, from_ms, to_ms, state, units } = self;
        if !(1..=MAX_CORRECTED_ENTITIES).contains(&entities) {
            return Err(DecisionFault::Entities(entities));
        }
        if from_ms > to_ms {
            return Err(DecisionFault::Reversed { from_ms, to_ms });
        }
        if to_ms.0.saturating_sub(from_ms.0) > MAX_CORRECTED_SPAN_MS.0 {
            return Err(DecisionFault::TooLong { from_ms, to_ms });
        }
        if to_ms > now_ms {
            return Err(DecisionFault::InFuture { to_ms, now_ms });
        }
        if let Some(units) = units.filter(|units| units.unsigned_abs() > MAX_CORRECTED_UNITS.unsigned_abs()) {
            return Err(DecisionFault::Units(units));
        }
        if units.is_some() && entities > 1 {
            return Err(DecisionFault::UnitsOfSeveral(entities));
        }
        if state.is_none() && units.is_none_or(|units| units == 0) {
            return Err(DecisionFault::SaysNothing);
        }
        if state.is_some() && from_ms == to_ms {
            return Err(DecisionFault::StateOfAnInstant(from_ms));
        }
        Ok(())
    }
}

/// Judges the note of a decision of any kind. Characters are Unicode scalar values.
///
/// # Errors
/// It is too short or too long.
pub fn judge_note(note: &str) -> Result<(), DecisionFault> {
    if note.trim().is_empty() {
        return Err(DecisionFault::NoteEmpty);
    }
    let characters = note.chars().count();
    if characters > MAX_NOTE_CHARS {
        return Err(DecisionFault::NoteTooLong(characters));
    }
    Ok(())
}

/// Judges a rule about which events count.
///
/// # Errors
/// No event could start in its span.
pub fn judge_standing(rule: &StandingRule) -> Result<(), DecisionFault> {
    match (rule.from_ms, rule.to_ms) {
        (Some(from_ms), Some(to_ms)) if from_ms >= to_ms => {
            Err(DecisionFault::StandingOfNoTime { from_ms, to_ms })
        }
        _ => Ok(()),
    }
}

/// Judges the withdrawal of a decision, by its number, its kind and the decision that withdrew it before.
///
/// # Errors
/// It cannot be withdrawn, or not once more.
pub fn judge_withdrawal(
    number: i32,
    kind: DecisionKind,
    withdrawn_by: Option<i32>,
) -> Result<(), DecisionFault> {
    match (kind, withdrawn_by) {
        (DecisionKind::Withdrawal, _) => Err(DecisionFault::WithdrawalOfWithdrawal(number)),
        (_, Some(by)) => Err(DecisionFault::AlreadyWithdrawn { number, by }),
        (_, None) => Ok(()),
    }
}
