//! What was refused: counted by who, what and from where, and written to the audit log once a minute, so that nobody can fill it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    id::{CredentialId, FactoryId, PrincipalId},
    time::TimestampMs,
};
use serde_json::json;

use crate::store::{
    Result, Store,
    access::{Author, Origin},
    audit_log::{AuditAction, AuditOutcome, Record},
};

/// The most different refusals of a minute that have a row each; past it they are counted together.
const MAX_DIFFERENT: usize = 500;
/// What is refused past that is called this.
const OTHERS: &str = "others";

/// What was refused and is not written down yet.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashMap<Refused, Count>>);

/// What refusals have in common that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refused {
    factory_id: Option<FactoryId>,
    principal_id: Option<PrincipalId>,
    name: std::sync::Arc<str>,
    credential_id: Option<CredentialId>,
    address: Option<std::net::IpAddr>,
    action: AuditAction,
    target: String,
}

#[derive(Clone, Debug)]
struct Count {
    times: i64,
    first_ms: TimestampMs,
    last: Author,
}

impl Refusals {
    /// Counts a refusal.
    pub(super) fn note(
        &self,
        author: &Author,
        factory_id: Option<FactoryId>,
        action: AuditAction,
        target: &str,
    ) {
        let mut refused = Refused {
            factory_id,
            principal_id: author.principal_id,
            name: author.name.clone(),
            credential_id: author.credential_id,
            address: author.origin.as_ref().map(|origin| origin.address),
            action,
            target: target.to_owned(),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_DIFFERENT && !counts.contains_key(&refused) {
            refused = Refused {
                factory_id: None,
                principal_id: None,
                name: OTHERS.into(),
                credential_id: None,
                address: None,
                action,
                target: OTHERS.to_owned(),
            };
        }
        let new = || Count { times: 0, first_ms: author.at_ms, last: author.clone() };
        let count = counts.entry(refused).or_insert_with(new);
        count.times += 1;
        count.last = author.clone();
    }

    /// Writes them down; what cannot be written is kept for the next time.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn write_down(&self, store: &Store) -> Result<()> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return Ok(());
        }
        let records: Vec<(Author, Record)> = counts.iter().map(record).collect();
        let written = store.keep_records(&records).await;
        if written.is_err() {
            let mut later = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (refused, count) in counts {
                later.entry(refused).and_modify(|later| later.times += count.times).or_insert(count);
            }
        }
        written
    }
}

fn record((refused, count): (&Refused, &Count)) -> (Author, Record) {
    let is_one_origin = refused.address.is_some();
    let origin = count.last.origin.clone().filter(|_| is_one_origin);
    // The id of the last request stands for all only where there is one.
    let origin = origin.map(|origin| match count.times {
        1 => origin,
        _ => Origin { request_id: None, ..origin },
    });
    let author = Author {
        name: refused.name.clone(),
        principal_id: refused.principal_id,
        credential_id: refused.credential_id,
        origin,
        at_ms: count.last.at_ms,
    };
    let details = json!({ "first": domain::instant::to_rfc3339(count.first_ms.0) });
    let record = Record::done(refused.factory_id, refused.action, &*refused.target, details);
    (author, Record { outcome: AuditOutcome::Refused, times: count.times, ..record })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(name: &str) -> Author {
        Author::called(name, None, TimestampMs(0))
    }

    #[test]
    fn like_refusals_are_one_row_and_different_ones_are_bounded() {
        let refusals = Refusals::default();
        for _ in 0..10 {
            refusals.note(&author("kim"), None, AuditAction::SignIn, "kim");
        }
        for number in 0..2 * MAX_DIFFERENT {
            refusals.note(&author(&number.to_string()), None, AuditAction::SignIn, "unknown");
        }
        let counts = refusals.0.lock().expect("no panic");
        assert_eq!(counts.len(), MAX_DIFFERENT + 1);
        let times = |name: &str| {
            counts.iter().find(|(refused, _)| &*refused.name == name).map(|(_, count)| count.times)
        };
        assert_eq!((times("kim"), times(OTHERS)), (Some(10), Some(MAX_DIFFERENT as i64 + 1)));
    }
}
