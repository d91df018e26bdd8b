//! The command line's part about an identity provider, where people sign in. Its secret is in a file or in the environment, and
//! never on the command line, which lists of processes show.

use std::{env, path::PathBuf};

use clap::Args;
use openidconnect::{ClientId, IssuerUrl, Scope, url::Url};
use secrecy::SecretString;

use super::{access::Access, secret_file};
use crate::access::oidc::{GroupTemplate, OidcSettings};

/// The variable that has the secret itself.
const SECRET_VARIABLE: &str = "ANDON_OIDC_CLIENT_SECRET";
/// The claims that may have a person's name, unless that is said.
const NAME_CLAIMS: [&str; 2] = ["preferred_username", "email"];
const DEFAULT_SCOPES: &str = "profile email";
const DEFAULT_GROUPS_CLAIM: &str = "groups";
const DEFAULT_GROUP_TEMPLATE: &str = "andon:{factory}:{role}";
/// What the button says, unless that is said: "Sign in with" and this.
const DEFAULT_LABEL: &str = "single sign-on";
/// The most characters of what the button says.
const MAX_LABEL_CHARS: usize = 64;

/// An identity provider, where people sign in by OpenID Connect.
#[derive(Args, Clone, Debug, Default)]
#[group(id = "oidc")]
pub struct OidcConfig {
    /// Let people sign in at this identity provider too, by OpenID Connect: its issuer, such as
    /// https://sso.example.com/realms/plants
    #[arg(id = "oidc_issuer", long = "oidc-issuer", env = "ANDON_OIDC_ISSUER", value_name = "URL")]
    pub issuer: Option<String>,

    /// What the provider calls this server
    #[arg(id = "oidc_client_id", long = "oidc-client-id", env = "ANDON_OIDC_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,

    /// File with the secret that the provider gave this server [default: what ANDON_OIDC_CLIENT_SECRET holds; without either,
    /// this server is a public client]
    #[arg(
        id = "oidc_client_secret_file",
        long = "oidc-client-secret-file",
        env = "ANDON_OIDC_CLIENT_SECRET_FILE",
        value_name = "FILE"
    )]
    pub client_secret_file: Option<PathBuf>,

    /// What is asked of the provider besides who somebody is; separate several by spaces [default: profile email]
    #[arg(id = "oidc_scopes", long = "oidc-scopes", env = "ANDON_OIDC_SCOPES", value_name = "SCOPES")]
    pub scopes: Option<String>,

    /// The claim that says what somebody is called [default: preferred_username, or email where there is none]
    #[arg(
        id = "oidc_name_claim",
        long = "oidc-name-claim",
        env = "ANDON_OIDC_NAME_CLAIM",
        value_name = "CLAIM"
    )]
    pub name_claim: Option<String>,

    /// The claim that has somebody's groups [default: groups]
    #[arg(
        id = "oidc_groups_claim",
        long = "oidc-groups-claim",
        env = "ANDON_OIDC_GROUPS_CLAIM",
        value_name = "CLAIM"
    )]
    pub groups_claim: Option<String>,

    /// How the groups are called that give roles [default: andon:{factory}:{role}]
    #[arg(
        id = "oidc_group_template",
        long = "oidc-group-template",
        env = "ANDON_OIDC_GROUP_TEMPLATE",
        value_name = "TEMPLATE"
    )]
    pub group_template: Option<String>,

    /// What the provider is called on the button [default: single sign-on]
    #[arg(id = "oidc_label", long = "oidc-label", env = "ANDON_OIDC_LABEL", value_name = "NAME")]
    pub label: Option<String>,

    /// The address by which browsers reach this server, such as https://andon.example.com; the provider sends people back to
    /// /auth/oidc/callback there
    #[arg(id = "public_url", long = "public-url", env = "ANDON_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

impl OidcConfig {
    /// Whether an identity provider was named.
    pub fn is_named(&self) -> bool {
        given(self.issuer.as_ref()).is_some()
    }

    /// The host of the address by which browsers reach this server.
    pub fn public_host(&self) -> Option<String> {
        let url = Url::parse(given(self.public_url.as_ref())?).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// The provider, if one was named.
    ///
    /// # Errors
    /// A sentence about what contradicts each other or cannot be used.
    pub fn settings(&self, access: Option<Access>) -> Result<Option<OidcSettings>, String> {
        let variable = env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty());
        self.settings_with(access, variable.map(SecretString::from))
    }

    fn settings_with(
        &self,
        access: Option<Access>,
        variable: Option<SecretString>,
    ) -> Result<Option<OidcSettings>, String> {
        let Some(issuer) = given(self.issuer.as_ref()) else {
            return self.refuse_leftovers(variable.is_some()).map(|()| None);
        };
        if access == Some(Access::Open) {
            return Err("--oidc-issuer is for who has to sign in, and --access open lets everybody in; leave one of them out"
                .to_owned());
        }
        let required = |value: Option<&String>, option: &str| {
            let value = given(value).map(str::to_owned);
            value.ok_or_else(|| format!("--oidc-issuer needs {option}; docs/ACCESS.md says what it is"))
        };
        let client_id = required(self.client_id.as_ref(), "--oidc-client-id")?;
        let public_url = public_url(&required(self.public_url.as_ref(), "--public-url")?)?;
        let name_claims = given(self.name_claim.as_ref())
            .map_or_else(|| NAME_CLAIMS.map(str::to_owned).to_vec(), |claim| vec![claim.to_owned()]);
        let scopes = given(self.scopes.as_ref()).unwrap_or(DEFAULT_SCOPES);
        Ok(Some(OidcSettings {
            issuer: issuer_url(issuer)?,
            client_id: ClientId::new(client_id),
            client_secret: self.secret(variable)?,
            scopes: scopes.split_whitespace().map(|scope| Scope::new(scope.to_owned())).collect(),
            name_claims,
            groups_claim: given(self.groups_claim.as_ref()).unwrap_or(DEFAULT_GROUPS_CLAIM).to_owned(),
            group_template: GroupTemplate::parse(
                given(self.group_template.as_ref()).unwrap_or(DEFAULT_GROUP_TEMPLATE),
            )
            .map_err(|error| format!("--oidc-group-template {error}"))?,
            label: label(given(self.label.as_ref()).unwrap_or(DEFAULT_LABEL))?,
            public_url,
        }))
    }

    /// Refuses options that say nothing, which somebody has written for a reason.
    fn refuse_leftovers(&self, has_secret: bool) -> Result<(), String> {
        let written = [
            ("--oidc-client-id", given(self.client_id.as_ref()).is_some()),
            ("--oidc-client-secret-file", self.secret_file().is_some()),
            (SECRET_VARIABLE, has_secret),
            ("--oidc-scopes", given(self.scopes.as_ref()).is_some()),
            ("--oidc-name-claim", given(self.name_claim.as_ref()).is_some()),
            ("--oidc-groups-claim", given(self.groups_claim.as_ref()).is_some()),
            ("--oidc-group-template", given(self.group_template.as_ref()).is_some()),
            ("--oidc-label", given(self.label.as_ref()).is_some()),
        ];
        match written.into_iter().find(|(_, is_written)| *is_written) {
            Some((option, _)) => {
                Err(format!("{option} says nothing without --oidc-issuer, which names the provider"))
            }
            None => Ok(()),
        }
    }

    fn secret(&self, variable: Option<SecretString>) -> Result<Option<SecretString>, String> {
        let Some(path) = self.secret_file() else { return Ok(variable) };
        if variable.is_some() {
            return Err(format!(
                "--oidc-client-secret-file and {SECRET_VARIABLE} both have a secret; leave one of them out"
            ));
        }
        secret_file::read(path, "--oidc-client-secret-file").map(Some)
    }

    fn secret_file(&self) -> Option<&PathBuf> {
        self.client_secret_file.as_ref().filter(|path| !path.as_os_str().is_empty())
    }
}

/// What was said; an empty variable says nothing.
fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn issuer_url(text: &str) -> Result<IssuerUrl, String> {
    let wrong = |why: &str| Err(format!("--oidc-issuer {text:?} {why}"));
    let Ok(url) = Url::parse(text) else {
        return wrong("is no URL such as https://sso.example.com/realms/plants");
    };
    if url.query().is_some() || url.fragment().is_some() || has_user(&url) {
        return wrong("is no issuer: it has neither a user nor a query");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(&url) => {}
        _ => {
            return wrong(
                "must begin with https://: who could change what the provider says could be anybody",
            );
        }
    }
    // Kept as it was written: providers name themselves with a slash at the end or without, and mean that.
    IssuerUrl::new(text.to_owned()).map_err(|error| format!("--oidc-issuer {text:?} is no URL: {error}"))
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| {
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_user(url)
    });
    url.ok_or_else(|| {
        format!("--public-url {text:?} is no address of a server, such as https://andon.example.com, without a path")
    })
}

fn label(text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_LABEL_CHARS || text.chars().any(char::is_control) {
        return Err(format!("--oidc-label is a name of at most {MAX_LABEL_CHARS} characters"));
    }
    Ok(text.to_owned())
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether a URL names this machine alone, where nobody stands between.
fn is_this_machine(url: &Url) -> bool {
    use openidconnect::url::Host;
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn complete() -> OidcConfig {
        let some = |text: &str| Some(text.to_owned());
        OidcConfig {
            issuer: some("https://sso.example.com/realms/plants"),
            client_id: some("andon"),
            public_url: some("https://andon.example.com"),
            ..OidcConfig::default()
        }
    }

    fn refusal(config: &OidcConfig) -> String {
        config.settings_with(None, None).expect_err("a contradiction")
    }

    #[test]
    fn nothing_is_needed_but_the_provider_what_it_calls_this_server_and_where_that_is() {
        let settings = complete().settings_with(None, None).expect("settings").expect("a provider");
        assert_eq!(settings.issuer.as_str(), "https://sso.example.com/realms/plants");
        assert_eq!(
            settings.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            ["profile", "email"]
        );
        assert_eq!(settings.name_claims, ["preferred_username", "email"]);
        assert_eq!(settings.groups_claim, "groups");
        assert_eq!(settings.redirect_url().as_str(), "https://andon.example.com/auth/oidc/callback");
        assert!(settings.client_secret.is_none());
        assert!(OidcConfig::default().settings_with(None, None).expect("no provider").is_none());
        let empty =
            OidcConfig { issuer: Some(String::new()), label: Some(String::new()), ..OidcConfig::default() };
        assert!(empty.settings_with(None, None).expect("empty variables say nothing").is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(refusal(&OidcConfig { client_id: None, ..complete() }).contains("needs --oidc-client-id"));
        assert!(refusal(&OidcConfig { public_url: None, ..complete() }).contains("needs --public-url"));
    }

    #[test]
    fn what_says_nothing_without_a_provider_is_refused() {
        let config = OidcConfig { issuer: None, ..complete() };
        assert_eq!(
            refusal(&config),
            "--oidc-client-id says nothing without --oidc-issuer, which names the provider"
        );
        let secret = OidcConfig::default().settings_with(None, Some("s".into()));
        assert!(
            secret.expect_err("a secret for nobody").starts_with("ANDON_OIDC_CLIENT_SECRET says nothing")
        );
    }

    #[test]
    fn a_server_that_lets_everybody_in_has_nobody_sign_in() {
        let refused = complete().settings_with(Some(Access::Open), None).expect_err("a contradiction");
        assert!(refused.contains("--access open lets everybody in"), "{refused}");
    }

    #[test]
    fn addresses_that_cannot_be_meant_are_refused() {
        for issuer in ["sso", "http://sso.example.com", "https://sso.example.com/?a=b", "ftp://127.0.0.1"] {
            let refused = refusal(&OidcConfig { issuer: Some(issuer.to_owned()), ..complete() });
            assert!(refused.starts_with("--oidc-issuer"), "{refused}");
        }
        for issuer in ["http://127.0.0.1:9000", "http://[::1]:9000", "https://sso.example.com/o/andon/"] {
            let config = OidcConfig { issuer: Some(issuer.to_owned()), ..complete() };
            let settings = config.settings_with(None, None).expect("settings").expect("a provider");
            assert_eq!(settings.issuer.as_str(), issuer, "as it was written");
        }
        for public in
            ["andon.example.com", "https://andon.example.com/andon", "https://kim@andon.example.com"]
        {
            let refused = refusal(&OidcConfig { public_url: Some(public.to_owned()), ..complete() });
            assert!(refused.starts_with("--public-url"), "{refused}");
        }
    }

    #[test]
    fn the_secret_is_in_a_file_or_in_the_environment_and_never_shown() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"of the file\n").expect("a secret");
        let config = OidcConfig { client_secret_file: Some(file.path().to_owned()), ..complete() };
        let settings = config.settings_with(None, None).expect("settings").expect("a provider");
        assert_eq!(settings.client_secret.as_ref().expect("a secret").expose_secret(), "of the file");
        assert!(!format!("{settings:?}").contains("of the file"));
        let both = config.settings_with(None, Some("of the environment".into())).expect_err("two secrets");
        assert!(both.contains("leave one of them out") && !both.contains("of the "), "{both}");
        let missing = OidcConfig { client_secret_file: Some("/no/such/file".into()), ..complete() };
        assert!(refusal(&missing).contains("cannot be read"));
    }
}
