//! What this browser keeps for the next time. One that keeps nothing is asked again then.

/// What is kept under a name.
pub(crate) fn kept(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps something under a name.
pub(crate) fn keep(name: &str, value: &str) {
    if let Some(storage) = storage() {
        _ = storage.set_item(name, value);
    }
}

fn storage() -> Option<web_sys::Storage> {
    if cfg!(not(target_arch = "wasm32")) {
        return None;
    }
    web_sys::window().and_then(|window| window.local_storage().ok().flatten())
}
