//! OAuth 2: applications register, people consent, and applications get tokens (RFC 6749, 7009, 7636, 9700).

mod applications;
mod authorizations;
mod error;
mod secret;
mod tokens;

use miniter_domain::{Application, Scope, Scopes};

pub use applications::{AppRegistration, Applications, RegisteredApp};
pub use authorizations::{AuthorizationParameters, AuthorizationRequest, Authorizations, Examination};
pub use error::OAuthError;
pub(crate) use secret::{digest_of_token, new_secret};
pub use tokens::{AccessTokens, ClientCredentials, CodeExchange, IssuedToken};

/// The scopes that an application asks for: those in a text, or `read` where it names none. An application that may not have `read`
/// then gets what it has registered.
fn requested_scopes(text: Option<&str>, application: &Application) -> Result<Scopes, OAuthError> {
    let default = Scopes::of(&[Scope::Read]);
    let Some(names) = text.filter(|names| !names.trim().is_empty()) else {
        return Ok(if application.scopes.include(default) { default } else { application.scopes });
    };
    let scopes: Scopes = names.parse().map_err(|_| OAuthError::InvalidScope)?;
    if application.scopes.include(scopes) { Ok(scopes) } else { Err(OAuthError::InvalidScope) }
}
