//! The pages on which people sign in: plain HTML, so that they work in every browser and before the dashboard.

mod board;
mod elsewhere;
mod oidc;
mod pages;

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Query, State, rejection::FormRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use domain::access::{Token, TokenKind};
use http_listener::is_own_page;
use secrecy::SecretString;
use serde::Deserialize;

use self::pages::{Setup, SignIn};
use super::{authenticate::origin, connection::Peer, cookie, shared::Shared};
use crate::access::{NotSignedIn, SETUP_PATH, oidc::OidcProvider};

/// Where people sign in.
pub(super) const SIGN_IN: &str = "/auth/sign-in";
/// Where the first operator is created.
pub(super) const SET_UP: &str = SETUP_PATH;
/// Where they sign out.
pub(super) const SIGN_OUT: &str = "/auth/sign-out";
/// The longest form, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// Where somebody goes who asked for nothing else.
const HOME: &str = "/";

/// The pages and what their forms send.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(SIGN_IN, get(show_sign_in).post(sign_in))
        .route(SIGN_OUT, get(show_sign_out).post(sign_out))
        .route(SET_UP, get(show_setup).post(set_up))
        .merge(oidc::router())
        .merge(board::router())
        .merge(elsewhere::router())
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
}

/// Sends a browser to where its user signs in, and then back to where it was.
pub(super) fn redirect_to_sign_in(path_and_query: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", path_and_query).finish();
    redirect(&format!("{SIGN_IN}?{query}"))
}

#[derive(Deserialize)]
struct SignInQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
struct SignInForm {
    name: String,
    password: SecretString,
    next: Option<String>,
}

#[derive(Deserialize)]
struct SetupQuery {
    code: Option<String>,
}

#[derive(Deserialize)]
struct SetupForm {
    code: String,
    /// None where somebody was invited, who has one already.
    #[serde(default)]
    name: String,
    password: SecretString,
}

async fn show_sign_in(State(shared): State<Arc<Shared>>, Query(query): Query<SignInQuery>) -> Response {
    let next = own_path(query.next.as_deref());
    if shared.app.access.is_open() {
        return redirect(next);
    }
    SignIn { name: "", next, error: None, provider: provider(&shared) }.into_response(StatusCode::OK)
}

async fn sign_in(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return unreadable() };
    if !is_own_page(&headers) {
        return foreign_page();
    }
    let next = own_path(form.next.as_deref());
    let origin = origin(*peer, &headers);
    match shared.app.access.sign_in(origin, form.name.trim(), form.password).await {
        Ok(session) => signed_in(&shared, &headers, &session, next),
        Err(error) => {
            let (status, words) = refusal(&error);
            let provider = provider(&shared);
            let page = SignIn { name: form.name.trim(), next, error: Some(&words), provider };
            with_wait(page.into_response(status), &error)
        }
    }
}

async fn show_setup(Query(query): Query<SetupQuery>) -> Response {
    let code = query.code.unwrap_or_default();
    Setup { code: &code, name: "", error: None }.into_response(StatusCode::OK)
}

async fn set_up(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<SetupForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return unreadable() };
    if !is_own_page(&headers) {
        return foreign_page();
    }
    let origin = origin(*peer, &headers);
    match shared.app.access.set_up(origin, &form.code, &form.name, form.password).await {
        Ok(session) => signed_in(&shared, &headers, &session, HOME),
        Err(error) => {
            let (status, words) = refusal(&error);
            let page = Setup { code: &form.code, name: form.name.trim(), error: Some(&words) };
            with_wait(page.into_response(status), &error)
        }
    }
}

/// For who comes from a dashboard on another site, whose own session is over already.
async fn show_sign_out() -> Response {
    pages::sign_out()
}

async fn sign_out(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if !is_own_page(&headers) {
        return foreign_page();
    }
    let session = cookie::of(&shared, &headers).and_then(|text| Token::of_text(text).ok());
    if let Some(session) = session.filter(|session| session.kind == TokenKind::Session)
        && let Err(error) = shared.app.access.sign_out(origin(*peer, &headers), &session).await
    {
        tracing::warn!(%error, "a session cannot be ended now");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database cannot answer now; try again\n")
            .into_response();
    }
    let mut response = redirect(SIGN_IN);
    response.headers_mut().append(header::SET_COOKIE, cookie::ending(&shared, &headers));
    response
}

/// What the identity provider is called where people can sign in, if there is one.
fn provider(shared: &Shared) -> Option<&str> {
    shared.oidc.as_ref().map(OidcProvider::label)
}

fn signed_in(shared: &Shared, headers: &HeaderMap, session: &Token, next: &str) -> Response {
    let mut response = redirect(next);
    response.headers_mut().append(header::SET_COOKIE, cookie::of_session(shared, headers, session));
    response
}

fn refusal(error: &NotSignedIn) -> (StatusCode, String) {
    let status = match error {
        NotSignedIn::Wrong | NotSignedIn::Code => StatusCode::UNAUTHORIZED,
        NotSignedIn::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        NotSignedIn::Name | NotSignedIn::Password(_) | NotSignedIn::NotChanged(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        NotSignedIn::Store(error) => {
            tracing::warn!(%error, "nobody can sign in now");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    (status, error.to_string())
}

fn with_wait(mut response: Response, error: &NotSignedIn) -> Response {
    if let NotSignedIn::Wait(wait) = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    response
}

/// A path of this server that somebody is to be sent to; nobody is sent elsewhere.
fn own_path(next: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path.bytes().all(|byte| byte.is_ascii_graphic())
    };
    next.filter(is_own).unwrap_or(HOME)
}

fn redirect(to: &str) -> Response {
    // What is no header was no path of this server.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static(HOME));
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
    )
        .into_response()
}

fn foreign_page() -> Response {
    (StatusCode::FORBIDDEN, "a page of another site may not sign anybody in or out\n").into_response()
}

fn unreadable() -> Response {
    (StatusCode::BAD_REQUEST, "this is not what the page sends; open it again\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for own in ["/", "/plant-1/floor?window=today", "/graphql"] {
            assert_eq!(own_path(Some(own)), own);
        }
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a\r\nb: c"]
        {
            assert_eq!(own_path(Some(foreign)), HOME, "{foreign:?}");
        }
        assert_eq!(own_path(None), HOME);
    }
}
