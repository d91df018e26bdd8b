//! Lower case of any language, and letters without their marks. The browser knows both, so the tables for them need not be
//! loaded once more; natively, for tests, the standard library knows lower case.

/// The text in lower case.
#[cfg(target_arch = "wasm32")]
pub(crate) fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// The text in lower case.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// The text with `a` for `á`.
#[cfg(target_arch = "wasm32")]
pub(crate) fn without_marks(text: &str) -> String {
    let taken_apart: String = js_sys::JsString::from(text).normalize("NFD").into();
    taken_apart.chars().filter(|character| !('\u{300}'..='\u{36f}').contains(character)).collect()
}

/// The text as it is.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn without_marks(text: &str) -> String {
    text.to_owned()
}
