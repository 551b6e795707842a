//! Accounts: users, as others see them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{Profile, ProfileField, ProfileFields, RepositoryError, UserId, UserName, Username, Visibility};

/// How many there are of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountCounts {
    /// Statuses, boosts too.
    pub statuses: u64,
    /// Accounts that follow it.
    pub followers: u64,
    /// Accounts that it follows.
    pub following: u64,
}

/// What the statuses of an account are unless a client says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostDefaults {
    /// Who may see them.
    pub visibility: Visibility,
    /// Whether their media are to be hidden at first.
    pub is_sensitive: bool,
    /// A BCP 47 tag.
    pub language: Option<String>,
}

/// An account, without anything that depends on its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: UserId,
    /// The name in its address, as it was typed: `[A-Za-z0-9_]{1,30}`, unique without regard to case.
    pub username: String,
    /// The name that is shown.
    pub display_name: String,
    /// What it says about itself, as it was typed.
    pub note: String,
    /// The fields of its profile, at most [`ProfileFields::MAX`].
    pub fields: Vec<ProfileField>,
    /// Whether it decides who follows it.
    pub is_locked: bool,
    /// Whether a program writes its statuses.
    pub is_bot: bool,
    /// Whether it wants to be found in directories.
    pub is_discoverable: bool,
    /// When it signed up.
    pub created_at: DateTime<Utc>,
    /// When it published last.
    pub last_status_at: Option<DateTime<Utc>>,
    /// How many statuses, followers and followees it has.
    pub counts: AccountCounts,
    /// What its new statuses are. For its own eyes.
    pub defaults: PostDefaults,
}

/// What its owner changes of an account. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountChange {
    /// The name in its address.
    pub username: Option<Username>,
    /// The name that is shown.
    pub display_name: Option<UserName>,
    /// What it says about itself.
    pub note: Option<Profile>,
    /// The fields of its profile, all of them.
    pub fields: Option<ProfileFields>,
    /// Whether it decides who follows it.
    pub is_locked: Option<bool>,
    /// Whether a program writes its statuses.
    pub is_bot: Option<bool>,
    /// Whether it wants to be found in directories.
    pub is_discoverable: Option<bool>,
    /// Who may see its new statuses.
    pub default_visibility: Option<Visibility>,
    /// Whether the media of its new statuses are to be hidden at first.
    pub default_sensitive: Option<bool>,
    /// The language of its new statuses; the inner `None` stands for no language.
    pub default_language: Option<Option<String>>,
}

/// A search for accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSearch {
    /// The beginning of a username, or beginnings of words of a display name.
    pub query: String,
    /// The user who searches. Accounts that they follow come first, and none comes with which they have a block.
    pub viewer: Option<UserId>,
    /// Whether only accounts are wanted that the viewer follows.
    pub is_following_only: bool,
    /// The most accounts to return.
    pub limit: u32,
    /// How many of the first to leave out.
    pub offset: u32,
}

/// Accounts, as others see them.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccountRepository: Send + Sync {
    /// The accounts with these numbers, as far as they exist, each once and in the order of their numbers.
    ///
    /// What was acknowledged before the last [`Freshness`](crate::Freshness) check began is in it.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_many(&self, accounts: &[UserId]) -> Result<Vec<Arc<Account>>, RepositoryError>;

    /// What [`Self::find_many`] returns, if it is in memory: this never waits. Exact for all that a
    /// [`Freshness`](crate::Freshness) check has covered. `None` if the database must be asked.
    fn cached_many(&self, accounts: &[UserId]) -> Option<Vec<Arc<Account>>>;

    /// The account with this username, in any case: a chosen one, or [`Username::of_nameless`].
    ///
    /// # Errors
    /// Only the general ones.
    fn find_by_username(&self, username: &str) -> Result<Option<Arc<Account>>, RepositoryError>;

    /// The accounts with these usernames, as far as they exist, each once and in the order of their numbers.
    ///
    /// # Errors
    /// Only the general ones.
    #[allow(clippy::needless_lifetimes, reason = "mockall needs its name")]
    fn find_by_usernames<'a>(&self, usernames: &[&'a str]) -> Result<Vec<Arc<Account>>, RepositoryError>;

    /// Changes an account, and returns what it is then. `None` if it does not exist.
    ///
    /// # Errors
    /// `Taken` if another account has the username.
    fn update(
        &self,
        account: UserId,
        change: &AccountChange,
    ) -> Result<Option<Arc<Account>>, RepositoryError>;

    /// The accounts that a search finds, the best first: the one with the very username, those that the viewer follows, and others.
    ///
    /// # Errors
    /// Only the general ones.
    fn search(&self, search: &AccountSearch) -> Result<Vec<Arc<Account>>, RepositoryError>;
}
