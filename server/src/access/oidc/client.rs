//! HTTP requests to an identity provider.
//!
//! - A request that has no whole answer after 10 s, and a connection that is not made after 5 s, count as failed.
//! - An answer is read up to 1 MiB, a hundred times of what a person's groups take.
//! - Redirects are not followed: they would send a code or a secret elsewhere.
//! - Where the provider is asked by https, so is everything that it names.

use std::{error::Error, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The connections to a provider.
#[derive(Clone, Debug)]
pub(super) struct Client(reqwest::Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// There is none, or not a whole one.
    #[error(transparent)]
    Http(reqwest::Error),
    /// It is longer than any that can be meant.
    #[error("its answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    /// It has a header that is none.
    #[error(transparent)]
    Malformed(#[from] http::Error),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        // An address may hold what is not to be told.
        Self::Http(error.without_url())
    }
}

impl Client {
    /// One for a provider with this scheme.
    pub(super) fn new(scheme: &str) -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("andon/", env!("CARGO_PKG_VERSION")));
        // Plain http must also work on a machine without any root certificate, where loading them is an error.
        let builder = if scheme == "https" { builder.https_only(true) } else { builder.tls_certs_only([]) };
        builder.build().map(Self)
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Client {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.answer(request))
    }
}

/// An error with its causes: the outermost alone says only that something failed.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = inner.source();
    }
    words
}
