//! The subscriptions about workers that are written down already until a day ends: whoever opens many of the same has the list of
//! workers read once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{id::PrincipalId, time::TimestampMs};

use crate::store::personal_access::Subject;

/// The most principals of which that is known; past it all are forgotten, and the next of each is written down again.
const MAX_PRINCIPALS: usize = 10_000;
/// The most subjects of one principal.
const MAX_SUBJECTS: usize = 200;

/// Until when what is written down.
#[derive(Debug, Default)]
pub(super) struct Subjects(Mutex<HashMap<PrincipalId, HashMap<Subject, TimestampMs>>>);

impl Subjects {
    /// Until when it need not be written down again that somebody follows something; none where it has to be now.
    pub(super) fn until(
        &self,
        principal: PrincipalId,
        subject: &Subject,
        now_ms: TimestampMs,
    ) -> Option<TimestampMs> {
        let until_ms = *self.lock().get(&principal)?.get(subject)?;
        (now_ms < until_ms).then_some(until_ms)
    }

    /// Keeps that it is written down.
    pub(super) fn keep(&self, principal: PrincipalId, subject: &Subject, until_ms: TimestampMs) {
        let mut all = self.lock();
        if all.len() >= MAX_PRINCIPALS && !all.contains_key(&principal) {
            all.clear();
        }
        let of_principal = all.entry(principal).or_default();
        if of_principal.len() >= MAX_SUBJECTS {
            of_principal.clear();
        }
        of_principal.insert(subject.clone(), until_ms);
    }

    /// Forgets what is over.
    pub(super) fn forget_past(&self, now_ms: TimestampMs) {
        self.lock().retain(|_, of_principal| {
            of_principal.retain(|_, until_ms| now_ms < *until_ms);
            !of_principal.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PrincipalId, HashMap<Subject, TimestampMs>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::personal_access::AccessQuestion;

    fn of(workers: &[&str]) -> Subject {
        Subject {
            question: AccessQuestion::Figures,
            factory_slug: "plant".to_owned(),
            workers: Some(workers.iter().map(|&worker| worker.to_owned()).collect()),
            area: None,
        }
    }

    #[test]
    fn what_is_written_down_is_so_for_one_principal_and_one_subject_until_the_day_ends() {
        let (subjects, kim) = (Subjects::default(), PrincipalId(1));
        let end = TimestampMs(1_000);
        subjects.keep(kim, &of(&["W1"]), end);
        assert_eq!(subjects.until(kim, &of(&["W1"]), TimestampMs(999)), Some(end));
        assert_eq!(subjects.until(kim, &of(&["W1"]), end), None);
        assert_eq!(subjects.until(kim, &of(&["W2"]), TimestampMs(0)), None);
        assert_eq!(subjects.until(PrincipalId(2), &of(&["W1"]), TimestampMs(0)), None);
        subjects.forget_past(end);
        assert!(subjects.lock().is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let subjects = Subjects::default();
        for number in 0..MAX_SUBJECTS + 10 {
            subjects.keep(PrincipalId(1), &of(&[&number.to_string()]), TimestampMs(1));
        }
        assert_eq!(subjects.lock()[&PrincipalId(1)].len(), 10);
        for principal in 0..MAX_PRINCIPALS + 10 {
            subjects.keep(PrincipalId(principal as i32), &of(&["W1"]), TimestampMs(1));
        }
        assert_eq!(subjects.lock().len(), 10);
    }
}
