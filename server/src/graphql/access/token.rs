//! Tokens of devices and other programs.

use async_graphql::{ID, InputObject, SimpleObject};
use domain::{
    access::{self, MAX_TOKEN_DAYS, TokenKind},
    time::DurationMs,
};

use super::principal::{PrincipalKind, Role};
use crate::{
    error::ApiError,
    graphql::{scalar::DateTime, text::name},
    store::access::credentials::{NewToken, TokenRecord},
};

/// A token of a device or another program, without its text.
#[derive(SimpleObject)]
pub(crate) struct Token {
    /// Its number, which is the first one in its text.
    token_id: ID,
    /// Whose it is.
    kind: PrincipalKind,
    /// Who uses it; of a device, its deviceId.
    name: String,
    /// What they may do in the factory.
    roles: Vec<Role>,
    /// When it was created.
    created_at: DateTime,
    /// Until when it is valid.
    expires_at: DateTime,
    /// When it was last used, to ten minutes.
    last_used_at: Option<DateTime>,
    /// Since when it is void.
    revoked_at: Option<DateTime>,
}

/// A token with its text, which nobody is told again.
#[derive(SimpleObject)]
pub(crate) struct IssuedToken {
    /// What is kept of it.
    token: Token,
    /// What is sent as `Authorization: Bearer …`.
    secret: String,
}

/// A token to create.
#[derive(InputObject)]
pub(super) struct CreateTokenInput {
    /// The factory.
    factory_id: ID,
    /// DEVICE or SERVICE.
    kind: PrincipalKind,
    /// Of a device, its deviceId; of another program, what people call it. 1 to 64 characters.
    name: String,
    /// What another program may do; a device is a DEVICE.
    role: Option<Role>,
    /// For how many days it is valid, 1 to 3 650; left out, 365 of a device and 90 of another program.
    valid_days: Option<i32>,
}

impl CreateTokenInput {
    /// For which factory, and what it is.
    pub(super) fn judged(self) -> Result<(ID, NewToken), ApiError> {
        let Self { factory_id, kind, name: sent, role, valid_days } = self;
        let role = role.map(access::Role::from);
        let (kind, role) = match (kind, role) {
            (PrincipalKind::Device, None | Some(access::Role::Device)) => {
                (TokenKind::Device, access::Role::Device)
            }
            (PrincipalKind::Device, Some(_)) => {
                return Err(ApiError::bad_user_input(
                    "a device is a DEVICE and nothing else; leave role out",
                ));
            }
            (PrincipalKind::Service, Some(role)) => (TokenKind::Service, role),
            (PrincipalKind::Service, None) => {
                return Err(ApiError::bad_user_input("role must say what the program may do"));
            }
            (PrincipalKind::Person, _) => {
                return Err(ApiError::bad_user_input(
                    "a person has no token but signs in; kind must be DEVICE or SERVICE, and `invite` lets a person in",
                ));
            }
        };
        let valid_days = match valid_days {
            None => kind.default_days(),
            Some(days) => u32::try_from(days)
                .ok()
                .filter(|days| (1..=MAX_TOKEN_DAYS).contains(days))
                .ok_or_else(|| {
                    let allowed =
                        format!("validDays must be from 1 to {MAX_TOKEN_DAYS}, but {days} was sent");
                    ApiError::bad_user_input(allowed)
                })?,
        };
        let valid_ms = DurationMs(i64::from(valid_days) * domain::MS_PER_DAY);
        Ok((factory_id, NewToken { name: name("name", &sent)?, kind, role, valid_ms }))
    }
}

impl From<TokenRecord> for Token {
    fn from(token: TokenRecord) -> Self {
        Self {
            token_id: ID(token.id.0.to_string()),
            kind: match token.kind {
                TokenKind::Device => PrincipalKind::Device,
                TokenKind::Service => PrincipalKind::Service,
                TokenKind::Session | TokenKind::Setup => PrincipalKind::Person,
            },
            name: token.name,
            roles: token.roles.into_iter().map(Into::into).collect(),
            created_at: DateTime::from_ms(token.created_at_ms),
            expires_at: DateTime::from_ms(token.expires_at_ms),
            last_used_at: token.last_used_at_ms.map(DateTime::from_ms),
            revoked_at: token.revoked_at_ms.map(DateTime::from_ms),
        }
    }
}

impl From<(TokenRecord, access::Token)> for IssuedToken {
    fn from((record, token): (TokenRecord, access::Token)) -> Self {
        Self { token: record.into(), secret: token.text() }
    }
}
