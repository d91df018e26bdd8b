//! Keys by the names that people and the web know them by, such as `Tab`, `Shift+Tab`, `Control+k`, `/`.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// Name, Windows' code of the key, and what it writes.
const NAMED: [(&str, u32, &str); 15] = [
    ("Backspace", 8, ""),
    ("Tab", 9, ""),
    ("Enter", 13, "\r"),
    ("Escape", 27, ""),
    ("Space", 32, " "),
    ("PageUp", 33, ""),
    ("PageDown", 34, ""),
    ("End", 35, ""),
    ("Home", 36, ""),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowRight", 39, ""),
    ("ArrowDown", 40, ""),
    ("Delete", 46, ""),
    ("F2", 113, ""),
];
/// Name, the protocol's bit, and Windows' code.
const MODIFIERS: [(&str, u32, u32); 4] =
    [("Alt", 1, 18), ("Control", 2, 17), ("Meta", 4, 91), ("Shift", 8, 16)];
const SHIFT: u32 = 8;

/// The protocol's events of pressing and releasing the keys that are named, joined by `+`, the modifiers first.
pub(crate) fn events(named: &str) -> Result<Vec<Value>> {
    // The last key may itself be a plus.
    let (held, key) = match named.strip_suffix('+') {
        Some(held) => (held.strip_suffix('+').unwrap_or(held), "+"),
        None => named.rsplit_once('+').unwrap_or(("", named)),
    };
    let mut held_bits = 0;
    let (mut events, mut releases) = (Vec::new(), Vec::new());
    for name in held.split('+').filter(|name| !name.is_empty()) {
        let (name, bit, code) =
            MODIFIERS.into_iter().find(|(known, ..)| *known == name).with_context(|| {
                format!("{name} in {named} is no modifier: they are Alt, Control, Meta and Shift")
            })?;
        held_bits |= bit;
        let event = |kind, bits| event(kind, bits, name, &format!("{name}Left"), code);
        events.push(event("rawKeyDown", held_bits));
        releases.push(event("keyUp", held_bits & !bit));
    }
    events.extend(pressed(key, held_bits)?);
    events.extend(releases.into_iter().rev());
    Ok(events)
}

/// Pressing and releasing one key while the modifiers of these bits are held.
fn pressed(key: &str, held_bits: u32) -> Result<[Value; 2]> {
    let (name, code, windows, text) = described(key)?;
    let (name, text) = match held_bits & SHIFT {
        0 => (name, text),
        _ if key.chars().count() == 1 => (name.to_uppercase(), text.to_uppercase()),
        _ => (name, text),
    };
    let writes = !text.is_empty() && held_bits & !SHIFT == 0;
    let mut down = event(if writes { "keyDown" } else { "rawKeyDown" }, held_bits, &name, &code, windows);
    if writes {
        down["text"] = text.into();
    }
    Ok([down, event("keyUp", held_bits, &name, &code, windows)])
}

/// A key's value, its place on the keyboard, Windows' code, and what it writes.
fn described(key: &str) -> Result<(String, String, u32, String)> {
    if let Some((name, windows, text)) = NAMED.into_iter().find(|(name, ..)| *name == key) {
        let value = if name == "Space" { " " } else { name };
        return Ok((value.to_owned(), name.to_owned(), windows, text.to_owned()));
    }
    let mut characters = key.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        let known: Vec<_> = NAMED.iter().map(|(name, ..)| *name).collect();
        bail!("there is no key {key:?}: a key is one character or one of {}", known.join(", "));
    };
    let upper = character.to_ascii_uppercase();
    let place = match upper {
        'A'..='Z' => format!("Key{upper}"),
        '0'..='9' => format!("Digit{upper}"),
        _ => String::new(),
    };
    // Windows' codes of letters and digits are their characters; of others they depend on the keyboard.
    let windows = if place.is_empty() { 0 } else { upper.into() };
    Ok((key.to_owned(), place, windows, key.to_owned()))
}

fn event(kind: &str, held_bits: u32, key: &str, place: &str, windows: u32) -> Value {
    json!({
        "type": kind, "modifiers": held_bits, "key": key, "code": place,
        "windowsVirtualKeyCode": windows, "nativeVirtualKeyCode": windows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(named: &str) -> Vec<String> {
        let events = events(named).unwrap().into_iter();
        events
            .map(|event| {
                let word = |field: &str| event[field].as_str().unwrap_or("-").to_owned();
                format!("{} {} {}", word("type"), word("key"), word("text"))
            })
            .collect()
    }

    #[test]
    fn a_letter_is_written_and_a_command_is_not() {
        assert_eq!(told("w"), ["keyDown w w", "keyUp w -"]);
        assert_eq!(
            told("Control+k"),
            ["rawKeyDown Control -", "rawKeyDown k -", "keyUp k -", "keyUp Control -"]
        );
    }

    #[test]
    fn shift_makes_capitals() {
        assert_eq!(told("Shift+w")[1], "keyDown W W");
        assert_eq!(told("Shift+Tab")[1], "rawKeyDown Tab -");
    }

    #[test]
    fn a_plus_is_a_key_too() {
        assert_eq!(told("+"), ["keyDown + +", "keyUp + -"]);
        assert_eq!(told("Shift++")[1], "keyDown + +");
    }

    #[test]
    fn what_is_no_key_is_refused_with_those_that_are() {
        let error = events("Return").unwrap_err().to_string();
        assert!(error.contains("\"Return\"") && error.contains("Enter"), "{error}");
        assert!(events("Strg+k").unwrap_err().to_string().contains("Control"));
    }
}
