//! On whose behalf a request comes, and what it may do.

use miniter_domain::UserId;

use crate::scope::Scopes;

/// The number of an application that was registered to ask for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(i64);

impl AppId {
    /// A number from the database.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

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
