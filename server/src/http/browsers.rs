//! What browsers may ask of the server, by rules that it has in common with the agent.

use std::sync::Arc;

use axum::{extract::Request, http::StatusCode, response::Response};
pub(super) use http_listener::BrowserRules;
use http_listener::Refusal;
pub use http_listener::{Hosts, Origins};

use super::{error_response::ErrorResponse, media::Media};
use crate::error::ApiError;

/// Lets a request through, or says why it is refused.
#[expect(clippy::result_large_err, reason = "the layer takes the answer itself")]
pub(super) fn check(rules: BrowserRules) -> impl Fn(&mut Request) -> Result<(), Response> + Clone {
    let rules = Arc::new(rules);
    move |request| rules.check(request).map_err(|refusal| refuse(&refusal))
}

fn refuse(refusal: &Refusal) -> Response {
    let message = match refusal {
        Refusal::ForeignPage => format!("{refusal}; start the server with --allow-origin to let it"),
        Refusal::NoHost | Refusal::UnknownHost(_) => refusal.to_string(),
    };
    ErrorResponse::new(refusal.status(), ApiError::bad_user_input(message)).into_response(Media::Json)
}

/// What lasts, and holds a place for as long, is not for pages from elsewhere.
pub(super) fn foreign_page() -> ErrorResponse {
    let message = "pages from this origin may not connect; start the server with --allow-origin to let them";
    ErrorResponse::new(StatusCode::FORBIDDEN, ApiError::bad_user_input(message))
}
