//! Where in a JSON text a byte is, also when the text is broken there.

/// A step from a value into one that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a member of an object, by its name as it is written.
    Field(String),
    /// To an item of a list, from 0.
    Index(usize),
}

/// A value that is not closed yet.
enum Open {
    Object { name: Option<String> },
    List { index: usize },
}

/// The steps from the outermost value to what is at a byte; as far as the text before it can be followed.
pub(super) fn steps_to(json: &str, at: usize) -> Vec<Step> {
    let text = &json.as_bytes()[..at.min(json.len())];
    let mut open: Vec<Open> = Vec::new();
    let mut last_text = "";
    let mut index = 0;
    while let Some(&byte) = text.get(index) {
        match (byte, open.last_mut()) {
            (b'{', _) => open.push(Open::Object { name: None }),
            (b'[', _) => open.push(Open::List { index: 0 }),
            (b'}' | b']', _) => drop(open.pop()),
            (b',', Some(Open::List { index })) => *index += 1,
            (b',', Some(Open::Object { name })) => *name = None,
            (b':', Some(Open::Object { name })) => *name = Some(last_text.to_owned()),
            (b'"', _) => {
                let end = end_of_text(text, index);
                // Both are at a quotation mark, or at the end of what is looked at, which may be inside of a character.
                last_text = json.get(index + 1..end).unwrap_or_default();
                index = end;
            }
            _ => {}
        }
        index += 1;
    }
    let step = |open| match open {
        Open::Object { name } => name.map(Step::Field),
        Open::List { index } => Some(Step::Index(index)),
    };
    open.into_iter().map_while(step).collect()
}

/// Where the text that begins at a quotation mark ends: at its other one, or at the end.
pub(super) fn end_of_text(json: &[u8], begin: usize) -> usize {
    let mut index = begin + 1;
    while let Some(byte) = json.get(index) {
        match byte {
            b'"' => return index,
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
    json.len()
}

/// The byte that an error of the reader is about.
pub(super) fn offset(json: &str, error: &serde_json::Error) -> usize {
    let before: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    before + error.column().saturating_sub(1)
}

/// What stands around a byte, up to what separates values.
pub(super) fn token(json: &str, at: usize) -> &str {
    let separates = |char: char| ",:[]{}\"".contains(char) || char.is_whitespace();
    let (Some(before), Some(after)) = (json.get(..at), json.get(at..)) else { return "" };
    let begin = before.rfind(separates).map_or(0, |found| found + 1);
    let end = after.find(separates).map_or(json.len(), |found| at + found);
    &json[begin..end]
}
