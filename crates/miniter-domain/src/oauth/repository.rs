//! The traits through which the use cases of OAuth reach the database. What [`crate::repository`] says of all traits holds for
//! these.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::oauth::{
    AccessToken, AppId, AppLabel, Application, AuthorizationCode, KnownToken, NewAccessToken, NewApplication,
    Redemption, SecretDigest,
};
use crate::{RepositoryError, TokenVersion};

/// Applications. They are never deleted: clients keep their ids for ever.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ApplicationRepository: Send + Sync {
    /// Stores a new application and returns its number.
    ///
    /// # Errors
    /// `Taken` if another has the client id.
    fn create(&self, application: &NewApplication) -> Result<AppId, RepositoryError>;

    /// The application with this number.
    ///
    /// # Errors
    /// Only the general ones.
    fn find(&self, app: AppId) -> Result<Option<Application>, RepositoryError>;

    /// What [`Self::list_labels`] returns, if all of it is in memory: this never waits.
    fn cached_labels(&self, apps: &[AppId]) -> Option<Vec<Arc<AppLabel>>>;

    /// The labels of applications, as far as there are such.
    ///
    /// # Errors
    /// Only the general ones.
    fn list_labels(&self, apps: &[AppId]) -> Result<Vec<Arc<AppLabel>>, RepositoryError>;

    /// The application that calls itself so, byte by byte.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_by_client_id(&self, client_id: &str) -> Result<Option<Application>, RepositoryError>;
}

/// Authorization codes.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AuthorizationCodeRepository: Send + Sync {
    /// Stores a code, and returns `false` instead if its user does not exist or has tokens of another version by now: then the
    /// password was changed after the user had proved to know it.
    ///
    /// A change of the password deletes the user's codes. Codes that are older than [`AuthorizationCode::KEPT`] go in time.
    ///
    /// # Errors
    /// Only the general ones.
    fn create(&self, code: &AuthorizationCode, version: TokenVersion) -> Result<bool, RepositoryError>;

    /// The code with this digest, whether it was exchanged or not.
    ///
    /// # Errors
    /// Only the general ones.
    fn find(&self, digest: &SecretDigest) -> Result<Option<AuthorizationCode>, RepositoryError>;

    /// Exchanges a code for a token with its user, application and scopes. Of any number of calls at once, at any nodes,
    /// one redeems it; each further one makes the token void that came of it.
    ///
    /// # Errors
    /// Only the general ones.
    fn redeem(
        &self,
        code: &SecretDigest,
        token: &SecretDigest,
        now: DateTime<Utc>,
    ) -> Result<Redemption, RepositoryError>;
}

/// Access tokens of applications.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessTokenRepository: Send + Sync {
    /// Stores a token without a code: by which an application acts for itself, or for a user who has just signed up with it.
    ///
    /// # Errors
    /// `MissingReference` if there is no such application or user.
    fn create(&self, token: &NewAccessToken) -> Result<(), RepositoryError>;

    /// What [`Self::find`] returns, if it is in memory: this never waits. Exact for all that a
    /// [`Freshness`](crate::Freshness) check has covered. `None` if the database must be asked.
    fn cached(&self, digest: &SecretDigest) -> Option<KnownToken>;

    /// The token with this digest; `None` if there is none, or none any more. Revocation, a change of the password and the
    /// deletion of the account end a token, on every node at once.
    ///
    /// # Errors
    /// Only the general ones.
    fn find(&self, digest: &SecretDigest) -> Result<Option<AccessToken>, RepositoryError>;

    /// Makes a token void, and returns whether it was good. No request that comes after this returns is served by it, at
    /// whatever node.
    ///
    /// # Errors
    /// Only the general ones.
    fn revoke(&self, token: &AccessToken) -> Result<bool, RepositoryError>;
}
