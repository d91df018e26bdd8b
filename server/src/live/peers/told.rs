//! What servers tell each other: factories and their revisions, as text.

use std::collections::BTreeMap;

/// The most factories in one text: PostgreSQL takes less than 8 000 bytes, and one factory needs at most 32.
const MAX_FACTORIES: usize = 200;

/// Revisions by factory as texts, each short enough to be told at once.
pub(super) fn texts(revisions: &BTreeMap<i32, i64>) -> Vec<String> {
    let words: Vec<String> =
        revisions.iter().map(|(factory_id, revision)| format!("{factory_id}:{revision}")).collect();
    words.chunks(MAX_FACTORIES).map(|words| words.join(" ")).collect()
}

/// The revisions that a text tells. What is not understood is left out: a later version may say more.
pub(super) fn revisions(text: &str) -> BTreeMap<i32, i64> {
    let read = |word: &str| {
        let (factory_id, revision) = word.split_once(':')?;
        Some((factory_id.parse().ok()?, revision.parse().ok()?))
    };
    text.split(' ').filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_whatever_its_size() {
        let many: BTreeMap<i32, i64> = (0..1_000).map(|n| (i32::MAX - n, i64::MAX - i64::from(n))).collect();
        let texts = texts(&many);
        assert!(texts.iter().all(|text| text.len() < 8_000));
        let heard: BTreeMap<i32, i64> = texts.iter().flat_map(|text| revisions(text)).collect();
        assert_eq!(heard, many);
    }

    #[test]
    fn words_of_another_version_are_passed_over() {
        assert_eq!(revisions("1:2 x 3:y 4:5:6 7:8"), BTreeMap::from([(1, 2), (7, 8)]));
        assert_eq!(revisions(""), BTreeMap::new());
    }
}
