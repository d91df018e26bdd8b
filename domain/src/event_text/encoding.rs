//! Text that is not in UTF-8, as far as it can be told which it is.

/// What to do about UTF-16, to be read after what must be UTF-8.
pub const UTF16_ADVICE: &str = "but it is UTF-16, which PowerShell's > and Out-File write; write it with \
                                `| Out-File -Encoding utf8 FILE`, or convert it with `iconv -f UTF-16 -t UTF-8`";

/// Whether bytes are UTF-16: by their byte order mark, or by the zero in every other byte that signs and digits of JSON and
/// CSV leave there.
pub fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, first, 0, second, ..] | [first, 0, second, 0, ..] => *first != 0 && *second != 0,
        _ => false,
    }
}
