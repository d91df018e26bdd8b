//! The conversation with an identity provider: the code flow of OpenID Connect, with PKCE and a nonce.
//!
//! - What the provider says of itself, and its keys, are asked for when they are first needed, and again after an hour, or as soon as
//!   a token is signed with a key that is not among them.
//! - A provider that did not answer is not asked again for 2 s, so that nobody waits for those who waited before.
//! - Its clock may differ from this machine's by 2 min.
//! - A token must be signed with a key of the provider's. The client's secret is none, and neither is no signature at all.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::time::DurationMs;
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError,
    Client as OidcClient, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdToken, IdTokenFields, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RequestTokenError, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
    url::Url,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};

use super::{
    OidcError, OidcSettings,
    claims::Claims,
    client::{CallError, Client, with_causes},
};
use crate::{
    clock::Clock,
    store::access::{identities::Identified, pending_sign_ins::PendingSignIn},
};

/// How long what a provider says of itself is relied on.
const METADATA_VALID: Duration = Duration::from_hours(1);
/// How long a provider is left alone that did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How much the clocks may differ.
const MAX_CLOCK_DIFFERENCE_MS: DurationMs = DurationMs(120_000);
/// The most bytes of how a provider names a person for good, as OpenID Connect has it.
const MAX_SUBJECT_BYTES: usize = 255;
/// How many random bytes a state and a browser's cookie have.
const SECRET_BYTES: u32 = 32;
/// The most characters of a provider's code for an error that are logged.
const MAX_LOGGED_CHARS: usize = 64;
/// The signatures that count.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims that OpenID Connect does not name, such as groups.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

type SignedIdToken =
    IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type ConfiguredClient = OidcClient<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type TokenError = RequestTokenError<CallError, StandardErrorResponse<CoreErrorResponseType>>;

/// An identity provider, and what is known of it.
pub struct OidcProvider {
    settings: OidcSettings,
    client: Client,
    clock: Clock,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What the provider says of itself, and when it was asked.
    metadata: Option<(Instant, Arc<CoreProviderMetadata>)>,
    /// When it did not answer.
    failed_at: Option<Instant>,
}

impl OidcProvider {
    /// A provider that is asked when that is needed.
    ///
    /// # Errors
    /// This machine cannot make connections by https, for want of root certificates.
    pub fn new(settings: OidcSettings, clock: Clock) -> Result<Self, String> {
        let client = Client::new(settings.issuer.url().scheme()).map_err(|error| {
            format!(
                "the identity provider of --oidc-issuer cannot be asked by https: {}; are root certificates installed \
                 (ca-certificates)?",
                with_causes(&error)
            )
        })?;
        Ok(Self { settings, client, clock, known: Mutex::default() })
    }

    /// What it is called on the button.
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Where a browser goes to sign in, and what is to be kept meanwhile. `browser` is what the browser has already.
    pub(super) async fn begin(
        &self,
        browser: Option<SecretString>,
        next: &str,
    ) -> Result<(Url, PendingSignIn), OidcError> {
        let metadata = self.metadata().await?;
        let client = self.configured(&metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, random, Nonce::new_random)
            .add_scopes(self.settings.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        let pending = PendingSignIn {
            state: state.into_secret().into(),
            browser: browser.unwrap_or_else(|| random().into_secret().into()),
            nonce: nonce.secret().as_str().into(),
            pkce_verifier: verifier.into_secret().into(),
            next: next.to_owned(),
        };
        Ok((url, pending))
    }

    /// Whether the name by which a provider sent somebody back is this one's.
    pub(super) fn is_issuer(&self, name: &str) -> bool {
        self.settings.issuer.as_str() == name
    }

    /// Who somebody is who came back with this code.
    pub(super) async fn identify(
        &self,
        code: &SecretString,
        pending: &PendingSignIn,
    ) -> Result<Identified, OidcError> {
        let metadata = self.metadata().await?;
        let client = self.configured(&metadata);
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let verifier = PkceCodeVerifier::new(pending.pkce_verifier.expose_secret().to_owned());
        let request =
            client.exchange_code(code).map_err(|error| untrusted("names no token endpoint", &error))?;
        let tokens =
            request.set_pkce_verifier(verifier).request_async(&self.client).await.map_err(not_given)?;
        let Some(id_token) = tokens.id_token() else {
            tracing::warn!(
                "the identity provider gave no ID token; is openid among what it allows this server?"
            );
            return Err(OidcError::Untrusted);
        };
        let nonce = Nonce::new(pending.nonce.expose_secret().to_owned());
        let (subject, mut claims) = self.verified(id_token, &nonce).await?;
        if !claims.are_complete(&self.settings) {
            claims.add(self.user_info(&client, tokens.access_token(), &subject).await?);
        }
        self.identified(&subject, &claims)
    }

    fn identified(&self, subject: &SubjectIdentifier, claims: &Claims) -> Result<Identified, OidcError> {
        if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES {
            tracing::warn!("the identity provider names somebody by nothing, or by more than 255 bytes");
            return Err(OidcError::Untrusted);
        }
        let Some(roles) = claims.roles(&self.settings) else {
            tracing::warn!("somebody's groups give more roles than anybody may have");
            return Err(OidcError::Untrusted);
        };
        Ok(Identified {
            issuer: self.settings.issuer.to_string(),
            name: claims.name(&self.settings, subject),
            subject: subject.to_string(),
            roles,
        })
    }

    /// What a token says, once it is known to be the provider's, for this server and this sign-in.
    async fn verified(
        &self,
        id_token: &SignedIdToken,
        nonce: &Nonce,
    ) -> Result<(SubjectIdentifier, Claims), OidcError> {
        let known = self.metadata().await?;
        let mut verified = self.verify(&known, id_token, nonce);
        if matches!(
            verified,
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
        ) {
            // It came from the provider itself, which has another key since it was asked.
            let known = self.metadata_after(Some(&known)).await?;
            verified = self.verify(&known, id_token, nonce);
        }
        verified.map_err(|error| untrusted("gave an ID token that does not count", &error))
    }

    fn verify(
        &self,
        provider: &CoreProviderMetadata,
        id_token: &SignedIdToken,
        nonce: &Nonce,
    ) -> Result<(SubjectIdentifier, Claims), ClaimsVerificationError> {
        let now_ms = self.clock.now_ms();
        let [earliest, latest] = [now_ms - MAX_CLOCK_DIFFERENCE_MS, now_ms + MAX_CLOCK_DIFFERENCE_MS]
            .map(|instant| DateTime::<Utc>::from_timestamp_millis(instant.0).unwrap_or_default());
        let (client_id, issuer) = (self.settings.client_id.clone(), self.settings.issuer.clone());
        // That of a public client: with a secret, who has that could sign tokens.
        let verifier = CoreIdTokenVerifier::new_public_client(client_id, issuer, provider.jwks().clone())
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || earliest)
            .set_issue_time_verifier_fn(move |issued| {
                if issued <= latest {
                    Ok(())
                } else {
                    Err(format!("the token was issued in the future, at {issued}"))
                }
            });
        let claims = id_token.claims(&verifier, nonce)?;
        Ok((claims.subject().clone(), Claims::new(as_map(claims))))
    }

    /// What the provider says of somebody when it is asked for that; nothing where it cannot be asked.
    async fn user_info(
        &self,
        client: &ConfiguredClient,
        access_token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Map<String, Value>, OidcError> {
        let Ok(request) = client.user_info(access_token.clone(), Some(subject.clone())) else {
            return Ok(Map::new());
        };
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = request
            .request_async(&self.client)
            .await
            .map_err(|error| untrusted("did not say more of somebody", &error))?;
        Ok(as_map(&claims))
    }

    fn configured(&self, provider: &CoreProviderMetadata) -> ConfiguredClient {
        let settings = &self.settings;
        let secret = settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let client =
            ConfiguredClient::from_provider_metadata(provider.clone(), settings.client_id.clone(), secret);
        client.set_redirect_uri(settings.redirect_url()).set_auth_type(auth_type(provider))
    }

    /// What the provider says of itself.
    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        self.metadata_after(None).await
    }

    /// The same, asked for after this, which is not enough.
    async fn metadata_after(
        &self,
        insufficient: Option<&Arc<CoreProviderMetadata>>,
    ) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        // Held while it is asked, so that it is asked once.
        let mut known = self.known.lock().await;
        if let Some((asked_at, metadata)) = &known.metadata
            && asked_at.elapsed() < METADATA_VALID
            && insufficient.is_none_or(|insufficient| !Arc::ptr_eq(insufficient, metadata))
        {
            return Ok(metadata.clone());
        }
        if known.failed_at.is_some_and(|failed_at| failed_at.elapsed() < RETRY_AFTER) {
            return Err(OidcError::Unreachable);
        }
        match CoreProviderMetadata::discover_async(self.settings.issuer.clone(), &self.client).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { metadata: Some((Instant::now(), metadata.clone())), failed_at: None };
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!("the identity provider does not say what it is: {}", with_causes(&error));
                known.failed_at = Some(Instant::now());
                Err(OidcError::Unreachable)
            }
        }
    }
}

fn random() -> CsrfToken {
    CsrfToken::new_random_len(SECRET_BYTES)
}

/// How this server proves who it is, where the provider does not allow what all should.
fn auth_type(provider: &CoreProviderMetadata) -> AuthType {
    let allowed = provider.token_endpoint_auth_methods_supported();
    let allows = |method| allowed.is_none_or(|allowed| allowed.contains(&method));
    if !allows(CoreClientAuthMethod::ClientSecretBasic) && allows(CoreClientAuthMethod::ClientSecretPost) {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

fn as_map(claims: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => claims,
        _ => Map::new(),
    }
}

fn untrusted(what: &str, error: &dyn std::error::Error) -> OidcError {
    tracing::warn!("the identity provider {what}: {}", with_causes(error));
    OidcError::Untrusted
}

/// Why there are no tokens. What the provider said may repeat the code or a token, so that it is not logged as a whole.
fn not_given(error: TokenError) -> OidcError {
    match error {
        RequestTokenError::Request(error) => {
            tracing::warn!("the identity provider gives no tokens: {}", with_causes(&error));
            OidcError::Unreachable
        }
        RequestTokenError::ServerResponse(refusal) => {
            let code: String = refusal.error().as_ref().chars().take(MAX_LOGGED_CHARS).collect();
            tracing::warn!(?code, "the identity provider gives no tokens");
            OidcError::Untrusted
        }
        RequestTokenError::Parse(error, _) => {
            tracing::warn!(place = %error.path(), "the identity provider's tokens cannot be read");
            OidcError::Untrusted
        }
        RequestTokenError::Other(_) => {
            tracing::warn!("the identity provider's answer has no tokens");
            OidcError::Untrusted
        }
    }
}
