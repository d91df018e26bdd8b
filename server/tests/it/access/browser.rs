//! What a browser sends from the server's pages, without the dashboard.

use reqwest::{Response, StatusCode, redirect};
use serde_json::json;

use super::METRICS;
use crate::harness::{TestServer, soon};

/// A browser without the dashboard, which follows no redirect.
pub(super) struct Browser<'a> {
    server: &'a TestServer,
    client: reqwest::Client,
    origin: Option<String>,
}

impl<'a> Browser<'a> {
    /// On a page of the server.
    pub(super) fn of(server: &'a TestServer) -> Self {
        Self::on_page_of(server, Some(server.url("")))
    }

    pub(super) fn on_page_of(server: &'a TestServer, origin: Option<String>) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self { server, client: client.build().expect("a client"), origin }
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.server.url(path)).header("accept", "text/html");
        soon("a page", request.send()).await.expect("a response")
    }

    pub(super) async fn post(&self, path: &str, cookie: Option<&str>, form: &[(&str, &str)]) -> Response {
        let body = reqwest::Url::parse_with_params("http://x/", form).expect("a form");
        let mut request = self
            .client
            .post(self.server.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        soon("an answer", request.send()).await.expect("a response")
    }

    pub(super) async fn sign_in(&self, name: &str, password: &str) -> Response {
        self.post("/auth/sign-in", None, &[("name", name), ("password", password), ("next", "/floor")]).await
    }

    /// The status of a question that this page asks.
    pub(super) async fn ask(&self, cookie: &str) -> StatusCode {
        let body = json!({ "query": METRICS, "variables": { "f": "plant" } });
        let mut request = self.server.request(body.to_string()).header("cookie", cookie);
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        soon("an answer", request.send()).await.expect("a response").status()
    }
}
