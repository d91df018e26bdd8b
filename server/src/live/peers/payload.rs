//! The payload of a notification between servers: factories and their revisions, as text.

use std::collections::BTreeMap;

use domain::id::{FactoryId, Revision};

/// The most factories in one payload: PostgreSQL takes less than 8 000 bytes, and one factory needs at most 32.
const MAX_FACTORIES: usize = 200;

/// Revisions by factory as payloads, each short enough for one notification.
pub(super) fn encode(revisions: &BTreeMap<FactoryId, Revision>) -> Vec<String> {
    let entries: Vec<String> =
        revisions.iter().map(|(factory_id, revision)| format!("{}:{revision}", factory_id.0)).collect();
    entries.chunks(MAX_FACTORIES).map(|entries| entries.join(" ")).collect()
}

/// The revisions in a payload. What is not understood is ignored: a later version may say more.
pub(super) fn decode(payload: &str) -> BTreeMap<FactoryId, Revision> {
    let entry = |entry: &str| {
        let (factory_id, revision) = entry.split_once(':')?;
        Some((FactoryId(factory_id.parse().ok()?), Revision(revision.parse().ok()?)))
    };
    payload.split(' ').filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_any_size_decode_to_what_was_encoded() {
        let many: BTreeMap<FactoryId, Revision> =
            (0..1_000).map(|n| (FactoryId(i32::MAX - n), Revision(i64::MAX - i64::from(n)))).collect();
        let payloads = encode(&many);
        assert!(payloads.iter().all(|payload| payload.len() < 8_000));
        let decoded: BTreeMap<FactoryId, Revision> =
            payloads.iter().flat_map(|payload| decode(payload)).collect();
        assert_eq!(decoded, many);
    }

    #[test]
    fn entries_that_are_not_understood_are_ignored() {
        assert_eq!(
            decode("1:2 x 3:y 4:5:6 7:8"),
            BTreeMap::from([(FactoryId(1), Revision(2)), (FactoryId(7), Revision(8))])
        );
        assert_eq!(decode(""), BTreeMap::new());
    }
}
