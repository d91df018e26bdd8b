//! Memory that many share: each takes its share before it holds anything and gives it back when it is dropped.
//!
//! Small shares have room of their own, so that a few large ones, or large ones that never become whole, cannot keep the
//! others out.

use std::{error::Error, fmt, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Peer, PeerQuota, PeerShare};

/// How much memory there is.
#[derive(Clone, Copy, Debug)]
pub struct MemoryLimits {
    /// What one share has at most of the room for small ones, in bytes.
    pub small_share_bytes: usize,
    /// The room for small shares, in bytes.
    pub small_bytes: usize,
    /// The room for what goes beyond, in bytes.
    pub large_bytes: usize,
    /// So many addresses can hold all of one room: with two of them, a single one leaves half to others.
    pub addresses_to_fill: usize,
}

/// Memory that many share.
#[derive(Clone, Debug)]
pub struct Memory {
    small_share_bytes: usize,
    small: Room,
    large: Room,
}

/// What one holder has of the memory. Keep it for as long as what it was taken for.
#[derive(Debug)]
pub struct MemoryShare {
    memory: Memory,
    peer: Option<Peer>,
    small: Option<Held>,
    large: Option<Held>,
}

/// There is not so much memory left, or not for this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFull;

impl fmt::Display for MemoryFull {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("as much memory is held as there is")
    }
}

impl Error for MemoryFull {}

impl Memory {
    /// All of it is free.
    pub fn new(limits: &MemoryLimits) -> Self {
        let room = |bytes| Room::new(bytes, limits.addresses_to_fill);
        Self {
            small_share_bytes: limits.small_share_bytes,
            small: room(limits.small_bytes),
            large: room(limits.large_bytes),
        }
    }

    /// A share without anything in it, which counts for a peer or for nobody.
    pub fn share(&self, peer: Option<Peer>) -> MemoryShare {
        MemoryShare { memory: self.clone(), peer, small: None, large: None }
    }
}

impl MemoryShare {
    /// Takes more. Never waits: who waits holds what others wait for.
    ///
    /// # Errors
    /// There is not so much left.
    pub fn take(&mut self, bytes: usize) -> Result<(), MemoryFull> {
        let Self { memory, peer, small, large } = self;
        let held_bytes = small.as_ref().map_or(0, |held| held.permit.num_permits());
        let is_small = held_bytes + bytes <= memory.small_share_bytes;
        if is_small && memory.small.take(*peer, small, bytes).is_some() {
            return Ok(());
        }
        memory.large.take(*peer, large, bytes).ok_or(MemoryFull)
    }
}

/// A part of the memory; its permits are bytes.
#[derive(Clone, Debug)]
struct Room {
    free: Arc<Semaphore>,
    by_address: Arc<PeerQuota>,
}

/// What one share has of a room.
#[derive(Debug)]
struct Held {
    permit: OwnedSemaphorePermit,
    of_address: Option<PeerShare>,
}

impl Room {
    fn new(bytes: usize, addresses_to_fill: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes)), by_address: PeerQuota::new(bytes / addresses_to_fill) }
    }

    /// Adds to what is held, unless there is too little.
    fn take(&self, peer: Option<Peer>, held: &mut Option<Held>, bytes: usize) -> Option<()> {
        let permit = self.free.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()?;
        if let Some(held) = held {
            let fits = held.of_address.as_mut().is_none_or(|of_address| of_address.grow(bytes));
            return fits.then(|| held.permit.merge(permit));
        }
        let of_address = match peer {
            Some(peer) => Some(self.by_address.take(peer, bytes)?),
            None => None,
        };
        *held = Some(Held { permit, of_address });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: MemoryLimits =
        MemoryLimits { small_share_bytes: 64, small_bytes: 1_024, large_bytes: 4_096, addresses_to_fill: 2 };

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().expect("an address"), is_exempt: false }
    }

    #[test]
    fn small_shares_have_room_when_large_ones_have_taken_theirs() {
        let memory = Memory::new(&LIMITS);
        let mut large = memory.share(None);
        large.take(LIMITS.large_bytes).expect("all of it");
        let mut other = memory.share(None);
        other.take(LIMITS.small_share_bytes + 1).expect_err("nothing is left for large ones");
        let mut small = memory.share(None);
        small.take(LIMITS.small_share_bytes).expect("a small share");
        small.take(1).expect_err("it is not small any more");
        drop(large);
        small.take(1).expect("what was given back");
    }

    #[test]
    fn a_small_share_takes_from_the_rest_when_the_room_of_small_ones_is_full() {
        let memory = Memory::new(&LIMITS);
        let mut many: Vec<MemoryShare> =
            (0..LIMITS.small_bytes / LIMITS.small_share_bytes).map(|_| memory.share(None)).collect();
        for share in &mut many {
            share.take(LIMITS.small_share_bytes).expect("room");
        }
        let mut one_more = memory.share(None);
        one_more.take(LIMITS.small_share_bytes).expect("the rest");
        assert_eq!(memory.large.free.available_permits(), LIMITS.large_bytes - LIMITS.small_share_bytes);
        drop(one_more);
        assert_eq!(memory.large.free.available_permits(), LIMITS.large_bytes, "it was given back");
    }

    #[test]
    fn an_address_leaves_its_part_of_both_rooms_to_others() {
        let memory = Memory::new(&LIMITS);
        let mut large = memory.share(Some(peer("192.0.2.1")));
        large.take(LIMITS.large_bytes / 2 - 1).expect("a half");
        large.take(65).expect_err("more than a half");
        large.take(1).expect("a small share");
        let half = LIMITS.small_bytes / 2 / LIMITS.small_share_bytes - 1;
        let mut small: Vec<MemoryShare> = (0..half).map(|_| memory.share(Some(peer("192.0.2.1")))).collect();
        for share in &mut small {
            share.take(LIMITS.small_share_bytes).expect("a half");
        }
        memory.share(Some(peer("192.0.2.1"))).take(LIMITS.small_share_bytes).expect_err("more than a half");
        let mut other = memory.share(Some(peer("192.0.2.2")));
        other.take(LIMITS.small_share_bytes).expect("the other half");
        other.take(LIMITS.large_bytes / 2).expect("the other half");
    }
}
