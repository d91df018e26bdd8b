//! Requests as the bytes that go over the wire, where a well-behaved client would send others.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::http;

/// A text with a number in it that is another one each time.
pub(super) struct Numbered {
    request: Vec<u8>,
    /// Where numbers stand.
    places: Vec<usize>,
    next: u64,
}

/// What stands in a text where a number is to be: as many digits as it has characters.
const PLACE: &[u8] = b"########";

impl Numbered {
    /// `first` is the first number.
    pub(super) fn of(request: Vec<u8>, first: u64) -> Self {
        let places = (0..request.len()).filter(|&at| request[at..].starts_with(PLACE)).collect();
        Self { request, places, next: first }
    }

    /// The request with the next number in each of its places.
    pub(super) fn next(&mut self) -> &[u8] {
        for &place in &self.places {
            let digits = format!("{:0width$}", self.next, width = PLACE.len());
            self.request[place..place + PLACE.len()].copy_from_slice(&digits.as_bytes()[..PLACE.len()]);
            self.next += 1;
        }
        &self.request
    }
}

/// A request to /graphql with this body in gzip.
pub(super) fn post_gzip(body: &[u8]) -> Vec<u8> {
    let body = gzip(body);
    [post_head("content-encoding: gzip\r\n", body.len()).as_bytes(), &body].concat()
}

/// A request whose body is in gzip instead.
pub(super) fn gzipped(request: &[u8]) -> Vec<u8> {
    let body_at = http::find(request, b"\r\n\r\n").map_or(0, |end| end + 4);
    post_gzip(&request[body_at..])
}

/// The head of a request to /graphql.
pub(super) fn post_head(more_headers: &str, content_length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{more_headers}\
         content-length: {content_length}\r\n\r\n"
    )
}

/// This in gzip, as small as it gets.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A vector takes everything.
    encoder.write_all(bytes).ok();
    encoder.finish().unwrap_or_default()
}

/// JSON or GraphQL of exactly so many bytes: a part over and over between a beginning and an end, and blanks.
pub(super) fn filled(beginning: &str, part: &str, end: &str, bytes: usize) -> String {
    let parts = bytes.saturating_sub(beginning.len() + end.len()) / part.len();
    let mut text = format!("{beginning}{}{end}", part.repeat(parts));
    text.extend(std::iter::repeat_n(' ', bytes.saturating_sub(text.len())));
    text
}

/// A query in JSON that asks for the same field so often.
pub(super) fn aliased(field: &str, aliases: usize) -> String {
    let fields: Vec<String> = (0..aliases).map(|alias| format!("a{alias}:{field}")).collect();
    json!({ "query": format!("{{{}}}", fields.join(" ")) }).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::MultiGzDecoder;

    use super::*;

    #[test]
    fn every_place_gets_a_number_of_its_own() {
        let mut numbered = Numbered::of(b"a-######## b-########".to_vec(), 7);
        assert_eq!(numbered.next(), b"a-00000007 b-00000008");
        assert_eq!(numbered.next(), b"a-00000009 b-00000010");
    }

    #[test]
    fn a_body_in_gzip_is_the_same_body() {
        let request = gzipped(&http::post(b"{\"query\":\"{factories{id}}\"}"));
        let body_at = http::find(&request, b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(request[..body_at].to_vec()).unwrap();
        assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", request.len() - body_at)), "{head}");
        let mut body = String::new();
        MultiGzDecoder::new(&request[body_at..]).read_to_string(&mut body).unwrap();
        assert_eq!(body, "{\"query\":\"{factories{id}}\"}");
    }

    #[test]
    fn a_field_is_asked_for_under_so_many_names() {
        assert_eq!(aliased("b(c:\"d\")", 2), r#"{"query":"{a0:b(c:\"d\") a1:b(c:\"d\")}"}"#);
    }

    #[test]
    fn a_text_is_as_long_as_it_is_to_be() {
        let text = filled("[", "[],", "0]", 100);
        assert_eq!(text.len(), 100);
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(), 33);
    }
}
