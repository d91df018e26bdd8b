//! The keyboard, which writes where the focus is.

use anyhow::Result;

use super::Page;
use crate::keys;

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
}
