//! The way to an identity provider and back.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use secrecy::SecretString;
use serde::Deserialize;

use super::{HOME, SignIn, own_path, redirect, signed_in, unreadable};
use crate::{
    access::oidc::{Arrival, CALLBACK, OidcError, OidcProvider},
    http::{authenticate::origin, connection::Peer, cookie, shared::Shared},
};

/// Where people leave for their provider.
pub(super) const START: &str = "/auth/oidc/start";
/// The longest path that somebody is sent back to, in bytes.
const MAX_NEXT_BYTES: usize = 2_048;
/// The most characters of why a provider did not let somebody in.
const MAX_REASON_CHARS: usize = 64;

/// Both ends of the way.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route(START, get(start)).route(CALLBACK, get(come_back))
}

#[derive(Deserialize)]
struct StartQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
struct CallbackQuery {
    state: Option<SecretString>,
    code: Option<SecretString>,
    error: Option<String>,
    iss: Option<String>,
}

async fn start(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: Result<Query<StartQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return unreadable() };
    let Some(provider) = &shared.oidc else { return none_is_set_up() };
    let next = query.next.as_deref().filter(|next| next.len() <= MAX_NEXT_BYTES);
    let next = own_path(next);
    if shared.app.access.is_open() {
        return redirect(next);
    }
    let browser = cookie::of_browser(&shared, &headers);
    match shared.app.access.begin_sign_in_at(provider, browser, next).await {
        Ok(departure) => {
            let mut response = redirect(&departure.url);
            let kept = cookie::keeping(&shared, &headers, &departure.browser);
            response.headers_mut().append(header::SET_COOKIE, kept);
            response
        }
        Err(error) => refuse(provider, next, &error),
    }
}

async fn come_back(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    query: Result<Query<CallbackQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return unreadable() };
    let Some(provider) = &shared.oidc else { return none_is_set_up() };
    let outcome = match (query.code, query.error) {
        (Some(code), None) => Ok(code),
        (_, error) => Err(error.unwrap_or_default().chars().take(MAX_REASON_CHARS).collect()),
    };
    let (Some(browser), Some(state)) = (cookie::of_browser(&shared, &headers), query.state) else {
        return refuse(provider, HOME, &OidcError::NotBegun);
    };
    let arrival = Arrival { browser, state, issuer: query.iss, outcome };
    let finished = shared.app.access.finish_sign_in_at(provider, origin(*peer, &headers), arrival).await;
    let next = own_path(finished.next.as_deref());
    match finished.session {
        Ok(session) => signed_in(&shared, &headers, &session, next),
        Err(error) => refuse(provider, next, &error),
    }
}

/// The page on which they can try again, or sign in with a password.
fn refuse(provider: &OidcProvider, next: &str, error: &OidcError) -> Response {
    let status = match error {
        OidcError::NotBegun => StatusCode::BAD_REQUEST,
        OidcError::Denied | OidcError::Disabled => StatusCode::FORBIDDEN,
        OidcError::Untrusted => StatusCode::BAD_GATEWAY,
        OidcError::NotChanged(_) => StatusCode::UNPROCESSABLE_ENTITY,
        OidcError::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        OidcError::Store(error) => {
            tracing::warn!(%error, "nobody can sign in now");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let words = error.to_string();
    SignIn { name: "", next, error: Some(&words), provider: Some(provider.label()) }.into_response(status)
}

fn none_is_set_up() -> Response {
    (StatusCode::NOT_FOUND, "no identity provider is set up here\n").into_response()
}
