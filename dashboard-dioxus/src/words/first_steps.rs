//! What to do as long as there is no factory or no event.

use super::isolated;

pub(crate) const NO_FACTORY: &str = "There is no factory yet";
pub(crate) const NO_EVENT: &str = "No event has arrived yet";
pub(crate) const CREATE: &str = "Create one. Its time zone decides when a day begins.";
pub(crate) const NAME: &str = "Name";
pub(crate) const EXAMPLE_NAME: &str = "Plant 1";
pub(crate) const ID: &str = "Id";
pub(crate) const ABOUT_ID: &str =
    "Devices and addresses name the factory by its id, and it stays; the name can be changed.";
pub(crate) const ZONE: &str = "Time zone";
pub(crate) const CREATE_IT: &str = "Create the factory";
pub(crate) const TRY_DEMO: &str = "Try with sample data";
pub(crate) const CREATING: &str = "Creating…";
pub(crate) const CREATE_BY_CURL: &str = "Or from a terminal:";
pub(crate) const BEFORE_LINK: &str = "Everything the API can do is documented, and can be tried out, in the ";
pub(crate) const LINK: &str = "API explorer";
pub(crate) const AFTER_LINK: &str = ".";
pub(crate) const SEND_BY_CURL: &str = "With curl, from any machine that reaches this address:";
pub(crate) const SEND_BY_EDGE: &str =
    "With andon-edge, which takes files or a stream of events and tries again until they are stored:";
pub(crate) const NAMES_FIRST: &str = "Names and areas can be entered before the first event:";
pub(crate) const COPY: &str = "Copy";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const NOT_COPIED: &str =
    "The browser does not let this page copy. Select the text and copy it with the keyboard.";
pub(crate) const COMMAND: &str = "Command";

pub(crate) fn send(factory: &str) -> String {
    format!(
        "Send the first one to {}. This page shows the floor as soon as the event is stored.",
        isolated(factory)
    )
}
