//! What a person looks at a page with.

use serde_json::{Value, json};

/// A window's size and what its person has set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// Width of the page's window in CSS pixels.
    pub width: u32,
    /// Height of the page's window in CSS pixels.
    pub height: u32,
    /// Device pixels of one CSS pixel.
    pub scale: f64,
    /// Whether the system is set to light or dark.
    pub scheme: Scheme,
    /// Whether the system is set to less motion.
    pub motion: Motion,
}

impl Screen {
    /// A laptop's browser window.
    pub const LAPTOP: Self =
        Self { width: 1280, height: 900, scale: 1.0, scheme: Scheme::Light, motion: Motion::Full };
}

impl Default for Screen {
    fn default() -> Self {
        Self::LAPTOP
    }
}

/// `prefers-color-scheme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// As style sheets call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// `prefers-reduced-motion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// No preference.
    Full,
    /// Asks for less.
    Reduced,
}

/// What a page is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A screen.
    Screen,
    /// Paper.
    Print,
}

impl Medium {
    /// As style sheets call it; nothing where the browser decides, because it would print a page for a screen too.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Screen => "",
            Self::Print => "print",
        }
    }
}

/// Whether a page reaches anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// As it is.
    Open,
    /// As if the cable were pulled: no request is answered, and a websocket that is open falls silent.
    Cut,
}

impl Screen {
    /// The commands that make a page's screen this one.
    pub(crate) fn commands(&self) -> [(&'static str, Value); 2] {
        let motion = match self.motion {
            Motion::Full => "no-preference",
            Motion::Reduced => "reduce",
        };
        // Not as a telephone, which would shrink a page that is too wide until it fits.
        let metrics = json!({
            "width": self.width, "height": self.height, "deviceScaleFactor": self.scale, "mobile": false
        });
        let features = json!([
            { "name": "prefers-color-scheme", "value": self.scheme.name() },
            { "name": "prefers-reduced-motion", "value": motion }
        ]);
        [
            ("Emulation.setDeviceMetricsOverride", metrics),
            ("Emulation.setEmulatedMedia", json!({ "features": features })),
        ]
    }
}
