//! How much of something one holder may have, such as an address.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What each holder has, within a limit that is the same for all. The table has an entry for each one that has something and
/// for no other, so that it is bounded by whatever bounds the shares.
#[derive(Debug)]
pub struct Quota<K> {
    max: usize,
    held: Mutex<HashMap<K, usize>>,
}

/// A quota of each address.
pub type PeerQuota = Quota<IpAddr>;

/// What somebody has of a quota, until it is dropped.
#[derive(Debug)]
pub struct Share<K: Copy + Eq + Hash> {
    quota: Arc<Quota<K>>,
    /// None when nobody counts what they have.
    holder: Option<K>,
    amount: usize,
}

/// What somebody has of their address's quota.
pub type PeerShare = Share<IpAddr>;

impl<K: Copy + Eq + Hash> Quota<K> {
    /// A quota of at most so much for each holder.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, held: Mutex::default() })
    }

    /// The most that one holder may have.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Takes a share, which counts for nobody where there is no holder, such as for an exempt peer; none when the holder would
    /// then have too much.
    pub fn take(self: &Arc<Self>, holder: impl Into<Option<K>>, amount: usize) -> Option<Share<K>> {
        let mut share = Share { quota: self.clone(), holder: holder.into(), amount: 0 };
        share.grow(amount).then_some(share)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Share<K> {
    /// Takes more, unless the holder would then have too much: whether it could be taken.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let Some(holder) = self.holder.filter(|_| more > 0) else { return true };
        let mut held = self.quota.held();
        let sum = held.get(&holder).copied().unwrap_or_default().saturating_add(more);
        let fits = sum <= self.quota.max;
        if fits {
            held.insert(holder, sum);
            self.amount += more;
        }
        fits
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let Some(holder) = self.holder.filter(|_| self.amount > 0) else { return };
        let mut held = self.quota.held();
        match held.get_mut(&holder) {
            Some(sum) if *sum > self.amount => *sum -= self.amount,
            _ => drop(held.remove(&holder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Peer;

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().expect("an address"), is_exempt: false }
    }

    #[test]
    fn an_address_holds_what_it_may_and_gives_it_back() {
        let quota = PeerQuota::new(10);
        let mut first = quota.take(peer("192.0.2.1"), 4).expect("room");
        let second = quota.take(peer("192.0.2.1"), 6).expect("room");
        assert!(quota.take(peer("192.0.2.1"), 1).is_none());
        assert!(!first.grow(1));
        assert!(quota.take(peer("192.0.2.2"), 10).is_some(), "another address has a quota of its own");
        drop(second);
        assert!(first.grow(6));
        assert!(!first.grow(1));
        drop(first);
        assert!(quota.held().is_empty(), "nothing is kept of who holds nothing");
    }

    #[test]
    fn an_exempt_peer_holds_as_much_as_it_likes() {
        let quota = PeerQuota::new(1);
        let exempt = Peer { is_exempt: true, ..peer("127.0.0.1") };
        let shares: Vec<_> = (0..3).map(|_| quota.take(exempt, 5)).collect();
        assert!(shares.iter().all(Option::is_some));
        assert!(quota.held().is_empty());
    }
}
