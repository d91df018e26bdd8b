//! The names by which a listener may be asked for.
//!
//! A page can have its own name point to any address, that of this machine or of one in its network included (DNS
//! rebinding). Its browser then takes the listener for the page's own server and lets the page read every answer, but it
//! still asks for the page's name. So names are allowed one by one. Addresses need not be: a page that asks for an address
//! was loaded from that address, and no name was made to point elsewhere.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, Request, Version, header, uri::Authority};

/// The name that every machine has for itself.
const LOCALHOST: &str = "localhost";

/// The names allowed besides addresses and `localhost`.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    any: bool,
    named: Vec<String>,
}

/// Why a host is none that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoHost;

impl Hosts {
    /// Reads a list of names such as `andon.example.com`; `*` allows all.
    ///
    /// # Errors
    /// A sentence about the first entry that is no name.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut hosts = Self::default();
        for entry in entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                hosts.any = true;
                continue;
            }
            let authority = entry.parse::<Authority>().ok().filter(|authority| authority.host() == entry);
            let Some(authority) = authority else {
                return Err(format!(
                    "\"{entry}\" is no host; write its name alone, such as andon.example.com, or * for all"
                ));
            };
            hosts.named.push(normal(authority.host()));
        }
        Ok(hosts)
    }

    /// Allows these as well.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.any |= others.any;
        self.named.extend(others.named);
        self
    }

    /// Whether this host may be asked for, in lower case and without a port.
    pub(crate) fn allow(&self, host: &str) -> bool {
        self.any || host == LOCALHOST || is_address(host) || self.named.iter().any(|named| named == host)
    }
}

/// A host in lower case, without the dot that says that a name is whole.
pub(crate) fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// The host that a request is for. None for one of HTTP/1.0 that names none, as simple probes send it and no browser does.
pub(crate) fn of<B>(request: &Request<B>) -> Result<Option<String>, NoHost> {
    // A whole URL counts before the header, as HTTP has it.
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(normal(authority.host())));
    }
    match header_host(request.headers())? {
        None if request.version() >= Version::HTTP_11 => Err(NoHost),
        host => Ok(host),
    }
}

fn header_host(headers: &HeaderMap) -> Result<Option<String>, NoHost> {
    let mut values = headers.get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let authority = value.to_str().ok().and_then(|value| value.parse::<Authority>().ok());
            let authority = authority.filter(|authority| !authority.as_str().contains('@')).ok_or(NoHost)?;
            Ok(Some(normal(authority.host())))
        }
        (Some(_), Some(_)) => Err(NoHost),
    }
}

fn is_address(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().is_ok(),
        None => host.parse().is_ok_and(|address: IpAddr| address.is_ipv4()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_localhost_may_be_asked_for_and_names_when_they_were_allowed() {
        let hosts = Hosts::parse(["andon.example.com", "Server."]).expect("hosts");
        for host in
            ["localhost", "127.0.0.1", "192.168.0.7", "[::1]", "[2001:db8::7]", "andon.example.com", "server"]
        {
            assert!(hosts.allow(host), "{host}");
        }
        for host in
            ["evil.example", "andon.example.com.evil.example", "localhost.evil.example", "127.1", "[x]", ""]
        {
            assert!(!hosts.allow(host), "{host}");
        }
        assert!(Hosts::parse(["*"]).expect("hosts").allow("evil.example"));
    }

    #[test]
    fn what_is_no_host_is_refused_in_words() {
        for entry in ["http://a.example", "a.example:8000", "a.example/path", "me@a.example", "a b"] {
            let refusal = Hosts::parse([entry]).expect_err("no host");
            assert!(refusal.contains(entry) && refusal.contains("andon.example.com"), "{refusal}");
        }
    }

    #[test]
    fn a_request_is_for_one_host() {
        let of = |version, uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().version(version).uri(uri);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            of(&request.body(()).expect("a request"))
        };
        let named = |host: &str| Ok(Some(host.to_owned()));
        assert_eq!(of(Version::HTTP_11, "/", &["Andon.Example.:8000"]), named("andon.example"));
        assert_eq!(of(Version::HTTP_11, "/", &["[::1]:8000"]), named("[::1]"));
        assert_eq!(of(Version::HTTP_11, "http://a.example/", &["b.example"]), named("a.example"));
        assert_eq!(of(Version::HTTP_10, "/", &[]), Ok(None));
        assert_eq!(of(Version::HTTP_10, "/", &["a.example"]), named("a.example"));
        for hosts in [&[][..], &["a.example", "a.example"], &["a b"], &["localhost@evil.example"], &[""]] {
            assert_eq!(of(Version::HTTP_11, "/", hosts), Err(NoHost), "{hosts:?}");
        }
    }
}
