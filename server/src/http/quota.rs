//! How many different subscriptions run: in all, for one socket, and for one address. Who joins what runs for others already
//! costs nothing here.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use super::connection::{Peer, PeerQuota, PeerShare};
use crate::error::ApiError;

/// The most different subscriptions at a time: each keeps its document, its variables and the rows of its answer. One with a
/// long document counts as several.
const MAX_SUBSCRIPTIONS: usize = 2_000;
/// From here on a socket starts only as many as a page of the dashboard needs, so that a few sockets cannot take all.
const SHARED_SUBSCRIPTIONS: usize = 1_500;
/// What a socket may start in any case.
const OWN_SUBSCRIPTIONS: usize = 10;
/// The most that sockets of one address start: a quarter of all, well above what a control room shows.
const MAX_PER_ADDRESS: usize = 500;
/// What the document and the variables of one take, in bytes; more of it counts as more subscriptions. A page's take less.
const SUBSCRIPTION_BYTES: usize = 48 * 1024;

/// What runs on all sockets.
pub(super) struct Subscriptions {
    started: Mutex<usize>,
    by_address: Arc<PeerQuota>,
}

impl Subscriptions {
    /// None runs.
    pub(super) fn new() -> Self {
        Self { started: Mutex::default(), by_address: PeerQuota::new(MAX_PER_ADDRESS) }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one socket, or one event stream, has started.
#[derive(Clone)]
pub(super) struct SocketQuota {
    all: Arc<Subscriptions>,
    started: Arc<AtomicUsize>,
    peer: Peer,
}

/// A subscription that runs; it counts until this is dropped.
pub(super) struct Started {
    quota: SocketQuota,
    /// As how many it counts.
    weight: usize,
    _of_address: PeerShare,
}

impl SocketQuota {
    /// Nothing was started yet.
    pub(super) fn new(all: Arc<Subscriptions>, peer: Peer) -> Self {
        Self { all, started: Arc::default(), peer }
    }

    /// Whom it counts for.
    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Starts a subscription whose document and variables take so many bytes.
    ///
    /// # Errors
    /// Too many run already.
    pub(super) fn start(&self, bytes: usize) -> Result<Started, ApiError> {
        let weight = bytes.div_ceil(SUBSCRIPTION_BYTES).max(1);
        let of_address = self.all.by_address.take(self.peer, weight).ok_or_else(|| {
            ApiError::overloaded(format!(
                "{MAX_PER_ADDRESS} different subscriptions run for this address, the most at a time; complete some first"
            ))
        })?;
        let mut all = self.all.lock();
        let is_modest = self.started.load(Ordering::Relaxed) + weight <= OWN_SUBSCRIPTIONS;
        if *all + weight > if is_modest { MAX_SUBSCRIPTIONS } else { SHARED_SUBSCRIPTIONS } {
            return Err(too_many());
        }
        *all += weight;
        self.started.fetch_add(weight, Ordering::Relaxed);
        drop(all);
        Ok(Started { quota: self.clone(), weight, _of_address: of_address })
    }
}

fn too_many() -> ApiError {
    ApiError::overloaded(
        "as many different subscriptions run as there may be; ask again later, or ask what others ask",
    )
}

impl Drop for Started {
    fn drop(&mut self) {
        let Self { quota: SocketQuota { all, started, .. }, weight, .. } = self;
        *all.lock() -= *weight;
        started.fetch_sub(*weight, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const EXEMPT: Peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_exempt: true };

    #[test]
    fn a_few_sockets_cannot_take_all_that_others_need() {
        let all = Arc::new(Subscriptions::new());
        let mut running = Vec::new();
        for _ in 0..MAX_SUBSCRIPTIONS / 50 {
            let socket = SocketQuota::new(all.clone(), EXEMPT);
            running.extend((0..50).filter_map(|_| socket.start(1).ok()));
        }
        assert_eq!(running.len(), SHARED_SUBSCRIPTIONS + 10 * OWN_SUBSCRIPTIONS);
        let viewer = SocketQuota::new(all.clone(), EXEMPT);
        for _ in 0..OWN_SUBSCRIPTIONS {
            running.push(viewer.start(1).expect("what a page needs"));
        }
        assert_eq!(viewer.start(1).err().expect("a refusal").code, crate::error::ErrorCode::Overloaded);
        drop(running);
        viewer.start(1).expect("room again");
        assert_eq!(*all.lock(), 0);
    }

    #[test]
    fn one_address_starts_a_quarter_at_most_and_gives_back_what_ends() {
        let all = Arc::new(Subscriptions::new());
        let peer = Peer { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), is_exempt: false };
        let start = || SocketQuota::new(all.clone(), peer).start(1);
        let running: Vec<_> = std::iter::from_fn(|| start().ok()).collect();
        assert_eq!(running.len(), MAX_PER_ADDRESS);
        SocketQuota::new(all.clone(), EXEMPT).start(1).expect("another address");
        drop(running);
        start().expect("room again");
    }

    #[test]
    fn what_takes_much_memory_counts_as_many() {
        let socket = SocketQuota::new(Arc::new(Subscriptions::new()), EXEMPT);
        let large =
            socket.start(SHARED_SUBSCRIPTIONS * SUBSCRIPTION_BYTES).expect("all but what others need");
        socket.start(1).err().expect("it has more than a page needs");
        drop(large);
        socket.start(1).expect("room again");
    }
}
