//! Where the API is: on the page's own origin, or where `/config.json` says.

use crate::words::endpoint as words;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use serde::Deserialize;
use std::pin::pin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestInit, Response};

/// The file beside the page that names an API elsewhere.
const CONFIG_PATH: &str = "/config.json";
/// The longest `config.json` that is read, in bytes: it holds one address.
const CONFIG_MAX_BYTES: usize = 4_096;
/// How long its answer may take, in ms.
const CONFIG_TIMEOUT_MS: u32 = 10_000;
const NOT_FOUND: u16 = 404;

/// The addresses of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Where the API is; a browser that goes there finds the page on which it can be tried out.
    pub(crate) api_url: String,
    /// For the one connection.
    pub(crate) websocket_url: String,
}

impl Endpoint {
    /// Reads `config.json` and the page's own address. The error is a sentence for the page.
    pub(crate) async fn find() -> Result<Self, String> {
        let page_origin = web_sys::window()
            .and_then(|window| window.location().origin().ok())
            .ok_or_else(|| words::NO_OWN_ADDRESS.to_owned())?;
        let timeout = pin!(TimeoutFuture::new(CONFIG_TIMEOUT_MS));
        match select(pin!(read_config()), timeout).await {
            Either::Left((config, _)) => Self::from_config(&config?, &page_origin),
            Either::Right(_) => Err(words::too_late(CONFIG_PATH, CONFIG_TIMEOUT_MS / 1_000)),
        }
    }

    /// The endpoint that this text of `config.json` names, the page's own origin when it names none.
    fn from_config(config: &str, page_origin: &str) -> Result<Self, String> {
        let config = if config.trim().is_empty() { "{}" } else { config };
        let config: Config =
            serde_json::from_str(config).map_err(|error| words::bad_config(CONFIG_PATH, &error))?;
        let named = config.api_url.unwrap_or_default();
        let base_url = if named.trim().is_empty() { page_origin } else { named.trim() }.trim_end_matches('/');
        let websocket_base =
            base_url.strip_prefix("http").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let Some(websocket_base) = websocket_base else {
            return Err(words::bad_address(CONFIG_PATH, base_url));
        };
        Ok(Self {
            api_url: format!("{base_url}/graphql"),
            websocket_url: format!("ws{websocket_base}/graphql"),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    api_url: Option<String>,
}

/// The text of `config.json`, empty when there is none.
async fn read_config() -> Result<String, String> {
    let unreachable = |_: JsValue| words::UNREACHABLE.to_owned();
    let response = fetch(CONFIG_PATH).await.map_err(unreachable)?;
    // A host that answers every unknown path with the page itself has no such file either.
    let content_type = response.headers().get("content-type").ok().flatten();
    let is_page = content_type.is_some_and(|content_type| content_type.starts_with("text/html"));
    if response.status() == NOT_FOUND || (response.ok() && is_page) {
        return Ok(String::new());
    }
    if !response.ok() {
        return Err(words::bad_status(CONFIG_PATH, response.status()));
    }
    let text = text(&response).await.map_err(unreachable)?.as_string().unwrap_or_default();
    if text.len() > CONFIG_MAX_BYTES {
        return Err(words::too_long(CONFIG_PATH, CONFIG_MAX_BYTES));
    }
    Ok(text)
}

// The crate for it would be 2 kB more of what a browser loads.
/// Asks the page's host for a file, whatever the browser remembers of it.
async fn fetch(path: &str) -> Result<Response, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let options = RequestInit::new();
    options.set_cache(RequestCache::NoStore);
    JsFuture::from(window.fetch_with_str_and_init(path, &options)).await?.dyn_into()
}

async fn text(response: &Response) -> Result<JsValue, JsValue> {
    JsFuture::from(response.text()?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://floor.example";

    #[test]
    fn without_an_address_the_api_is_on_the_pages_own_origin() {
        for config in ["", " \n", "{}", r#"{"apiUrl": null}"#, r#"{"apiUrl": ""}"#, r#"{"theme": "dark"}"#] {
            let endpoint = Endpoint::from_config(config, PAGE).unwrap();
            assert_eq!(endpoint.websocket_url, "wss://floor.example/graphql");
            assert_eq!(endpoint.api_url, "https://floor.example/graphql");
        }
    }

    #[test]
    fn a_named_address_is_used_with_and_without_a_slash_at_its_end() {
        for address in ["http://10.0.0.7:8000", "http://10.0.0.7:8000/"] {
            let endpoint = Endpoint::from_config(&format!(r#"{{"apiUrl": "{address}"}}"#), PAGE).unwrap();
            assert_eq!(endpoint.websocket_url, "ws://10.0.0.7:8000/graphql");
            assert_eq!(endpoint.api_url, "http://10.0.0.7:8000/graphql");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_named_with_what_is_allowed() {
        let error = Endpoint::from_config(r#"{"apiUrl": "10.0.0.7:8000"}"#, PAGE).unwrap_err();
        assert_eq!(
            error,
            r#"apiUrl in /config.json must begin with http:// or https://, but it is "10.0.0.7:8000"."#
        );
        let error = Endpoint::from_config("apiUrl = 1", PAGE).unwrap_err();
        assert!(
            error.starts_with(r#"/config.json must look like {"apiUrl": "http://host:port"}"#),
            "{error}"
        );
    }
}
