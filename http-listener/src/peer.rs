//! Who is at the other end of a request.

use std::net::{IpAddr, Ipv6Addr};

/// Whom a request counts for. Every request carries it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The address that limits count by: an IPv4 address, or the first 64 bits of an IPv6 address, because whoever has one
    /// of those has all that begin so.
    pub address: IpAddr,
    /// Whether limits by address leave it alone.
    pub is_exempt: bool,
}

impl Peer {
    /// The peer of a connection. This machine's own programs are exempt unless they are to be counted: there are as many as
    /// somebody started here.
    pub(crate) fn connected(address: IpAddr, loopback: Loopback) -> Self {
        let address = counted(address);
        Self { address, is_exempt: loopback == Loopback::Exempt && address.is_loopback() }
    }

    /// The peer that a proxy named. It is never exempt: its address is only what somebody said.
    pub(crate) fn forwarded(address: IpAddr) -> Self {
        Self { address: counted(address), is_exempt: false }
    }
}

/// The address that limits count a peer by; none where they leave it alone.
impl From<Peer> for Option<IpAddr> {
    fn from(peer: Peer) -> Self {
        Some(peer.address).filter(|_| !peer.is_exempt)
    }
}

/// Whether this machine's own connections count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loopback {
    /// They do not.
    Exempt,
    /// They count as those of any other address do.
    Counted,
}

fn counted(address: IpAddr) -> IpAddr {
    /// The bits by which networks are given to sites.
    const SITE_BITS: u128 = !0 << 64;
    match address.to_canonical() {
        // Its other addresses are not this machine.
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & SITE_BITS).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected(address: &str) -> Peer {
        Peer::connected(address.parse().expect("an address"), Loopback::Exempt)
    }

    #[test]
    fn addresses_that_one_site_has_count_as_one() {
        assert_eq!(connected("2001:db8:1:2::1"), connected("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(connected("2001:db8:1:2::1"), connected("2001:db8:1:3::1"));
        assert_eq!(connected("::ffff:192.0.2.7"), connected("192.0.2.7"));
        assert_ne!(connected("192.0.2.7"), connected("192.0.2.8"));
    }

    #[test]
    fn only_a_connection_from_this_machine_is_exempt() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(connected(address).is_exempt, "{address}");
            let address = address.parse().expect("an address");
            assert!(!Peer::connected(address, Loopback::Counted).is_exempt, "{address}");
            assert!(!Peer::forwarded(address).is_exempt, "{address}");
        }
        assert!(!connected("192.168.0.1").is_exempt);
        assert!(!connected("::2").is_exempt);
    }
}
