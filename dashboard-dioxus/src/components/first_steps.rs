use crate::api::use_client;
use crate::words::first_steps as words;
use dioxus::prelude::*;

/// A real example of the one mutation that a new installation needs.
const CREATE_FACTORY: &str = r#"mutation {
  createFactory(
    input: { id: "plant-1", name: "Plant 1", timeZone: "Europe/Berlin" }
  ) {
    id
  }
}"#;

/// What to do as long as there is no factory.
#[component]
pub(crate) fn FirstSteps() -> Element {
    let api_url = use_client().api_url;
    rsx! {
        section { class: "first-steps", "data-testid": "first-steps",
            h2 { {words::TITLE} }
            p {
                {words::BEFORE_LINK}
                if let Some(url) = api_url() {
                    a { href: "{url}", {words::LINK} }
                } else {
                    {words::LINK}
                }
                {words::AFTER_LINK}
            }
            pre { tabindex: "0",
                code { {CREATE_FACTORY} }
            }
            p { {words::DEMO} }
        }
    }
}
