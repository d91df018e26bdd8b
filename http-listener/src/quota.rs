//! How much of something one address may hold.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::Peer;

/// What each address holds, within a limit that is the same for all. The table has an entry for each address that holds
/// something and for no other, so that it is bounded by whatever bounds the shares.
#[derive(Debug)]
pub struct PeerQuota {
    max: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// What one holder has of its address's quota, until it is dropped.
#[derive(Debug)]
pub struct PeerShare {
    quota: Arc<PeerQuota>,
    /// None when its peer is exempt.
    address: Option<IpAddr>,
    amount: usize,
}

impl PeerQuota {
    /// A quota of at most so much for each address.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, held: Mutex::default() })
    }

    /// The most that one address may hold.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Takes a share; none when the address would then hold too much.
    pub fn take(self: &Arc<Self>, peer: Peer, amount: usize) -> Option<PeerShare> {
        let address = Some(peer.address).filter(|_| !peer.is_exempt);
        let mut share = PeerShare { quota: self.clone(), address, amount: 0 };
        share.grow(amount).then_some(share)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PeerShare {
    /// Takes more, unless the address would then hold too much: whether it could be taken.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let Some(address) = self.address.filter(|_| more > 0) else { return true };
        let mut held = self.quota.held();
        let sum = held.get(&address).copied().unwrap_or_default().saturating_add(more);
        let fits = sum <= self.quota.max;
        if fits {
            held.insert(address, sum);
            self.amount += more;
        }
        fits
    }
}

impl Drop for PeerShare {
    fn drop(&mut self) {
        let Some(address) = self.address.filter(|_| self.amount > 0) else { return };
        let mut held = self.quota.held();
        match held.get_mut(&address) {
            Some(sum) if *sum > self.amount => *sum -= self.amount,
            _ => drop(held.remove(&address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
