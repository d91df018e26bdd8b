//! The words about a part of the program that is not there yet.

/// What is said in place of a page that could not be loaded.
pub(crate) const NOT_LOADED: &str =
    "This page could not be loaded. Try again when the server can be reached, or reload the page.";

/// The same of a panel.
pub(crate) const PANEL_NOT_LOADED: &str =
    "This chart could not be loaded. Try again when the server can be reached, or reload the page.";

/// The same of a form.
pub(crate) const FORM_NOT_LOADED: &str =
    "This form could not be loaded. Try again when the server can be reached, or reload the page.";

/// The same of what moved figures.
pub(crate) const MOVED_NOT_LOADED: &str = "It cannot be told what moved these figures. Try again when the server can be reached, or reload the page.";
