//! What browsers may ask for. A browser is the one client that asks on behalf of somebody else: of any page that its user
//! looks at. All rules here are about that; programs that are no browsers meet none but that of the host.

use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};

use crate::{Hosts, Origins, host};

/// How near the page that asks is to what it asks for, as browsers say.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What the browser will do with the answer.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// The longest host that is repeated to who asked for it, in characters: the longest that DNS knows.
const SHOWN_HOST_CHARS: usize = 253;

/// Which hosts may be asked for, and which pages may ask.
#[derive(Clone, Debug, Default)]
pub struct BrowserRules {
    /// The names of this listener.
    pub hosts: Hosts,
    /// Pages of other origins that may ask.
    pub origins: Origins,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It names no host, or several.
    NoHost,
    /// Its host is none of this listener's.
    UnknownHost(String),
    /// A page of another site asks.
    ForeignPage,
}

impl BrowserRules {
    /// Judges what may be read: the host, and whether a page of another site asks by GET, which browsers let every page do
    /// without a question. A person who follows a link from there is no such page.
    ///
    /// # Errors
    /// Why the request is refused.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        self.check_host(request)?;
        let is_cross_site = header_is(request.headers(), &SEC_FETCH_SITE, "cross-site");
        let is_followed_link = header_is(request.headers(), &SEC_FETCH_MODE, "navigate");
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read && is_cross_site && !is_followed_link && !self.has_allowed_origin(request.headers()) {
            return Err(Refusal::ForeignPage);
        }
        Ok(())
    }

    /// Judges what no page of another origin may ask in any way.
    ///
    /// # Errors
    /// Why the request is refused.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.origins.may_connect(headers) { Ok(()) } else { Err(Refusal::ForeignPage) }
    }

    fn check_host<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        match host::of(request) {
            Ok(None) => Ok(()),
            // A page of any origin may read every answer, so that it needs no name of its own for that.
            Ok(Some(_)) if self.origins.are_any() => Ok(()),
            Ok(Some(host)) if self.hosts.allow(&host) || self.origins.name_host(&host) => Ok(()),
            Ok(Some(host)) => Err(Refusal::UnknownHost(host.chars().take(SHOWN_HOST_CHARS).collect())),
            Err(host::NoHost) => Err(Refusal::NoHost),
        }
    }

    fn has_allowed_origin(&self, headers: &HeaderMap) -> bool {
        headers.get(header::ORIGIN).is_some_and(|origin| self.origins.allows(origin))
    }
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoHost => StatusCode::BAD_REQUEST,
            Self::UnknownHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignPage => StatusCode::FORBIDDEN,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHost => formatter.write_str("a request needs one Host header with a host in it"),
            Self::UnknownHost(host) => write!(
                formatter,
                "\"{host}\" is no name of this server; ask for it by its address, or start it with --allow-host {host}"
            ),
            Self::ForeignPage => formatter.write_str("a page of another site may not ask for this"),
        }
    }
}

fn header_is(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|header| header == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(origins: &str) -> BrowserRules {
        let origins = Origins::parse(origins.split(',')).expect("origins");
        BrowserRules { hosts: Hosts::parse(["server"]).expect("hosts"), origins }
    }

    fn check(rules: &BrowserRules, method: &str, headers: &[(&str, &str)]) -> Option<StatusCode> {
        let mut request = Request::builder().method(method).uri("/graphql");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        rules.check(&request.body(()).expect("a request")).err().map(|refusal| refusal.status())
    }

    #[test]
    fn a_host_that_nobody_allowed_is_misdirected() {
        let at = |origins: &str, host| check(&rules(origins), "GET", &[("host", host)]);
        for host in ["127.0.0.1:8000", "localhost:3000", "server:8000", "[::1]:8000"] {
            assert_eq!(at("", host), None, "{host}");
        }
        assert_eq!(at("", "evil.example:8000"), Some(StatusCode::MISDIRECTED_REQUEST));
        assert_eq!(at("https://board.example:8443", "BOARD.example"), None, "an allowed page's own host");
        assert_eq!(at("https://board.example", "x.board.example"), Some(StatusCode::MISDIRECTED_REQUEST));
        assert_eq!(at("*", "evil.example"), None, "all pages may read everything");
        assert_eq!(check(&rules(""), "GET", &[]), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn pages_of_other_sites_may_not_ask_by_get() {
        let foreign = ("sec-fetch-site", "cross-site");
        let host = ("host", "localhost:8000");
        let rules = rules("https://board.example");
        for (headers, method, expected) in [
            (vec![host, foreign, ("sec-fetch-mode", "no-cors")], "GET", Some(StatusCode::FORBIDDEN)),
            (vec![host, foreign], "HEAD", Some(StatusCode::FORBIDDEN)),
            (vec![host, foreign, ("origin", "https://evil.example")], "GET", Some(StatusCode::FORBIDDEN)),
            (vec![host, foreign, ("origin", "https://board.example")], "GET", None),
            (vec![host, foreign, ("sec-fetch-mode", "navigate")], "GET", None),
            (vec![host, foreign], "POST", None),
            (vec![host, ("sec-fetch-site", "same-origin")], "GET", None),
            (vec![host, ("sec-fetch-site", "none")], "GET", None),
            (vec![host], "GET", None),
        ] {
            assert_eq!(check(&rules, method, &headers), expected, "{method} {headers:?}");
        }
    }
}
