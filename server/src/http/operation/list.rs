//! A request that is a list of operations, which some clients send to save round trips.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer as _,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The most operations of one request: those of a page. All together they may have what one may have.
const MAX_OPERATIONS: usize = 10;

/// The operations of a list, each still text; none if the body is no list.
///
/// # Errors
/// It is no JSON, has no operation, or too many.
pub(in super::super) fn read_list(body: &[u8]) -> Result<Option<Vec<&RawValue>>, ApiError> {
    let Ok(json) = str::from_utf8(body) else { return Ok(None) };
    if !json.trim_ascii_start().starts_with('[') {
        return Ok(None);
    }
    let is_too_long = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let list = deserializer
        .deserialize_seq(List { is_too_long: &is_too_long })
        .and_then(|list| deserializer.end().map(|()| list));
    match list {
        Ok(list) if list.is_empty() => Err(ApiError::bad_user_input(format!(
            "the list of operations is empty; send 1 to {MAX_OPERATIONS}, or one as an object"
        ))),
        Ok(list) => Ok(Some(list)),
        Err(_) if is_too_long.get() => Err(ApiError::limit_exceeded(format!(
            "a list has at most {MAX_OPERATIONS} operations; send more in several requests"
        ))),
        Err(error) => Err(ApiError::bad_user_input(format!("the body is not as expected: {error}"))),
    }
}

/// Reads a list no further than it may be long.
struct List<'l> {
    is_too_long: &'l Cell<bool>,
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of operations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == MAX_OPERATIONS {
                self.is_too_long.set(true);
                return Err(A::Error::custom("too many"));
            }
            list.push(item);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn a_list_has_one_operation_to_ten() {
        let list = |count: usize| format!(" [{}]", vec!["{}"; count].join(","));
        for (body, expected) in [
            ("{}".to_owned(), Ok(None)),
            (String::new(), Ok(None)),
            (list(0), Err(ErrorCode::BadUserInput)),
            (list(1), Ok(Some(1))),
            (list(10), Ok(Some(10))),
            (list(11), Err(ErrorCode::LimitExceeded)),
            (list(1_000_000), Err(ErrorCode::LimitExceeded)),
            ("[{}".to_owned(), Err(ErrorCode::BadUserInput)),
            ("[{}] {}".to_owned(), Err(ErrorCode::BadUserInput)),
        ] {
            let read = read_list(body.as_bytes());
            let read = read.map(|list| list.map(|list| list.len())).map_err(|error| error.code);
            assert_eq!(read, expected, "{body:.20}");
        }
    }
}
