//! One request of GraphQL over HTTP.

use crate::api::sign_in;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

/// The answer to an operation as JSON, whatever it says; none when it did not come from the API.
pub(crate) async fn post(url: &str, body: &str) -> Option<String> {
    let headers = Headers::new().ok()?;
    headers.set("content-type", "application/json").ok()?;
    headers.set("accept", "application/json").ok()?;
    if let Some(authorization) = sign_in::authorization() {
        headers.set("authorization", &authorization).ok()?;
    }
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&JsValue::from_str(body));
    let fetched = JsFuture::from(web_sys::window()?.fetch_with_str_and_init(url, &options)).await.ok()?;
    let response: Response = fetched.dyn_into().ok()?;
    if response.status() == sign_in::UNAUTHORIZED {
        sign_in::ask(url);
    }
    let content_type = response.headers().get("content-type").ok()??;
    if !content_type.starts_with("application/json") {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
