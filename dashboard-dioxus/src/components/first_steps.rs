use crate::live::Live;
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
    let explorer_url = use_context::<Live>().explorer_url;
    rsx! {
        section { class: "first-steps", "data-testid": "first-steps",
            h2 { "There is no factory yet" }
            p {
                "Create one with this mutation, for example in the "
                if let Some(url) = explorer_url() {
                    a { href: "{url}", "API explorer" }
                } else {
                    "API explorer"
                }
                "; it appears here by itself."
            }
            pre {
                code { {CREATE_FACTORY} }
            }
            p { "To see a simulated one at work, start the server with --demo." }
        }
    }
}
