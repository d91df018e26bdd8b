//! What a factory may have been told and may have decided: workers and a workstation whose reports crowd into two hours, so
//! that they overlap, touch, tie and follow each other exactly when they hold no longer.

use std::collections::BTreeSet;

use domain::event::EventType;
use domain::timeline::{CorrectedState, Standing};
use proptest::{collection::vec, option, prelude::*, sample::Index};

/// 2026-01-05T08:00:00Z, in Unix milliseconds.
pub(crate) const T0_MS: i64 = 1_767_600_000_000;
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Two workers, and the workstation that some of their state reports name.
pub(crate) const ENTITIES: [usize; 3] = [0, 1, STATION];
pub(crate) const STATION: usize = 2;

/// Names in the order in which they were stored, which is not that of their bytes.
pub(crate) const NAMES: [&str; 3] = ["v9", "v10", "b"];

/// How long a report says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Length {
    Interval { ms: i64 },
    State { hold_minutes: u16 },
}

/// A report as it was sent. Model version and source are indices of [`NAMES`].
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) entity: usize,
    pub(crate) event_type: EventType,
    pub(crate) start_ms: i64,
    pub(crate) length: Length,
    pub(crate) units: i64,
    pub(crate) confidence: Option<u16>,
    pub(crate) model: Option<usize>,
    pub(crate) source: Option<usize>,
    pub(crate) code: &'static str,
    pub(crate) at_station: bool,
}

impl Told {
    pub(crate) fn is_state(&self) -> bool {
        matches!(self.length, Length::State { .. })
    }

    pub(crate) fn named(&self) -> Named {
        (self.entity, self.is_state(), self.event_type, self.start_ms, self.code)
    }
}

/// What a retraction names: the entity, whether it is a state report, its type, start and code.
pub(crate) type Named = (usize, bool, EventType, i64, &'static str);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Models {
    All,
    Without,
    One(usize),
}

/// A decision; its number is its place, from 1.
#[derive(Clone, Debug)]
pub(crate) enum Decided {
    Correction {
        entities: BTreeSet<usize>,
        from_ms: i64,
        to_ms: i64,
        state: Option<CorrectedState>,
        units: i64,
    },
    Standing {
        standing: Standing,
        source: Option<usize>,
        models: Models,
        from_ms: Option<i64>,
        to_ms: Option<i64>,
    },
    Retraction(Named),
    Withdrawal(i32),
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) told: Vec<Told>,
    pub(crate) decided: Vec<Decided>,
}

impl World {
    /// The same with all that can be withdrawn withdrawn.
    pub(crate) fn all_withdrawn(&self) -> Self {
        let mut decided = self.decided.clone();
        for (number, decision) in (1..).zip(&self.decided) {
            let is_withdrawn =
                |other: &Decided| matches!(other, Decided::Withdrawal(named) if *named == number);
            if !matches!(decision, Decided::Withdrawal(_)) && !self.decided.iter().any(is_withdrawn) {
                decided.push(Decided::Withdrawal(number));
            }
        }
        Self { told: self.told.clone(), decided }
    }

    pub(crate) fn last_decision(&self) -> i32 {
        self.decided.len() as i32
    }
}

/// Any world.
pub(crate) fn world() -> impl Strategy<Value = World> {
    (told(), vec(decided(), 0..9)).prop_map(|(told, drafts)| {
        let mut decided: Vec<Decided> = Vec::new();
        for draft in drafts {
            match draft {
                Draft::Made(decision) => decided.push(decision),
                Draft::Retraction(index) if !told.is_empty() => {
                    decided.push(Decided::Retraction(index.get(&told).named()));
                }
                Draft::Withdrawal(index) => decided.extend(withdrawal(&decided, index)),
                Draft::Retraction(_) => {}
            }
        }
        World { told, decided }
    })
}

/// A withdrawal of one of those that can be withdrawn.
fn withdrawal(made: &[Decided], index: Index) -> Option<Decided> {
    let withdrawn: Vec<i32> = made
        .iter()
        .filter_map(|decision| match decision {
            Decided::Withdrawal(number) => Some(*number),
            _ => None,
        })
        .collect();
    let numbered = (1..).zip(made);
    let left: Vec<i32> = numbered
        .filter(|(number, decision)| {
            !matches!(decision, Decided::Withdrawal(_)) && !withdrawn.contains(number)
        })
        .map(|(number, _)| number)
        .collect();
    (!left.is_empty()).then(|| Decided::Withdrawal(*index.get(&left)))
}

/// Instants on whole minutes, some of them a millisecond later.
fn instant() -> impl Strategy<Value = i64> {
    (0_i64..60, prop_oneof![9 => Just(0_i64), 1 => Just(1)])
        .prop_map(|(minute, ms)| T0_MS + minute * MINUTE_MS + ms)
}

fn told() -> impl Strategy<Value = Vec<Told>> {
    let event_type = prop_oneof![Just(EventType::Working), Just(EventType::Idle), Just(EventType::Absent)];
    let ms =
        prop_oneof![1 => Just(0), 1 => Just(1), 8 => (1_i64..30).prop_map(|minutes| minutes * MINUTE_MS)];
    let hold = prop_oneof![Just(1_u16), Just(5), Just(10), Just(60)];
    let length = prop_oneof![
        1 => ms.prop_map(|ms| Length::Interval { ms }),
        2 => hold.prop_map(|hold_minutes| Length::State { hold_minutes }),
    ];
    // Most reports are of one worker, say one of few things and start at one of few instants.
    let who = (prop_oneof![3 => Just(0_usize), 2 => Just(1), 1 => Just(STATION)], any::<bool>());
    let when = prop_oneof![1 => instant(), 2 => (0_i64..6).prop_map(|five| T0_MS + five * 5 * MINUTE_MS)];
    let said = (event_type.clone(), 0_i64..9, option::of((0_u16..2).prop_map(|parts| parts * 4_000)));
    let names = (name(), name(), prop_oneof![2 => Just(""), 1 => Just("a"), 1 => Just("b")]);
    let report = (who, when, length.clone(), said, names).prop_map(|(who, start_ms, length, said, names)| {
        let ((entity, at_station), (event_type, units, confidence), (model, source, code)) =
            (who, said, names);
        Told { entity, event_type, start_ms, length, units, confidence, model, source, code, at_station }
    });
    // Some are said again with one thing changed: by another model, in another form, of the workstation itself.
    let twist = prop_oneof![
        3 => name().prop_map(Twist::Model),
        2 => name().prop_map(Twist::Source),
        2 => length.prop_map(Twist::Length),
        1 => event_type.prop_map(Twist::Type),
        2 => prop::sample::select(ENTITIES.to_vec()).prop_map(Twist::Entity),
        2 => (1_i64..4).prop_map(|five| Twist::Later(five * 5 * MINUTE_MS)),
    ];
    let confidence = option::of(Just(4_000_u16));
    vec((report, vec((twist, option::of(confidence)), 0..4)), 0..7).prop_map(|clusters| {
        let mut told = Vec::new();
        for (report, twists) in clusters {
            told.push(report);
            for (twist, confidence) in twists {
                let mut again = told[told.len() - 1].clone();
                again.units += 1;
                again.confidence = confidence.unwrap_or(again.confidence);
                twist.apply(&mut again);
                told.push(again);
            }
        }
        for report in &mut told {
            report.at_station &= report.entity != STATION;
        }
        let mut seen = BTreeSet::new();
        told.retain(|report| {
            let source = report.source.filter(|_| report.is_state());
            seen.insert((report.named(), report.model, source))
        });
        told
    })
}

fn name() -> impl Strategy<Value = Option<usize>> {
    option::of(0..NAMES.len())
}

/// What is said otherwise of the same.
#[derive(Clone, Copy, Debug)]
enum Twist {
    Model(Option<usize>),
    Source(Option<usize>),
    Length(Length),
    Type(EventType),
    Entity(usize),
    Later(i64),
}

impl Twist {
    fn apply(self, told: &mut Told) {
        match self {
            Self::Model(model) => told.model = model,
            Self::Source(source) => told.source = source,
            Self::Length(length) => told.length = length,
            Self::Type(event_type) => told.event_type = event_type,
            Self::Entity(entity) => told.entity = entity,
            Self::Later(ms) => told.start_ms += ms,
        }
    }
}

#[derive(Clone, Debug)]
enum Draft {
    Made(Decided),
    Retraction(Index),
    Withdrawal(Index),
}

fn decided() -> impl Strategy<Value = Draft> {
    prop_oneof![
        4 => correction().prop_map(Draft::Made),
        3 => standing().prop_map(Draft::Made),
        1 => any::<Index>().prop_map(Draft::Retraction),
        2 => any::<Index>().prop_map(Draft::Withdrawal),
    ]
}

/// Corrections of all kinds: nested, crossing and equal, of a millisecond and of an instant.
fn correction() -> impl Strategy<Value = Decided> {
    let state = prop_oneof![
        Just(CorrectedState::Working),
        Just(CorrectedState::Idle),
        Just(CorrectedState::Absent),
        Just(CorrectedState::NotObserved),
    ];
    let ms = prop_oneof![1 => Just(0), 1 => Just(1), 6 => (1_i64..8).prop_map(|five| five * 5 * MINUTE_MS)];
    let who = prop::sample::subsequence(ENTITIES.to_vec(), 1..=3);
    (who, instant(), ms, option::of(state), -20_i64..20).prop_map(|(who, from_ms, ms, state, units)| {
        let units = if who.len() == 1 { units } else { 0 };
        let state = state.filter(|_| ms > 0);
        Decided::Correction {
            entities: who.into_iter().collect(),
            from_ms,
            to_ms: from_ms + ms,
            state,
            units,
        }
    })
}

fn standing() -> impl Strategy<Value = Decided> {
    let standing = prop_oneof![Just(Standing::Serving), Just(Standing::Shadow), Just(Standing::Quarantined)];
    let models = prop_oneof![
        2 => Just(Models::All),
        1 => Just(Models::Without),
        2 => (0..NAMES.len()).prop_map(Models::One),
    ];
    let ends = (option::of(instant()), option::of(instant()));
    (standing, option::of(0..NAMES.len()), models, ends).prop_map(
        |(standing, source, models, (from_ms, to_ms))| Decided::Standing {
            standing,
            source,
            models,
            from_ms,
            to_ms,
        },
    )
}
