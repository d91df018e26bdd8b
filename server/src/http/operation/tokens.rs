//! How many tokens a document has, counted before anything is made of it: what the parser makes of a token takes a hundred
//! times its length.

/// Counts the tokens of a document, but no further than one past the limit. Text that is no GraphQL counts too; the parser
/// says what is wrong with it.
pub(super) fn count(text: &str, limit: usize) -> usize {
    let mut rest = text.as_bytes();
    let mut tokens = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0xef | 0xbb | 0xbf => after,
            b'#' => &rest[length_of(rest, |byte| !matches!(byte, b'\r' | b'\n'))..],
            _ => {
                tokens += 1;
                if tokens > limit {
                    return tokens;
                }
                &rest[token_length(rest)..]
            }
        };
    }
    tokens
}

/// The length in bytes of the token that the text begins with.
fn token_length(text: &[u8]) -> usize {
    match text {
        [b'"', b'"', b'"', ..] => 3 + block_string_length(&text[3..]),
        [b'"', ..] => 1 + string_length(&text[1..]),
        [b'.', b'.', b'.', ..] => 3,
        [byte, ..] if is_word(*byte) => length_of(text, is_word),
        _ => 1,
    }
}

/// The characters of names and numbers, apart from the signs within a number.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The rest of a string, its closing quote included.
fn string_length(text: &[u8]) -> usize {
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        index += match byte {
            b'\\' => 2,
            b'"' => return index + 1,
            _ => 1,
        };
    }
    text.len()
}

/// The rest of a block string, its closing quotes included.
fn block_string_length(text: &[u8]) -> usize {
    let mut index = 0;
    while index < text.len() {
        match &text[index..] {
            [b'\\', b'"', b'"', b'"', ..] => index += 4,
            [b'"', b'"', b'"', ..] => return index + 3,
            _ => index += 1,
        }
    }
    text.len()
}

fn length_of(text: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !is_part(*byte)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_counted_as_the_specification_has_them() {
        for (text, tokens) in [
            ("", 0),
            (" ,\n\u{feff}# a comment { a }\r\n", 0),
            ("{a}", 3),
            ("query Q($a: Int! = 1) { b(c: $a) ...d }", 22),
            (r#"{ a(b: "c \" { } d", e: """ f " \""" g """) }"#, 11),
            (r#"{ a(b: "") }"#, 8),
            (r#"{ a(b: "no end"#, 6),
            ("{ a(b: 1.5) }", 10),
        ] {
            assert_eq!(count(text, usize::MAX), tokens, "{text}");
        }
    }

    #[test]
    fn no_more_is_counted_than_is_asked_for() {
        assert_eq!(count(&"a ".repeat(1_000_000), 10), 11);
    }

    proptest! {
        #[test]
        fn any_text_has_at_most_as_many_tokens_as_bytes(text: String) {
            prop_assert!(count(&text, usize::MAX) <= text.len());
        }
    }
}
