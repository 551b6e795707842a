//! Applications, and what people let them do (OAuth 2, RFC 6749).

mod application;
mod authorization;
mod repository;
mod scope;

pub use application::{
    AppId, AppLabel, AppName, Application, NewApplication, RedirectUri, RedirectUris, Website,
};
pub use authorization::{
    AccessToken, AuthorizationCode, KnownToken, NewAccessToken, Redemption, SecretDigest, TokenId,
};
pub use repository::{AccessTokenRepository, ApplicationRepository, AuthorizationCodeRepository};
#[cfg(feature = "mock")]
pub use repository::{MockAccessTokenRepository, MockApplicationRepository, MockAuthorizationCodeRepository};
pub use scope::{Scope, Scopes, UnknownScope};
