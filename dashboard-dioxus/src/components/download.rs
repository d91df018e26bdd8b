//! Hands text to the browser as a file to be saved, without asking the server again.

use gloo_timers::callback::Timeout;
use web_sys::js_sys::Array;
use web_sys::js_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// What a table of [`crate::lean::csv`] is.
pub(crate) const CSV_TYPE: &str = "text/csv;charset=utf-8";
/// How long a browser may take to begin reading the file, in ms: some ask where to save it first. After that its memory is
/// given back.
const KEPT_MS: u32 = 60_000;
/// What to tell a person whose browser refused.
const REFUSED: &str =
    "The browser did not let the page save a file. Allow downloads for this page and try again.";

/// Saves text as a file of that name. The error says what a person can do.
pub(crate) fn save(file_name: &str, media_type: &str, text: &str) -> Result<(), &'static str> {
    save_parts(file_name, media_type, &Array::of1(&text.into()))
}

/// The same of several texts, one after the other.
pub(crate) fn save_parts(file_name: &str, media_type: &str, parts: &Array) -> Result<(), &'static str> {
    let address = offer(file_name, media_type, parts).map_err(|_| REFUSED)?;
    // Only an address that was never made could fail to be taken back.
    Timeout::new(KEPT_MS, move || _ = Url::revoke_object_url(&address)).forget();
    Ok(())
}

/// Clicks on a link to the text, and returns the address that holds it in memory.
fn offer(file_name: &str, media_type: &str, parts: &Array) -> Result<String, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_str_sequence_and_options(parts, &options)?;
    let page = web_sys::window().and_then(|window| window.document()).ok_or(JsValue::UNDEFINED)?;
    let link = page.create_element("a")?.dyn_into::<HtmlAnchorElement>()?;
    let address = Url::create_object_url_with_blob(&blob)?;
    link.set_href(&address);
    link.set_download(file_name);
    link.click();
    Ok(address)
}

/// The name of a file from what it holds, such as `andon-plant-1-workers-today.csv`: whatever a file's name cannot hold
/// everywhere becomes a hyphen.
pub(crate) fn file_name(parts: &[&str], extension: &str) -> String {
    let mut name = String::from("andon");
    for part in parts {
        name.push('-');
        name.extend(part.chars().map(|character| {
            let is_safe = character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
            if is_safe { character } else { '-' }
        }));
    }
    name.push('.');
    name.push_str(extension);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_tells_what_it_holds_and_has_no_path_in_it() {
        assert_eq!(file_name(&["plant-1", "workers", "today"], "csv"), "andon-plant-1-workers-today.csv");
        assert_eq!(file_name(&["../Łódź: 1"], "csv"), "andon-..-Łódź--1.csv");
    }
}
