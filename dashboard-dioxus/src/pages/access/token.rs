//! One token, and how it is replaced or revoked.

use super::action::use_action;
use super::confirm::Confirm;
use super::issued::Kind;
use super::tokens::COLUMNS;
use crate::api::operation::{IssuedToken, OVERLAP_HOURS, Token, revoke_token, rotate_token};
use crate::api::use_client;
use crate::components::metric_table::TEXT;
use crate::components::page_context::use_page_context;
use crate::components::returned_focus::use_returned_focus;
use crate::lean::instant::Instant;
use crate::lean::order;
use crate::lean::zone::Zone;
use crate::words::{access as words, time};
use dioxus::prelude::*;
use domain::{MS_PER_DAY, id_order};

/// A device, as the API calls it.
const DEVICE: &str = "DEVICE";
/// From so many days before its end on, a token says how many are left: long enough to visit a device.
const SOON_DAYS: i64 = 14;

/// Whether a token is valid no longer.
pub(super) fn has_ended(token: &Token, now_ms: f64) -> bool {
    token.revoked_at.is_some() || token.expires_at.ms() <= now_ms
}

/// Devices and then programs, in the order of their names, the newest token of each first.
pub(super) fn in_order(mut tokens: Vec<Token>) -> Vec<Token> {
    let is_program = |token: &Token| token.kind != DEVICE;
    order::sort(&mut tokens, |one, other| {
        let kinds = is_program(one).cmp(&is_program(other));
        let names = || id_order::compare(&one.name, &other.name);
        kinds.then_with(names).then_with(|| other.created_at.0.cmp(&one.created_at.0))
    });
    tokens
}

/// What is open below the row.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Rotation,
    Revocation,
}

/// A token as it is listed, without its text.
#[component]
pub(super) fn TokenRow(
    token: Token,
    now_ms: f64,
    onissued: Callback<(Kind, IssuedToken)>,
    onchanged: Callback<()>,
) -> Element {
    let zone = use_page_context().zone();
    let mut open = use_signal(|| None::<Open>);
    let focuses = [use_returned_focus(), use_returned_focus()];
    let mut close = move |form: Open| {
        open.set(None);
        focuses[form as usize].take();
    };
    let has_ended = has_ended(&token, now_ms);
    let name = token.name.clone();
    let roles: Vec<&str> = token.roles.iter().map(|role| words::role(role)).collect();
    let buttons = [
        (Open::Rotation, "rotate", words::ROTATE, words::rotate(&name)),
        (Open::Revocation, "revoke", words::REVOKE, words::revoke(&name)),
    ];
    rsx! {
        tr { class: if has_ended { "access-row access-ended" } else { "access-row" }, "data-testid": "token-{token.name}", "data-ended": has_ended,
            th { scope: "row", "{token.name}" }
            td { class: TEXT, "data-field": "kind", {words::kind(&token.kind)} }
            td { class: TEXT, "data-field": "roles", {roles.join(", ")} }
            td { class: TEXT, "data-field": "state", {state(&token, now_ms)} }
            td { class: TEXT, "data-field": "expires", {expiry(&token, now_ms, &zone)} }
            td { class: TEXT, "data-field": "used", {used(token.last_used_at, now_ms)} }
            td { class: TEXT, "data-field": "created",
                time { datetime: token.created_at.to_rfc3339(), {zone.date(token.created_at)} }
            }
            td { class: TEXT, "data-field": "change",
                if !has_ended {
                    div { class: "access-buttons",
                        for (form, testid, label, what) in buttons {
                            button {
                                key: "{testid}",
                                class: "button",
                                r#type: "button",
                                "data-testid": testid,
                                aria_label: what,
                                aria_expanded: open() == Some(form),
                                onmounted: move |event| focuses[form as usize].mounted(event.data()),
                                onclick: move |_| open.set(if open() == Some(form) { None } else { Some(form) }),
                                {label}
                            }
                        }
                    }
                }
            }
        }
        if let Some(form) = open().filter(|_| !has_ended) {
            tr { class: "access-form-row",
                td { class: TEXT, colspan: COLUMNS.len() as i64,
                    match form {
                        Open::Rotation => rsx! { Rotation { token: token.clone(), onissued, onclose: move |()| close(form) } },
                        Open::Revocation => rsx! { Revocation { token: token.clone(), onchanged, onclose: move |()| close(form) } },
                    }
                }
            }
        }
    }
}

/// Replaces a token by another one.
#[component]
fn Rotation(token: Token, onissued: Callback<(Kind, IssuedToken)>, onclose: EventHandler<()>) -> Element {
    let client = use_client();
    let action = use_action();
    let kind = if token.kind == DEVICE { Kind::Device } else { Kind::Program };
    let (question, label) = (words::rotating(&token.name, OVERLAP_HOURS), words::rotate(&token.name));
    let rotate = move |()| {
        action.run(rotate_token(client, token.id.clone()), move |new| {
            onclose.call(());
            onissued.call((kind, new));
        });
    };
    rsx! {
        Confirm { question, label, action, onconfirm: rotate, onclose }
    }
}

/// Revokes a token once somebody has read what that does.
#[component]
fn Revocation(token: Token, onchanged: Callback<()>, onclose: EventHandler<()>) -> Element {
    let client = use_client();
    let action = use_action();
    let (question, label) = (words::revoking(&token.name), words::revoke(&token.name));
    let revoke = move |()| {
        action.run(revoke_token(client, token.id.clone()), move |()| {
            onchanged.call(());
            onclose.call(());
        });
    };
    rsx! {
        Confirm { question, label, action, onconfirm: revoke, onclose }
    }
}

fn state(token: &Token, now_ms: f64) -> &'static str {
    if token.revoked_at.is_some() {
        words::REVOKED
    } else if token.expires_at.ms() <= now_ms {
        words::EXPIRED
    } else {
        words::VALID
    }
}

/// Until when, and in how many days where that is soon.
fn expiry(token: &Token, now_ms: f64, zone: &Zone) -> Element {
    let days = ((token.expires_at.ms() - now_ms) / MS_PER_DAY as f64).floor() as i64;
    let soon = (!has_ended(token, now_ms) && days < SOON_DAYS).then(|| words::soon(days));
    rsx! {
        time { datetime: token.expires_at.to_rfc3339(), {zone.date(token.expires_at)} }
        if let Some(soon) = soon {
            " "
            span { class: "access-soon", {soon} }
        }
    }
}

fn used(at: Option<Instant>, now_ms: f64) -> Element {
    rsx! {
        if let Some(at) = at {
            time { datetime: at.to_rfc3339(), {time::age(now_ms - at.ms())} }
        } else {
            {words::NEVER}
        }
    }
}
