//! The keyboard, which writes where the focus is.

use anyhow::{Result, bail};

use super::Page;
use crate::keys;

/// How often Tab is pressed at most: nobody goes further to reach something.
const MAX_TABS: usize = 200;

impl Page<'_> {
    /// Presses and releases a key, such as `Tab`, `Enter`, `ArrowDown`, `/`, `Shift+Tab` or `Control+k`.
    pub async fn press(&self, key: &str) -> Result<()> {
        for event in keys::events(key)? {
            self.command("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// Types a text, key by key.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        for character in text.chars() {
            self.press(character.encode_utf8(&mut [0; 4])).await?;
        }
        Ok(())
    }

    /// Presses Tab until the element of this role and name has the focus; fails with what was met on the way.
    pub async fn tab_to(&self, role: &str, name: &str) -> Result<()> {
        let mut met = Vec::new();
        for _ in 0..MAX_TABS {
            self.press("Tab").await?;
            let focused = self.focused().await?;
            if focused.role == role && focused.name == name {
                return Ok(());
            }
            met.push(format!("{} {:?}", focused.role, focused.name));
        }
        met.truncate(MAX_TABS / 10);
        bail!("Tab does not lead to the {role} {name:?} but to {}, ...", met.join(", "))
    }
}
