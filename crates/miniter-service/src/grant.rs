//! On whose behalf a request comes, and what it may do.

use miniter_domain::{AccessToken, AppId, Scopes, UserId};

/// What a person has granted to the holder of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// On whose behalf the request comes.
    pub user: UserId,
    /// The application that it was granted to. `None` for a log-in by password.
    pub app: Option<AppId>,
    /// What it allows.
    pub scopes: Scopes,
}

impl Grant {
    /// The grant of a log-in by password: everything.
    #[must_use]
    pub const fn full(user: UserId) -> Self {
        Self { user, app: None, scopes: Scopes::ALL }
    }
}

/// What an application may do for itself, without a user (`client_credentials`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppGrant {
    /// The application.
    pub app: AppId,
    /// What it may do.
    pub scopes: Scopes,
}

/// What the holder of a token may do, with or without a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyGrant {
    /// A user has granted it.
    User(Grant),
    /// An application acts for itself.
    App(AppGrant),
}

impl AnyGrant {
    /// What it allows.
    #[must_use]
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::User(grant) => grant.scopes,
            Self::App(grant) => grant.scopes,
        }
    }

    /// On whose behalf, if on anyone's.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(grant) => Some(grant.user),
            Self::App(_) => None,
        }
    }

    /// The application that holds it. `None` for a log-in by password.
    #[must_use]
    pub const fn app(self) -> Option<AppId> {
        match self {
            Self::User(grant) => grant.app,
            Self::App(grant) => Some(grant.app),
        }
    }
}

impl From<AccessToken> for AnyGrant {
    fn from(token: AccessToken) -> Self {
        let AccessToken { app, user, scopes, .. } = token;
        match user {
            Some(user) => Self::User(Grant { user, app: Some(app), scopes }),
            None => Self::App(AppGrant { app, scopes }),
        }
    }
}
