//! The link of a wall board: a screen that nobody signs in at is let in by a token of its own, with which nothing can be changed.
//!
//! The token is in the link's fragment, which browsers send to nobody, so that no log of a proxy has it. The page's script puts it
//! into a form; the form is sent when somebody says so, because a link alone must not change who a browser is signed in as.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use domain::{
    access::{Role, Token, TokenKind},
    time::TimestampMs,
};
use http_listener::is_own_page;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{foreign_page, own_path, pages::Board, redirect, unreadable};
use crate::{
    access::Denied,
    http::{
        authenticate::{Proof, standing},
        connection::Peer,
        cookie,
        shared::Shared,
    },
    store::access::Holder,
};

/// Where a link of a wall board leads.
pub(super) const BOARD: &str = "/auth/board";
/// The script of that page.
pub(super) const SCRIPT: &str = "/auth/board.js";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route(BOARD, get(show).post(enter)).route(SCRIPT, get(script))
}

#[derive(Deserialize)]
struct BoardQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
struct BoardForm {
    token: SecretString,
    next: Option<String>,
}

/// Why a screen is not let in.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum NotShown {
    #[error("the link is not whole: copy all of it, to its last letter")]
    NotWhole,
    #[error(
        "with the token of this link something can be changed; a wall board takes one with the role Viewer and no other"
    )]
    NotReadOnly,
    #[error("the link is not valid any more; who looks after the factory can make another one")]
    NotValid,
    #[error("the server cannot look whether the link is valid now; try again")]
    Unknown,
    #[error("there were too many attempts from here; try again in a minute")]
    TooMany,
}

async fn show(Query(query): Query<BoardQuery>) -> Response {
    Board { next: own_path(query.next.as_deref()), error: None }.into_response(StatusCode::OK)
}

async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("board.js")).into_response()
}

async fn enter(
    State(shared): State<Arc<Shared>>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<BoardForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return unreadable() };
    if !is_own_page(&headers) {
        return foreign_page();
    }
    let next = own_path(form.next.as_deref());
    match let_in(&shared, *peer, form.token.expose_secret().trim()).await {
        Ok((token, until_ms)) => {
            let mut response = redirect(next);
            let cookie = cookie::of_board(&shared, &headers, &token, until_ms);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => {
            let status = match error {
                NotShown::NotWhole | NotShown::NotReadOnly => StatusCode::UNPROCESSABLE_ENTITY,
                NotShown::NotValid => StatusCode::UNAUTHORIZED,
                NotShown::Unknown => StatusCode::SERVICE_UNAVAILABLE,
                NotShown::TooMany => StatusCode::TOO_MANY_REQUESTS,
            };
            Board { next, error: Some(&error.to_string()) }.into_response(status)
        }
    }
}

/// The token, and until when it is valid.
async fn let_in(shared: &Shared, peer: Peer, text: &str) -> Result<(Token, TimestampMs), NotShown> {
    let token = Token::of_text(text).map_err(|_| NotShown::NotWhole)?;
    let proof = Proof::said(&format!("Bearer {text}"));
    let standing = standing(shared, peer, &proof).await.map_err(|denied| match denied {
        Denied::Unknown => NotShown::Unknown,
        Denied::OverLimit(_) => NotShown::TooMany,
        _ => NotShown::NotValid,
    })?;
    let standing = standing.borrow();
    let access = standing.access(shared.app.clock.now_ms()).map_err(|_| NotShown::NotValid)?;
    if token.kind == TokenKind::Service && access.holder().is_some_and(is_read_only) {
        Ok((token, standing.until_ms()))
    } else {
        Err(NotShown::NotReadOnly)
    }
}

/// Whether somebody may change nothing, and sees no single worker.
fn is_read_only(holder: &Holder) -> bool {
    !holder.is_operator && holder.grants.iter().all(|grant| grant.role == Role::Viewer)
}
