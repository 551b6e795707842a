//! Accounts: users, as others see them.

use chrono::{DateTime, Utc};

use crate::{UserId, Visibility};

/// A row of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    /// Its title.
    pub name: String,
    /// What it says, as it was typed.
    pub value: String,
}

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
    /// The rows of its profile, at most 4.
    pub rows: Vec<ProfileRow>,
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
