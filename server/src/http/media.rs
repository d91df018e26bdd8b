//! Media types: what a body is written in and what an answer may be written in.

use axum::http::{HeaderMap, HeaderValue, header};

/// What an answer can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: whatever is well formed answers 200.
    Json,
    /// `application/graphql-response+json`: what was refused before it ran answers 4xx.
    GraphqlResponse,
    /// `text/html`: a browser, which gets GraphiQL.
    Html,
    /// `text/event-stream`: an event for each answer.
    EventStream,
}

impl Media {
    /// As the `Content-Type` of an answer.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        })
    }

    const fn essence(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::Html => ("text", "html"),
            Self::EventStream => ("text", "event-stream"),
        }
    }
}

/// The offered type that a client prefers. Equal preferences go by the client's order, and types that only a wildcard names
/// by the order of the offer. None when it accepts none of the offered types.
pub(super) fn negotiate(headers: &HeaderMap, offered: &[Media]) -> Option<Media> {
    let ranges = accepted(headers);
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let candidates = offered.iter().filter_map(|media| {
        let (place, range) = ranges.iter().enumerate().filter(|(_, range)| range.covers(*media)).max_by_key(
            // The most specific range decides; of two equal ones the first.
            |(place, range)| (range.specificity(), std::cmp::Reverse(*place)),
        )?;
        (range.quality > 0)
            .then_some((*media, (range.quality, range.specificity(), std::cmp::Reverse(place))))
    });
    // `max_by_key` would take the last of equals instead of the first.
    let mut best: Option<(Media, _)> = None;
    for (media, preference) in candidates {
        if best.as_ref().is_none_or(|(_, other)| preference > *other) {
            best = Some((media, preference));
        }
    }
    best.map(|(media, _)| media)
}

/// Whether a request's body is JSON in UTF-8, as its `Content-Type` says.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let mut parameters = parts.filter_map(|parameter| parameter.split_once('='));
    essence.eq_ignore_ascii_case("application/json")
        && parameters.all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

/// One entry of an `Accept` header.
struct Range {
    kind: String,
    subtype: String,
    /// Thousandths.
    quality: u16,
}

impl Range {
    fn covers(&self, media: Media) -> bool {
        let (kind, subtype) = media.essence();
        (self.kind == "*" || self.kind == kind) && (self.subtype == "*" || self.subtype == subtype)
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

fn accepted(headers: &HeaderMap) -> Vec<Range> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(range).collect()
}

fn range(entry: &str) -> Option<Range> {
    let mut parts = entry.split(';').map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let quality = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let quality = quality.and_then(|(_, quality)| quality.trim().parse::<f64>().ok()).unwrap_or(1.0);
    Some(Range {
        kind: kind.to_ascii_lowercase(),
        subtype: subtype.to_ascii_lowercase(),
        quality: (quality.clamp(0.0, 1.0) * 1_000.0) as u16,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON_FIRST: [Media; 4] = [Media::Json, Media::GraphqlResponse, Media::Html, Media::EventStream];

    fn best(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header value"));
        negotiate(&headers, &JSON_FIRST)
    }

    #[test]
    fn the_best_liked_type_wins() {
        assert_eq!(negotiate(&HeaderMap::new(), &JSON_FIRST), Some(Media::Json));
        assert_eq!(best("*/*"), Some(Media::Json));
        assert_eq!(best("application/*"), Some(Media::Json));
        assert_eq!(best("application/graphql-response+json"), Some(Media::GraphqlResponse));
        assert_eq!(best("application/graphql-response+json, application/json"), Some(Media::GraphqlResponse));
        assert_eq!(best("application/json, application/graphql-response+json"), Some(Media::Json));
        assert_eq!(
            best("application/graphql-response+json; charset=utf-8, application/json;q=0.9"),
            Some(Media::GraphqlResponse)
        );
        assert_eq!(
            best("application/json;q=0.5, application/graphql-response+json;q=0.6"),
            Some(Media::GraphqlResponse)
        );
        assert_eq!(best("application/graphql-response+json, */*"), Some(Media::GraphqlResponse));
    }

    #[test]
    fn a_browser_gets_a_page() {
        assert_eq!(
            best("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"),
            Some(Media::Html)
        );
    }

    #[test]
    fn events_are_for_those_who_ask_for_them() {
        assert_eq!(best("text/event-stream"), Some(Media::EventStream));
        assert_eq!(best("text/event-stream, multipart/mixed"), Some(Media::EventStream));
        assert_eq!(best("application/json, text/event-stream"), Some(Media::Json));
    }

    #[test]
    fn what_is_not_accepted_is_not_sent() {
        assert_eq!(best("image/png"), None);
        assert_eq!(best("application/json;q=0"), None);
        assert_eq!(best("application/json;q=0, */*;q=0.1"), Some(Media::GraphqlResponse));
    }

    #[test]
    fn a_body_is_json_only_when_it_says_so() {
        let is = |content_type: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a header value"));
            is_json(&headers)
        };
        assert!(is("application/json"));
        assert!(is("Application/JSON; charset=\"UTF-8\""));
        assert!(!is("application/json; charset=utf-16"));
        assert!(!is("text/plain"));
        assert!(!is("application/graphql"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
