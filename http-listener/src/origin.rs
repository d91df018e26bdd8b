//! Origins whose pages may ask: the listener's own, and those that were allowed by name.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::host;

/// The origins allowed besides the listener's own.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    any: bool,
    named: Vec<String>,
}

impl Origins {
    /// Reads a list of origins such as `https://board.example.com:8443`; `*` allows all.
    ///
    /// # Errors
    /// A sentence about the first entry that is no origin.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut origins = Self::default();
        for entry in entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                origins.any = true;
            } else {
                origins.named.push(origin(entry).ok_or_else(|| {
                    format!("\"{entry}\" is not an origin; write it as http://host:port or https://host, without a path, or * for all")
                })?);
            }
        }
        Ok(origins)
    }

    /// Whether no other origin is allowed.
    pub fn is_empty(&self) -> bool {
        !self.any && self.named.is_empty()
    }

    /// Whether a page from this origin was allowed by name.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        self.any || self.named.iter().any(|named| named.eq_ignore_ascii_case(origin))
    }

    /// The origin of a URL, if pages from there were allowed by name.
    pub fn named_of(&self, url: &str) -> Option<&str> {
        let rest_at = url.find("://")? + 3;
        let end = url[rest_at..].find(['/', '?', '#']).map_or(url.len(), |end| rest_at + end);
        let of_url = origin(&url[..end])?;
        self.named.iter().map(String::as_str).find(|named| *named == of_url)
    }

    /// Whether all are allowed.
    pub(crate) fn are_any(&self) -> bool {
        self.any
    }

    /// Whether a page of this host was allowed by name; the host is in lower case and without a port.
    pub(crate) fn name_host(&self, host: &str) -> bool {
        let hosts = self.named.iter().filter_map(|named| named.parse::<Uri>().ok());
        hosts.into_iter().any(|named| named.host().is_some_and(|named| host::normal(named) == host))
    }

    /// Whether the client that sent these headers may open a websocket. Browsers let any page open one to anywhere and always
    /// name the page's origin; programs that are no browsers name none.
    pub fn may_connect(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        self.allows(origin) || is_same_host(origin, headers)
    }
}

/// Whether a browser says that a page of this listener itself asks. No other page is, whatever is allowed to it.
pub fn is_own_page(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| is_same_host(origin, headers))
}

/// The origin in the form in which browsers send it.
fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    let is_bare =
        matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
    is_bare.then(|| {
        format!("{scheme}://{}", without_default_port(scheme, authority.as_str()).to_ascii_lowercase())
    })
}

fn is_same_host(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Some((scheme, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    without_default_port(scheme, authority).eq_ignore_ascii_case(without_default_port(scheme, host))
}

fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    authority.strip_suffix(default_port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_connect(allowed: &str, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().expect("a header value"));
        headers.insert(header::HOST, host.parse().expect("a header value"));
        Origins::parse(allowed.split(',')).expect("origins").may_connect(&headers)
    }

    #[test]
    fn only_the_same_host_and_named_origins_may_connect() {
        assert!(may_connect("", "http://127.0.0.1:8000", "127.0.0.1:8000"));
        assert!(may_connect("", "https://andon.example.com", "andon.example.com:443"));
        assert!(!may_connect("", "http://127.0.0.1:3000", "127.0.0.1:8000"));
        assert!(!may_connect("", "null", "127.0.0.1:8000"));
        assert!(may_connect("http://a.example, http://B.example:80/", "http://b.example", "127.0.0.1:8000"));
        assert!(!may_connect("http://b.example", "https://b.example", "127.0.0.1:8000"));
        assert!(may_connect("*", "https://b.example", "127.0.0.1:8000"));
        assert!(
            Origins::default().may_connect(&HeaderMap::new()),
            "a program that is no browser names no origin"
        );
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for entry in
            ["b.example", "http://b.example/path", "ftp://b.example", "http://", "http://me@b.example"]
        {
            assert!(Origins::parse([entry]).is_err(), "{entry}");
        }
    }
}
