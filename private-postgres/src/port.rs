//! Ports that are free and stay so.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// The first port and how many: below those that systems hand out by themselves (Linux from 32 768, others from 49 152),
/// so that nobody gets a cluster's port while it is stopped.
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

/// Free ports in an order of chance, so that two processes hardly choose the same.
pub(crate) fn free() -> impl Iterator<Item = u16> {
    let start = RandomState::new().hash_one(0) % u64::from(COUNT);
    (0..COUNT)
        .map(move |n| FIRST + ((start + u64::from(n)) % u64::from(COUNT)) as u16)
        .filter(|port| listen(*port).is_some())
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_below_those_that_systems_hand_out_and_not_free_while_somebody_listens() {
        let (port, held) = free().find_map(|port| Some((port, listen(port)?))).unwrap();
        assert!((FIRST..FIRST + COUNT).contains(&port));
        assert!(listen(port).is_none());
        drop(held);
    }
}
