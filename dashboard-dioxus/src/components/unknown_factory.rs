use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::model::Factory;
use crate::route::Address;
use crate::words::factory as words;
use dioxus::prelude::*;

/// What every page shows in place of itself when its address names a factory that is not there: the ways to those that are.
#[component]
pub(crate) fn UnknownFactory(id: String) -> Element {
    let context = use_page_context();
    let factories = context.factories();
    let to = |factory: &Factory| {
        Address::floor(context.address.peek().selection().clone().of_factory(factory.id.clone()))
    };
    rsx! {
        PageTitle { title: words::UNKNOWN }
        p { role: "alert", "data-testid": "unknown-factory", {words::unknown(&id)} }
        if factories.is_empty() {
            p {
                a { href: "/", {words::CREATE} }
            }
        } else {
            ul { class: "unknown-factory-others",
                for factory in factories.iter() {
                    li { key: "{factory.id}",
                        Link { to: to(factory), {words::named(&factory.name, &factory.id)} }
                    }
                }
            }
        }
        p {
            button { class: "button", r#type: "button", "data-testid": "retry", onclick: move |_| context.listed.refresh(),
                {crate::words::notice::TRY_AGAIN}
            }
        }
    }
}
