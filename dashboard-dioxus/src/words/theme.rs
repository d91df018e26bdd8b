//! Light and dark.

pub(crate) const LABEL: &str = "Theme";
pub(crate) const SYSTEM: &str = "System";
pub(crate) const LIGHT: &str = "Light";
pub(crate) const DARK: &str = "Dark";
