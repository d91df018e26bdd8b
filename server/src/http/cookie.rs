//! The cookie of somebody who has signed in. No script reads it, and no page of another site has it sent.

use std::ops::RangeInclusive;

use axum::http::{HeaderMap, HeaderValue, header};
use domain::{access::Token, time::TimestampMs};
use secrecy::{ExposeSecret as _, SecretString};

use super::shared::Shared;
use crate::store::access::pending_sign_ins::PENDING_VALID_MS;

/// Over https a name that browsers take from this host alone, and with `Secure` alone.
const OVER_HTTPS: &str = "__Host-andon";
/// The name over plain http, where browsers refuse the other one.
const OVER_HTTP: &str = "andon";

/// The same names of what a browser keeps while its user is at an identity provider.
const AWAY_OVER_HTTPS: &str = "__Host-andon-away";
const AWAY_OVER_HTTP: &str = "andon-away";
/// The fewest and the most characters of that: what is no secret of ours is not kept.
const AWAY_CHARS: RangeInclusive<usize> = 40..=64;

/// The longest that browsers keep a cookie: 400 days, in seconds.
const MAX_BOARD_SECONDS: i64 = 400 * 24 * 60 * 60;

/// The session that a request's cookie names.
pub(super) fn of<'a>(shared: &Shared, headers: &'a HeaderMap) -> Option<&'a str> {
    named(headers, name(shared, headers))
}

/// What a browser kept while its user was at an identity provider.
pub(super) fn of_browser(shared: &Shared, headers: &HeaderMap) -> Option<SecretString> {
    let kept = named(headers, away_name(shared, headers))?;
    let is_ours = AWAY_CHARS.contains(&kept.len())
        && kept.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_ours.then(|| kept.into())
}

/// The header that has a browser keep something while its user is at an identity provider. It is sent when they come back from
/// there, because that is a link that is followed.
pub(super) fn keeping(shared: &Shared, headers: &HeaderMap, kept: &SecretString) -> HeaderValue {
    let (name, kept, attributes) =
        (away_name(shared, headers), kept.expose_secret(), attributes(shared, headers));
    header_value(&format!("{name}={kept}; Max-Age={}{attributes}", PENDING_VALID_MS.0 / 1_000))
}

fn named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// The header that gives a browser a session.
pub(super) fn of_session(shared: &Shared, headers: &HeaderMap, session: &Token) -> HeaderValue {
    header_value(&format!("{}={}{}", name(shared, headers), session.text(), attributes(shared, headers)))
}

/// The header that gives a browser the token of a wall board, which it keeps when it is started again, until then at most.
pub(super) fn of_board(
    shared: &Shared,
    headers: &HeaderMap,
    token: &Token,
    until_ms: TimestampMs,
) -> HeaderValue {
    let left_seconds = (until_ms - shared.app.clock.now_ms()).0 / 1_000;
    let seconds = left_seconds.clamp(0, MAX_BOARD_SECONDS);
    let (name, attributes) = (name(shared, headers), attributes(shared, headers));
    header_value(&format!("{name}={}; Max-Age={seconds}{attributes}", token.text()))
}

/// The header that takes it away.
pub(super) fn ending(shared: &Shared, headers: &HeaderMap) -> HeaderValue {
    header_value(&format!("{}={}; Max-Age=0", name(shared, headers), attributes(shared, headers)))
}

fn away_name(shared: &Shared, headers: &HeaderMap) -> &'static str {
    if is_https(shared, headers) { AWAY_OVER_HTTPS } else { AWAY_OVER_HTTP }
}

fn name(shared: &Shared, headers: &HeaderMap) -> &'static str {
    if is_https(shared, headers) { OVER_HTTPS } else { OVER_HTTP }
}

fn attributes(shared: &Shared, headers: &HeaderMap) -> &'static str {
    if is_https(shared, headers) {
        "; Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Lax"
    }
}

/// Whether the browser asks over https: a proxy says so, which alone can end that.
fn is_https(shared: &Shared, headers: &HeaderMap) -> bool {
    shared.has_trusted_proxies
        && headers
            .get("x-forwarded-proto")
            .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn header_value(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
