//! Proxies that are believed when they name the address of a client.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Where each proxy adds the address that it was asked from.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a list of networks such as `10.0.0.0/8`, and of addresses.
    ///
    /// # Errors
    /// A sentence about the first entry that is neither.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let entries = entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no proxy is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a connection from this address is a proxy's.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client, as far as it can be believed: the last one that is not a trusted proxy's, because that
    /// was written by a trusted proxy, and what stands before it by whoever asked. None when nothing was forwarded.
    pub(crate) fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let values = headers.get_all(X_FORWARDED_FOR);
        let hops = values.iter().rev().flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        let mut client = None;
        for hop in hops.map(address) {
            // What is no address was not written by a proxy of the known kind, and neither was what is before it.
            let Some(hop) = hop else { break };
            client = Some(hop);
            if !self.contains(hop) {
                break;
            }
        }
        client
    }
}

fn network(entry: &str) -> Result<IpNet, String> {
    let network =
        entry.parse().ok().or_else(|| entry.parse().ok().map(|address: IpAddr| IpNet::from(address)));
    network.ok_or_else(|| {
        format!("\"{entry}\" is no network; write it as an address such as 10.0.0.7, or with a length as 10.0.0.0/8")
    })
}

/// An address as proxies write it, some of them with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, value.parse().expect("a header value"));
        }
        let trusted = TrustedProxies::parse(trusted.split(',')).expect("networks");
        trusted.client(&headers).map(|address| address.to_string())
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_client() {
        for (forwarded, expected) in [
            (vec!["198.51.100.7"], Some("198.51.100.7")),
            (vec!["127.0.0.1, 198.51.100.7"], Some("198.51.100.7")),
            (vec!["203.0.113.9, 198.51.100.7, 10.0.0.3, 10.0.0.4"], Some("198.51.100.7")),
            (vec!["203.0.113.9", "198.51.100.7", "10.0.0.3"], Some("198.51.100.7")),
            (vec!["10.0.0.5, 10.0.0.4"], Some("10.0.0.5")),
            (vec!["198.51.100.7:4711"], Some("198.51.100.7")),
            (vec!["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (vec!["[2001:db8::1]"], Some("2001:db8::1")),
            (vec!["2001:db8::1, ::ffff:10.0.0.3"], Some("2001:db8::1")),
        ] {
            assert_eq!(client("10.0.0.0/8", &forwarded).as_deref(), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn nothing_before_nonsense_is_believed() {
        assert_eq!(client("10.0.0.0/8", &[]), None);
        assert_eq!(client("10.0.0.0/8", &["unknown"]), None);
        assert_eq!(client("10.0.0.0/8", &["203.0.113.9, unknown"]), None);
        assert_eq!(client("10.0.0.0/8", &["203.0.113.9, _hidden, 10.0.0.3"]), Some("10.0.0.3".to_owned()));
        assert_eq!(client("10.0.0.0/8", &["203.0.113.9, "]), None);
    }

    #[test]
    fn what_is_no_network_is_refused_in_words() {
        assert!(TrustedProxies::parse(["10.0.0.7", " 10.0.0.0/8", "2001:db8::/32", ""]).is_ok());
        for entry in ["proxy.example", "10.0.0.0/33", "10.0.0", "*"] {
            let refusal = TrustedProxies::parse([entry]).expect_err("no network");
            assert!(refusal.contains(entry) && refusal.contains("10.0.0.0/8"), "{refusal}");
        }
    }
}
