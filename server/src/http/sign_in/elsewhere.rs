//! A dashboard on another site: its user signs in here, because passwords are typed nowhere else, and the dashboard gets a session
//! of its own by a code that is used once. Only sites that are allowed by name get one.
//!
//! 1. The dashboard sends the browser to [`DASHBOARD`] with its own address, and whoever is not signed in yet signs in first. One of
//!    this server itself does so too, and is done then: it has the cookie.
//! 2. The browser is sent back with the code behind `#`, which it sends to nobody.
//! 3. The dashboard trades the code at [`SESSION`] for a session, which it sends as `Authorization: Bearer`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use domain::access::{PrincipalKind, Token, TokenKind};
use serde::Deserialize;

use super::{pages, redirect_to_sign_in, refusal};
use crate::{
    access::NotSignedIn,
    http::{
        authenticate::{Proof, origin, standing},
        connection::Peer,
        cookie,
        shared::Shared,
    },
    store::access::Holder,
};

/// Where a dashboard on another site sends its user.
const DASHBOARD: &str = "/auth/dashboard";
/// Where it trades its code for a session, and ends that.
const SESSION: &str = "/auth/session";
const END_SESSION: &str = "/auth/session/end";
/// The longest address of a dashboard's page, in bytes.
const MAX_ADDRESS_BYTES: usize = 2_048;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(DASHBOARD, get(hand_over))
        .route(SESSION, post(take_over))
        .route(END_SESSION, post(end))
}

#[derive(Deserialize)]
struct DashboardQuery {
    of: String,
}

async fn hand_over(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    Query(query): Query<DashboardQuery>,
) -> Response {
    let (of, _) = query.of.split_once('#').unwrap_or((&query.of, ""));
    if let Some(own) = own_page(of, &headers) {
        return redirect_to_sign_in(own);
    }
    let Some(site) = site(&shared, of) else { return not_allowed() };
    if shared.app.access.is_open() {
        return pages::go_on(of);
    }
    let Some(person) = person(&shared, *peer, &headers).await else {
        let of = form_urlencoded::Serializer::new(String::new()).append_pair("of", of).finish();
        return redirect_to_sign_in(&format!("{DASHBOARD}?{of}"));
    };
    match shared.app.access.hand_over(origin(*peer, &headers), &person, site).await {
        // No redirect: browsers let none lead from a form of this server to another site.
        Ok(code) => pages::go_on(&format!("{of}#code={}", code.text())),
        Err(error) => plain(&error),
    }
}

async fn take_over(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    code: String,
) -> Response {
    let site = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let Some(site) = site.and_then(|site| shared.origins.named_of(site)) else { return not_allowed() };
    let origin = origin(*peer, &headers);
    if let Err(over) = shared.limits.take_attempt((*peer).into()) {
        return plain(&NotSignedIn::Wait(over.wait()));
    }
    match shared.app.access.take_over(origin, &code, site).await {
        Ok(session) => {
            let headers =
                [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (headers, session.text()).into_response()
        }
        Err(error) => plain(&error),
    }
}

/// Ends the session that is sent as `Authorization` would have it, in the body: a page that is left can send no header.
async fn end(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    authorization: String,
) -> Response {
    let session = authorization.trim().rsplit(' ').next().and_then(|text| Token::of_text(text).ok());
    if let Some(session) = session.filter(|token| token.kind == TokenKind::Session)
        && let Err(error) = shared.app.access.sign_out(origin(*peer, &headers), &session).await
    {
        return plain(&NotSignedIn::Store(error));
    }
    StatusCode::NO_CONTENT.into_response()
}

/// The path of a page, if it is one of this server.
fn own_page<'a>(address: &'a str, headers: &HeaderMap) -> Option<&'a str> {
    let uri: Uri = address.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let is_own = uri.authority()?.as_str().eq_ignore_ascii_case(host);
    let path_at = address.find("://")? + 3 + uri.authority()?.as_str().len();
    address.get(path_at..).filter(|_| is_own)
}

/// The site of a dashboard's page, if it is allowed by name: where all are, nobody said which ones are to be trusted with a session.
fn site<'a>(shared: &'a Shared, address: &str) -> Option<&'a str> {
    let is_address = address.len() <= MAX_ADDRESS_BYTES
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    shared.origins.named_of(address).filter(|_| is_address)
}

/// Who has signed in with this browser.
async fn person(shared: &Shared, peer: Peer, headers: &HeaderMap) -> Option<Holder> {
    let session = cookie::of(shared, headers)?;
    let standing = standing(shared, peer, &Proof::said(&format!("Bearer {session}"))).await.ok()?;
    let standing = standing.borrow();
    let holder = standing.access(shared.app.clock.now_ms()).ok()?.holder()?.clone();
    Some(holder).filter(|holder| holder.kind == PrincipalKind::Person)
}

fn plain(error: &NotSignedIn) -> Response {
    let (status, words) = refusal(error);
    let mut response = (status, words + "\n").into_response();
    if let NotSignedIn::Wait(wait) = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    response
}

fn not_allowed() -> Response {
    let words =
        "this site gets no session here: whoever runs the server allows it by name, with --allow-origin\n";
    (StatusCode::FORBIDDEN, words).into_response()
}
