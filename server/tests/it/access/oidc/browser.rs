//! A browser that signs somebody in at oidc-provider.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use openidconnect::url::Url;
use reqwest::{Response, redirect};

use super::PUBLIC;
use crate::harness::soon;

/// The most steps from leaving the server to being sent back.
const MAX_STEPS: usize = 12;

/// It keeps cookies, and follows no redirect by itself.
pub(super) struct Browser {
    client: reqwest::Client,
    /// All of one host, whatever the port, as browsers keep them.
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Default for Browser {
    fn default() -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self { client: client.build().expect("a client"), cookies: Mutex::default() }
    }
}

impl Browser {
    /// Opens a path of the server.
    pub(super) async fn open(&self, server: SocketAddr, path: &str) -> Response {
        self.get(&format!("http://{server}{path}")).await
    }

    /// As a header has them.
    pub(super) fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Leaves the server for the provider. Where it is sent.
    pub(super) async fn leave(&self, server: SocketAddr, next: &str) -> String {
        self.leave_by(server, next, &[]).await
    }

    /// As [`Self::leave`], with headers that a proxy or somebody else adds.
    pub(super) async fn leave_by(&self, server: SocketAddr, next: &str, headers: &[(&str, &str)]) -> String {
        let url = Url::parse_with_params(&format!("http://{server}/auth/oidc/start"), [("next", next)]);
        let mut request = self.client.get(url.expect("a URL").as_str()).header("accept", "text/html");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let away = self.send(request).await;
        assert_eq!(away.status(), 303);
        away.headers()["location"].to_str().expect("a header").to_owned()
    }

    /// Leaves the server and signs in at the provider. The path by which the provider sends back.
    pub(super) async fn leave_and_sign_in(&self, server: SocketAddr, next: &str, name: &str) -> String {
        let mut url = self.leave(server, next).await;
        let mut form: Option<&str> = None;
        for _ in 0..MAX_STEPS {
            let response = match form.take() {
                Some(prompt) => {
                    let fields = [("prompt", prompt), ("login", name), ("password", "any")];
                    self.post(&url, &fields, None).await
                }
                None => self.get(&url).await,
            };
            if let Some(location) = response.headers().get("location") {
                let location = location.to_str().expect("a header");
                if let Some(path) = location.strip_prefix(PUBLIC) {
                    return path.to_owned();
                }
                url = Url::parse(&url).expect("a URL").join(location).expect("a URL").into();
                continue;
            }
            let page = response.text().await.expect("a page");
            let (_, action) = page.split_once("action=\"").unwrap_or_else(|| panic!("no form in {page}"));
            action.split('"').next().expect("an address").clone_into(&mut url);
            form = Some(if page.contains("value=\"login\"") { "login" } else { "consent" });
        }
        panic!("the provider sends nobody back");
    }

    async fn get(&self, url: &str) -> Response {
        self.send(self.client.get(url).header("accept", "text/html")).await
    }

    pub(super) async fn post(&self, url: &str, form: &[(&str, &str)], origin: Option<&str>) -> Response {
        let body = Url::parse_with_params("http://x/", form).expect("a form");
        let mut request = self
            .client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        let request = request.header("cookie", self.cookies());
        let response = soon("a page", request.send()).await.expect("a response");
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a header");
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a cookie");
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}

/// A parameter of an address or of a path, as it stands there.
pub(super) fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').expect("a query");
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    pair.unwrap_or_else(|| panic!("no {name} in {url}")).to_owned()
}
