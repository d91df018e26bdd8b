//! What the page of an entity says, drawn as text.
