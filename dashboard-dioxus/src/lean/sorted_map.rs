//! A map in one sorted list. The standard library's ordered map is a tree that is compiled anew for each type of its
//! entries, which was 8 kB of what a browser loads. Adding an entry moves those after it: for thousands of entries that is
//! still fast, and most come in order.

/// Values by their keys, in the order of the keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// Adds a value, in place of the one that the key has.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|place| self.0.remove(place).1)
    }

    /// Where the key is, or where it belongs. The last place is looked at first, because most keys come in order.
    fn place(&self, key: &K) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(known, _)| known.cmp(key)),
        }
    }
}

impl<K, V> SortedMap<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes the entry with the lowest key, if there is one.
    pub(crate) fn remove_first(&mut self) {
        if !self.0.is_empty() {
            self.0.remove(0);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes out all values of which this holds.
    pub(crate) fn extract(&mut self, mut is_taken: impl FnMut(&V) -> bool) -> Vec<V> {
        let entries = std::mem::take(&mut self.0);
        let (taken, kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, value)| is_taken(value));
        self.0 = kept;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entries(map: &SortedMap<u8, u32>) -> Vec<(u8, u32)> {
        map.iter().map(|(key, value)| (*key, *value)).collect()
    }

    proptest! {
        #[test]
        fn it_holds_what_the_standard_librarys_ordered_map_holds(
            changes in prop::collection::vec((0..20_u8, prop::option::of(0..99_u32)), 0..60),
        ) {
            let (mut ours, mut standard) = (SortedMap::default(), BTreeMap::new());
            for (key, value) in changes {
                if let Some(value) = value {
                    ours.insert(key, value);
                    standard.insert(key, value);
                } else {
                    prop_assert_eq!(ours.remove(&key), standard.remove(&key));
                }
                prop_assert_eq!(ours.get(&key), standard.get(&key));
                prop_assert_eq!(ours.len(), standard.len());
            }
            prop_assert_eq!(entries(&ours), standard.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_taken_out_is_no_longer_there() {
        let mut map = SortedMap::default();
        for key in [3, 1, 2] {
            map.insert(key, u32::from(key) * 10);
        }
        assert_eq!(map.extract(|value| *value == 20), [20]);
        assert_eq!(entries(&map), [(1, 10), (3, 30)]);
        map.remove_first();
        assert_eq!(entries(&map), [(3, 30)]);
    }
}
