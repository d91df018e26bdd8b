//! The words about a page of the back office that is not there yet.

/// What is said in place of a page that could not be loaded.
pub(crate) const NOT_LOADED: &str =
    "This page could not be loaded. Try again when the server can be reached, or reload the page.";
