//! The tokens of devices and programs.

use super::fresh::use_fresh;
use super::issued::{Issued, Kind};
use super::token::{TokenRow, has_ended, in_order};
use super::token_form::TokenForm;
use crate::api::Panel;
use crate::api::operation::{IssuedToken, Token, Tokens as TokensQuery, tokens};
use crate::components::gradual::use_gradual;
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::returned_focus::use_returned_focus;
use crate::components::skeleton::Skeleton;
use crate::live::clock::use_clock;
use crate::words::access as words;
use dioxus::prelude::*;

/// How often it is looked which tokens have expired, in ms.
const CLOCK_STEP_MS: u32 = 60_000;
/// The most rows that are drawn before somebody asks for all: more would make a browser pause.
const MOST_DRAWN: usize = 200;
pub(super) const COLUMNS: &[Column] = &[
    Column::text(words::NAME),
    Column::text(words::KIND),
    Column::text(words::ROLES),
    Column::text(words::STATE),
    Column::text(words::EXPIRES),
    Column::text(words::LAST_USED),
    Column::text(words::CREATED),
    Column::text(words::CHANGE),
];
/// The forms, each with its button.
const FORMS: [(Kind, &str, &str); 2] =
    [(Kind::Device, "new-device", words::NEW_DEVICE), (Kind::Program, "new-program", words::NEW_PROGRAM)];

/// All tokens of the factory: those that are valid, and on demand those that ended.
#[component]
pub(super) fn Tokens() -> Element {
    let context = use_page_context();
    let listed = use_fresh::<TokensQuery>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(tokens::Variables { factory_id })
    });
    let mut open = use_signal(|| None::<Kind>);
    let mut issued = use_signal(|| None::<(Kind, IssuedToken)>);
    let focuses = [use_returned_focus(), use_returned_focus()];
    let mut close = move |form: Kind| {
        open.set(None);
        focuses[form as usize].take();
    };
    let take = use_callback(move |new: (Kind, IssuedToken)| {
        issued.set(Some(new));
        listed.renew.call(());
    });
    let tools = rsx! {
        for (form, testid, label) in FORMS {
            button {
                key: "{testid}",
                class: "button",
                r#type: "button",
                "data-testid": testid,
                aria_expanded: open() == Some(form),
                onmounted: move |event| focuses[form as usize].mounted(event.data()),
                onclick: move |_| open.set(if open() == Some(form) { None } else { Some(form) }),
                {label}
            }
        }
    };
    rsx! {
        PanelFrame { title: words::TOKENS, outdated: listed.answer.outdated(), tools,
            if let Some(kind) = open() {
                for (_, testid, _) in FORMS.into_iter().filter(|(of, ..)| *of == kind) {
                    TokenForm {
                        key: "{testid}",
                        kind,
                        ondone: move |new| {
                            close(kind);
                            take.call((kind, new));
                        },
                        onclose: move |()| close(kind),
                    }
                }
            }
            if let Some((kind, new)) = issued() {
                Issued { key: "{new.secret}", issued: new, kind, ondone: move |()| issued.set(None) }
            }
            match listed.panel() {
                Panel::Waiting => rsx! { Skeleton { lines: 4 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| listed.answer.retry() } },
                Panel::Showing(tokens) => rsx! {
                    Table { tokens: in_order(tokens), onissued: take, onchanged: listed.renew }
                },
            }
        }
    }
}

#[component]
fn Table(tokens: Vec<Token>, onissued: Callback<(Kind, IssuedToken)>, onchanged: Callback<()>) -> Element {
    let clock = use_clock(CLOCK_STEP_MS);
    let mut shows_ended = use_signal(|| false);
    let mut are_all_drawn = use_signal(|| false);
    let now_ms = clock();
    let ended = tokens.iter().filter(|token| has_ended(token, now_ms)).count();
    let shown: Vec<Token> =
        tokens.into_iter().filter(|token| shows_ended() || !has_ended(token, now_ms)).collect();
    let most_drawn = use_gradual(shown.len().min(MOST_DRAWN));
    let drawn = if are_all_drawn() { shown.len() } else { most_drawn };
    rsx! {
        if shown.is_empty() {
            Empty { text: words::NO_TOKENS }
        } else {
            MetricTable { label: words::TOKENS, columns: COLUMNS,
                for token in shown[..drawn].iter() {
                    TokenRow { key: "{token.id}", token: token.clone(), now_ms, onissued, onchanged }
                }
            }
        }
        div { class: "access-more",
            if !are_all_drawn() && shown.len() > MOST_DRAWN {
                button { class: "button", r#type: "button", onclick: move |_| are_all_drawn.set(true), {words::show_all(shown.len())} }
            }
            if ended > 0 && !shows_ended() {
                button { class: "button", r#type: "button", "data-testid": "show-ended", onclick: move |_| shows_ended.set(true),
                    {words::show_ended(ended)}
                }
            }
        }
    }
}
