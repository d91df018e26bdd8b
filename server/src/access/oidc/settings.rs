//! Which identity provider people sign in at, and how it is asked.

use openidconnect::{ClientId, IssuerUrl, RedirectUrl, Scope, url::Url};
use secrecy::SecretString;

use super::GroupTemplate;

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/auth/oidc/callback";

/// An identity provider, and how it is asked.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// The provider, as it names itself.
    pub issuer: IssuerUrl,
    /// What it calls this server.
    pub client_id: ClientId,
    /// What proves to it that this server asks; none for a public client.
    pub client_secret: Option<SecretString>,
    /// What is asked besides who somebody is.
    pub scopes: Vec<Scope>,
    /// The claims that may have a person's name, the first that there is counts.
    pub name_claims: Vec<String>,
    /// The claim that has a person's groups.
    pub groups_claim: String,
    /// How the groups are called that give roles.
    pub group_template: GroupTemplate,
    /// What it is called on the button.
    pub label: String,
    /// By which browsers reach this server, without a path.
    pub public_url: Url,
}

impl OidcSettings {
    /// Where the provider sends people back to.
    pub fn redirect_url(&self) -> RedirectUrl {
        let mut url = self.public_url.clone();
        url.set_path(CALLBACK);
        RedirectUrl::from_url(url)
    }
}
