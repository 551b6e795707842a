//! What comes of a person's consent: an authorization code, and for it an access token.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::UserId;
use crate::oauth::{AppId, Scopes};

/// The digest of a secret that is random: nothing else of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

/// A code that an application can exchange for an access token, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// What is stored of it.
    pub digest: SecretDigest,
    /// The application that it was given to.
    pub app: AppId,
    /// Who has consented.
    pub user: UserId,
    /// Where it was sent to.
    pub redirect_uri: String,
    /// What the token will allow.
    pub scopes: Scopes,
    /// The SHA-256 digest of the verifier that must come with it (PKCE, RFC 7636).
    pub challenge: Option<[u8; 32]>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl AuthorizationCode {
    /// How long it can be exchanged.
    pub const LIFETIME: Duration = Duration::from_mins(10);

    /// How long it is kept at least: for so long a second use is noticed.
    pub const KEPT: Duration = Duration::from_hours(24);

    /// Whether it can be exchanged at this moment. A clock may be behind the one that stamped it.
    #[must_use]
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now - self.created_at <= chrono::TimeDelta::from_std(Self::LIFETIME).unwrap_or_default()
    }
}

/// What came of showing a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// It was exchanged for the token.
    Redeemed,
    /// It was exchanged before. The token that came of it then is void now.
    Replayed,
    /// There is no such code any more.
    Unknown,
}

/// The number of an access token, given by the database. It is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(i64);

impl TokenId {
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

/// A token by which an application acts for itself, about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewAccessToken {
    /// What is stored of it.
    pub digest: SecretDigest,
    /// The application.
    pub app: AppId,
    /// For whom it acts. `None`: for itself.
    pub user: Option<UserId>,
    /// What it allows.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A token that is good: a void one is not there any more. It does not expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// Its number.
    pub id: TokenId,
    /// The application that holds it.
    pub app: AppId,
    /// For whom the application acts. `None`: for itself.
    pub user: Option<UserId>,
    /// What it allows.
    pub scopes: Scopes,
}

/// What is known of a token that was looked up before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownToken {
    /// It is good.
    Good(AccessToken),
    /// There is none, or none any more.
    Void,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_code_lives_for_ten_minutes() {
        let code = AuthorizationCode {
            digest: SecretDigest([0; 32]),
            app: AppId::new(1),
            user: UserId::new(1),
            redirect_uri: String::new(),
            scopes: Scopes::default(),
            challenge: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        for (seconds, is_alive) in [(-5, true), (0, true), (600, true), (601, false), (100_000, false)] {
            assert_eq!(code.is_alive(code.created_at + TimeDelta::seconds(seconds)), is_alive, "{seconds}");
        }
    }
}
