//! A headless Chromium and its pages, used as a person would: for tests of what people see, and for measurements.
//!
//! * A [`Chrome`] is a process with an empty profile of its own; it is killed when it is dropped. A [`Page`] is a tab.
//! * It is spoken to over its DevTools protocol, so nothing but a Chromium has to be installed.
//! * What its pages ask for over the network is kept, and a name that is neither 127.0.0.1 nor localhost is not found: see [`Seen`].
//! * Every wait is for a state and ends after [`LIMIT`] with what the page shows and a picture of it.

mod chrome;
mod connection;
mod download;
mod keys;
mod page;
mod program;
mod screen;
mod seen;

use std::time::Duration;

pub use crate::{
    chrome::Chrome,
    download::Download,
    page::{
        Page,
        accessibility::Accessible,
        axe::Violation,
        performance::{Frames, Memory},
    },
    screen::{Medium, Motion, Network, Scheme, Screen},
    seen::{Message, Seen},
};

/// How long the browser may take to start and to carry out one command, and a page to show what is waited for.
pub const LIMIT: Duration = test_harness::LIMIT;
/// Between two looks at a page: shorter than anybody would notice.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
