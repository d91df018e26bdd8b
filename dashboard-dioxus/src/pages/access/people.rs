//! The people of a factory, and how others are let in.

use super::fresh::use_fresh;
use super::grant_form::{GrantForm, Whom};
use super::issued::ShownOnce;
use super::person::{Person, PersonRow, persons};
use crate::api::operation::{Grants, Invitation, grants};
use crate::api::{Panel, use_client};
use crate::components::command::Command;
use crate::components::gradual::use_gradual;
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::returned_focus::use_returned_focus;
use crate::components::skeleton::Skeleton;
use crate::words::access as words;
use dioxus::prelude::*;

/// The most rows that are drawn before somebody asks for all: more would make a browser pause.
const MOST_DRAWN: usize = 200;
const COLUMNS: &[Column] =
    &[Column::text(words::PERSON), Column::text(words::ROLES), Column::text(words::CHANGE)];
/// The forms, each with its button.
const FORMS: [(Whom, &str, &str); 2] =
    [(Whom::New, "invite", words::INVITE), (Whom::Known, "give-role", words::GRANT)];

/// Everybody with a role in the factory.
#[component]
pub(super) fn People() -> Element {
    let context = use_page_context();
    let listed = use_fresh::<Grants>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(grants::Variables { factory_id })
    });
    let mut open = use_signal(|| None::<usize>);
    let mut invited = use_signal(|| None::<(String, Invitation)>);
    let focuses = [use_returned_focus(), use_returned_focus()];
    let mut close = move |form: usize| {
        open.set(None);
        focuses[form].take();
    };
    let tools = rsx! {
        for (form, (_, testid, label)) in FORMS.into_iter().enumerate() {
            button {
                key: "{testid}",
                class: "button",
                r#type: "button",
                "data-testid": testid,
                aria_expanded: open() == Some(form),
                onmounted: move |event| focuses[form].mounted(event.data()),
                onclick: move |_| open.set(if open() == Some(form) { None } else { Some(form) }),
                {label}
            }
        }
    };
    rsx! {
        PanelFrame { title: words::PEOPLE, outdated: listed.answer.outdated(), tools,
            if let Some(form) = open() {
                for (place, (whom, ..)) in FORMS.into_iter().enumerate().filter(|(place, _)| *place == form) {
                    GrantForm {
                        key: "{place}",
                        whom,
                        ondone: move |done: Option<(String, Invitation)>| {
                            if done.is_some() {
                                invited.set(done);
                            }
                            listed.renew.call(());
                            close(form);
                        },
                        onclose: move |()| close(form),
                    }
                }
            }
            if let Some((name, invitation)) = invited() {
                Invited { key: "{invitation.path}", name, invitation, ondone: move |()| invited.set(None) }
            }
            match listed.panel() {
                Panel::Waiting => rsx! { Skeleton { lines: 4 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| listed.answer.retry() } },
                Panel::Showing(grants) => rsx! {
                    Table { people: persons(&grants), onchanged: listed.renew }
                },
            }
        }
    }
}

#[component]
fn Table(people: Vec<Person>, onchanged: Callback<()>) -> Element {
    let mut are_all_drawn = use_signal(|| false);
    let most_drawn = use_gradual(people.len().min(MOST_DRAWN));
    let drawn = if are_all_drawn() { people.len() } else { most_drawn };
    rsx! {
        if people.is_empty() {
            Empty { text: words::NO_PEOPLE }
        } else {
            MetricTable { label: words::PEOPLE, columns: COLUMNS,
                for person in people[..drawn].iter() {
                    PersonRow { key: "{person.name}", person: person.clone(), onchanged }
                }
            }
        }
        if !are_all_drawn() && people.len() > MOST_DRAWN {
            button { class: "button", r#type: "button", onclick: move |_| are_all_drawn.set(true), {words::show_all(people.len())} }
        }
    }
}

/// The link of somebody who was invited, this once.
#[component]
fn Invited(name: String, invitation: Invitation, ondone: EventHandler<()>) -> Element {
    let context = use_page_context();
    let url = use_client().api_url;
    let api_url = url().unwrap_or_default();
    let server = api_url.strip_suffix("/graphql").unwrap_or(&api_url);
    let until = context.zone().date_time(invitation.expires_at);
    rsx! {
        ShownOnce { title: words::invitation_of(&name), ondone,
            p { {words::invited(&name, &until)} }
            Command { testid: "invitation", label: words::LINK, text: format!("{server}{}", invitation.path) }
        }
    }
}
