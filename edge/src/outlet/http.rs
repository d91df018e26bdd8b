//! HTTP requests to a server or an agent.
//!
//! - A request that has no answer after 60 s, and a connection that is not made after 10 s, count as failed.
//! - An answer is read up to 16 MiB, more than one issue for each of 10 000 events needs.
//! - Redirects are not followed: they would turn the POST into a GET.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};

use super::address::AddressError;
use super::response;
use super::token::Token;

/// After this long without an answer a request has failed; the server answers or refuses far earlier.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// After this long without a connection a host is taken to be unreachable.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer that are read.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The status of who does not prove who they are.
const UNAUTHORIZED: u16 = 401;

const GRAPHQL_MEDIA_TYPES: &str = "application/graphql-response+json, application/json;q=0.9";

/// A URL that requests are posted to, and the connections to it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    client: Client,
    url: Url,
    token: Option<Token>,
}

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A GraphQL request.
    Graphql,
    /// A GraphQL request that is compressed.
    GraphqlGzip,
    /// JSON lines.
    JsonLines,
}

/// What was answered, before anybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long the other side wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Its clock, to the second.
    pub date: Option<SystemTime>,
    /// What it said.
    pub body: Vec<u8>,
}

impl Endpoint {
    /// The GraphQL endpoint of a server: `/graphql` below its URL, unless that is what was given. No connection is made
    /// yet.
    pub fn graphql(url: &str) -> Result<Self, AddressError> {
        Self::at(graphql_url(url)?)
    }

    /// The endpoint with exactly this URL.
    pub fn exact(url: &str) -> Result<Self, AddressError> {
        Self::at(http_url(url)?)
    }

    fn at(url: Url) -> Result<Self, AddressError> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("andon-edge/", env!("CARGO_PKG_VERSION")));
        // Plain http must also work on a machine without any root certificate, where loading them is an error.
        let builder = if url.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(|error| AddressError::Client(url.clone(), error))?;
        Ok(Self { client, url, token: None })
    }

    /// The same one, to which a token is sent with every request.
    #[must_use]
    pub fn with_token(self, token: Option<Token>) -> Self {
        Self { token, ..self }
    }

    /// Sends one request, and once more where another token is there than the one that was refused. The error is why there
    /// was no answer, in words.
    pub async fn post(&self, body: impl Into<Bytes>, content: Content) -> Result<HttpAnswer, String> {
        let body = body.into();
        let token = self.token.as_ref().map(Token::text);
        let answer = self.attempt(body.clone(), content, token.as_ref()).await;
        if let (Ok(UNAUTHORIZED), Some(refused), Some(token)) =
            (answer.as_ref().map(|answer| answer.status), &token, &self.token)
            && token.read_again(refused)
        {
            tracing::info!("the server refuses the token; the one that is in its file now is sent");
            return self.attempt(body, content, Some(&token.text())).await.map_err(in_words);
        }
        answer.map_err(in_words)
    }

    async fn attempt(
        &self,
        body: Bytes,
        content: Content,
        token: Option<&SecretString>,
    ) -> Result<HttpAnswer, reqwest::Error> {
        let request = self.client.post(self.url.clone()).body(body);
        let request = match token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let graphql = |request: reqwest::RequestBuilder| {
            request.header(CONTENT_TYPE, "application/json").header(ACCEPT, GRAPHQL_MEDIA_TYPES)
        };
        let request = match content {
            Content::Graphql => graphql(request),
            Content::GraphqlGzip => graphql(request).header(CONTENT_ENCODING, "gzip"),
            Content::JsonLines => request.header(CONTENT_TYPE, "application/x-ndjson"),
        };
        let answer = request.send().await?;
        let header = |name| answer.headers().get(name).and_then(|header| header.to_str().ok());
        Ok(HttpAnswer {
            status: answer.status().as_u16(),
            retry_after: header(RETRY_AFTER).and_then(|text| response::retry_after(text, SystemTime::now())),
            date: header(DATE).and_then(|text| httpdate::parse_http_date(text).ok()),
            body: read_body(answer).await?,
        })
    }
}

fn in_words(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}

async fn read_body(mut answer: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let rest = MAX_ANSWER_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(rest)]);
        if body.len() == MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(body)
}

fn http_url(url: &str) -> Result<Url, AddressError> {
    let parsed = Url::parse(url).map_err(|error| AddressError::NotAUrl(url.to_owned(), error.to_string()))?;
    match parsed.scheme() {
        "http" | "https" => Ok(parsed),
        scheme => Err(AddressError::Scheme(scheme.to_owned())),
    }
}

fn graphql_url(url: &str) -> Result<Url, AddressError> {
    let mut parsed = http_url(url)?;
    let path = parsed.path().trim_end_matches('/');
    let path = if path.ends_with("/graphql") { path.to_owned() } else { format!("{path}/graphql") };
    parsed.set_path(&path);
    Ok(parsed)
}

/// An error with its causes: the outermost alone says only that sending failed.
fn with_causes(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() { "it timed out".to_owned() } else { error.to_string() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_added_to_the_url_unless_it_is_there() {
        for (given, meant) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/graphql"),
            ("https://plant.example/andon", "https://plant.example/andon/graphql"),
            ("https://plant.example/graphql", "https://plant.example/graphql"),
            ("https://plant.example/graphql/", "https://plant.example/graphql"),
        ] {
            assert_eq!(graphql_url(given).unwrap().as_str(), meant);
        }
    }

    #[test]
    fn an_address_that_is_no_web_address_is_refused_in_words() {
        let refusal = |url| graphql_url(url).unwrap_err().to_string();
        assert_eq!(
            refusal("localhost:8000"),
            "a server's URL begins with http:// or https://, not localhost:"
        );
        assert!(refusal("8000").starts_with("8000 is not a URL such as http://127.0.0.1:8000: "));
        assert!(refusal("http://").starts_with("http:// is not a URL"));
    }
}
