//! The HTML of the pages.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    SET_UP, SIGN_IN, SIGN_OUT,
    board::{BOARD, SCRIPT},
    oidc::START,
};
use crate::access::{AccessControl, MIN_PASSWORD_CHARS};

/// Of a page without a script: nothing is loaded, nothing runs, no other page shows this one in a frame, and its form is sent to this server alone.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The same, but for the script of a page of this server.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; form-action 'self'; \
                                  base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "\
    :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }\
    body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }\
    main { width: min(22rem, 100vw - 2rem); padding: 2rem 0; }\
    h1 { font-size: 1.5rem; margin: 0 0 .25rem; }\
    p { margin: 0 0 1rem; }\
    label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }\
    input { box-sizing: border-box; width: 100%; font: inherit; padding: .6rem .7rem; border: 1px solid GrayText;\
      border-radius: .4rem; background: Field; color: FieldText; }\
    button { width: 100%; margin-top: 1.5rem; font: inherit; font-weight: 600; padding: .7rem; border: 0;\
      border-radius: .4rem; background: #1d4ed8; color: #fff; cursor: pointer; }\
    .or { margin: 1rem 0; text-align: center; }\
    .provider { display: block; box-sizing: border-box; padding: .7rem; border: 1px solid GrayText; border-radius: .4rem;\
      color: inherit; font-weight: 600; text-align: center; text-decoration: none; }\
    input:focus-visible, button:focus-visible, .provider:focus-visible { outline: 3px solid #60a5fa; outline-offset: 2px; }\
    .error { padding: .6rem .7rem; border-left: 4px solid #b91c1c; background: color-mix(in srgb, #b91c1c 12%, Canvas); }\
    .hint { font-weight: 400; margin: .25rem 0 0; }";

/// The page on which somebody signs in.
pub(super) struct SignIn<'a> {
    /// As typed before.
    pub(super) name: &'a str,
    /// Where they go then.
    pub(super) next: &'a str,
    /// Why they are not signed in.
    pub(super) error: Option<&'a str>,
    /// What the identity provider is called where they can sign in, too.
    pub(super) provider: Option<&'a str>,
}

/// The page on which the first operator is created, or somebody who was invited chooses a password.
pub(super) struct Setup<'a> {
    /// As the address has it, or typed before.
    pub(super) code: &'a str,
    /// As typed before.
    pub(super) name: &'a str,
    /// Why nobody is created.
    pub(super) error: Option<&'a str>,
}

/// The page that a link of a wall board leads to.
pub(super) struct Board<'a> {
    /// Where the screen goes then.
    pub(super) next: &'a str,
    /// Why it is not let in.
    pub(super) error: Option<&'a str>,
}

impl SignIn<'_> {
    /// As a response.
    pub(super) fn into_response(self, status: StatusCode) -> Response {
        let (name, next) = (escaped(self.name), escaped(self.next));
        // Who is told of an error types the password anew.
        let (name_focus, password_focus) =
            if self.error.is_some() && !name.is_empty() { ("", " autofocus") } else { (" autofocus", "") };
        let body = format!(
            "<h1>Sign in</h1><p>Andon</p>{error}\
             <form method=\"post\" action=\"{SIGN_IN}\">\
             <input type=\"hidden\" name=\"next\" value=\"{next}\">\
             <label for=\"name\">Name</label>\
             <input id=\"name\" name=\"name\" value=\"{name}\" autocomplete=\"username\" required{name_focus}>\
             <label for=\"password\">Password</label>\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" \
             required{password_focus}>\
             <button>Sign in</button></form>{provider}",
            error = error(self.error),
            provider = provider(self.provider, self.next),
        );
        page(status, "Sign in", &body)
    }
}

impl Setup<'_> {
    /// As a response.
    pub(super) fn into_response(self, status: StatusCode) -> Response {
        let code = escaped(self.code);
        let (title, intro, who) = if AccessControl::is_invitation(self.code) {
            let who = format!("<input type=\"hidden\" name=\"code\" value=\"{code}\">");
            (
                "Choose a password",
                "You were invited to Andon. With your name and this password you sign in from now on.",
                who,
            )
        } else {
            let who = format!(
                "<label for=\"code\">Setup code</label>\
                 <input id=\"code\" name=\"code\" value=\"{code}\" autocomplete=\"off\" required aria-describedby=\"where\">\
                 <p class=\"hint\" id=\"where\">The server's log has it.</p>\
                 <label for=\"name\">Your name</label>\
                 <input id=\"name\" name=\"name\" value=\"{name}\" autocomplete=\"username\" maxlength=\"64\" required>",
                name = escaped(self.name),
            );
            ("Set up Andon", "Create the first operator, who creates factories and lets others in.", who)
        };
        let body = format!(
            "<h1>{title}</h1><p>{intro}</p>{error}\
             <form method=\"post\" action=\"{SET_UP}\">{who}\
             <label for=\"password\">Password</label>\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" \
             minlength=\"{MIN_PASSWORD_CHARS}\" required aria-describedby=\"rule\">\
             <p class=\"hint\" id=\"rule\">At least {MIN_PASSWORD_CHARS} characters.</p>\
             <button>Go on</button></form>",
            error = error(self.error),
        );
        page(status, title, &body)
    }
}

impl Board<'_> {
    /// As a response.
    pub(super) fn into_response(self, status: StatusCode) -> Response {
        let body = format!(
            "<h1>Wall board</h1><p>This browser shows the board from now on, also after it was started again, until the link is not \
             valid any more. Whoever is signed in here is not any more.</p>{error}\
             <form method=\"post\" action=\"{BOARD}\">\
             <input type=\"hidden\" name=\"next\" value=\"{next}\"><input type=\"hidden\" name=\"token\">\
             <button autofocus>Show the board</button></form>\
             <noscript><p class=\"error\">The board needs a browser that runs scripts.</p></noscript>\
             <script src=\"{SCRIPT}\"></script>",
            error = error(self.error),
            next = escaped(self.next),
        );
        page_with(POLICY_WITH_SCRIPT, status, "Wall board", &body)
    }
}

/// The page on which somebody signs out who comes from elsewhere.
pub(super) fn sign_out() -> Response {
    let body = format!(
        "<h1>Sign out</h1><p>You have left the dashboard. Sign out of Andon in this browser, too?</p>\
         <form method=\"post\" action=\"{SIGN_OUT}\"><button autofocus>Sign out</button></form>"
    );
    page(StatusCode::OK, "Sign out", &body)
}

/// A page that leads on to a dashboard on another site by itself.
pub(super) fn go_on(address: &str) -> Response {
    let address = escaped(address);
    let body = format!(
        "<meta http-equiv=\"refresh\" content=\"0; url={address}\"><h1>Signed in</h1>\
         <p><a href=\"{address}\">Go on to the dashboard</a></p>"
    );
    page(StatusCode::OK, "Signed in", &body)
}

/// A link to the identity provider, because a browser would not let a form lead to another site.
fn provider(label: Option<&str>, next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let link = |label| {
        let (query, label) = (escaped(&query), escaped(label));
        format!(
            "<p class=\"or\">or</p><a class=\"provider\" href=\"{START}?{query}\">Sign in with {label}</a>"
        )
    };
    label.map(link).unwrap_or_default()
}

fn error(words: Option<&str>) -> String {
    let words = words.map(sentence);
    words
        .map(|words| format!("<p class=\"error\" role=\"alert\">{}</p>", escaped(&words)))
        .unwrap_or_default()
}

/// Words of an error as a person reads them on a page.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    page_with(POLICY, status, title, body)
}

fn page_with(policy: &'static str, status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - Andon</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

/// A text as it may stand in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_sentence() {
        assert_eq!(sentence("the name is wrong"), "The name is wrong.");
    }

    #[test]
    fn what_somebody_typed_stays_text() {
        assert_eq!(escaped("<b a=\"1\" c='2'>&"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
    }
}
