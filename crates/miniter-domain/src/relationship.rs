//! What accounts are to each other.

use chrono::{DateTime, Utc};

use crate::user::is_longer_than;
use crate::{DomainError, PageRequest, RepositoryError, UserId};

/// What an account is to the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub struct Relationship {
    /// The account.
    pub account: UserId,
    /// Whether the viewer follows it.
    pub is_following: bool,
    /// Whether its boosts are in the viewer's home timeline. False if the viewer does not follow it.
    pub is_showing_reblogs: bool,
    /// Whether the viewer is notified of each of its statuses.
    pub is_notifying: bool,
    /// Whether it follows the viewer.
    pub is_followed_by: bool,
    /// Whether the viewer has blocked it.
    pub is_blocking: bool,
    /// Whether it has blocked the viewer.
    pub is_blocked_by: bool,
    /// Whether the viewer has muted it, and the mute has not expired.
    pub is_muting: bool,
    /// Whether the mute is one of its notifications, too.
    pub is_muting_notifications: bool,
    /// When the mute expires. `None` also for a mute for ever.
    pub mute_expires_at: Option<DateTime<Utc>>,
    /// Whether the viewer has asked to follow it, and it has not decided.
    pub is_requested: bool,
    /// Whether it has asked to follow the viewer.
    pub is_requested_by: bool,
    /// What the viewer has written down about it. Empty if that is nothing.
    pub note: String,
}

impl Relationship {
    /// That of two accounts that have nothing to do with each other.
    #[must_use]
    pub fn none(account: UserId) -> Self {
        Self {
            account,
            is_following: false,
            is_showing_reblogs: false,
            is_notifying: false,
            is_followed_by: false,
            is_blocking: false,
            is_blocked_by: false,
            is_muting: false,
            is_muting_notifications: false,
            mute_expires_at: None,
            is_requested: false,
            is_requested_by: false,
            note: String::new(),
        }
    }
}

/// How an account is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mute {
    /// Whether its notifications are hidden, too.
    pub hides_notifications: bool,
    /// When it ends by itself. `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A private note of one user about another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNote(String);

impl AccountNote {
    /// The longest note, in Unicode code points.
    pub const MAX_CHARS: usize = 2_000;

    /// Checks a note. An empty one stands for none.
    ///
    /// # Errors
    /// [`DomainError::InvalidAccountNote`] if it has more than [`Self::MAX_CHARS`] code points or contains U+0000.
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if is_longer_than(&text, Self::MAX_CHARS) || text.contains('\0') {
            return Err(DomainError::InvalidAccountNote);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A list of accounts. Its cursors are the numbers of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountList {
    /// Those that follow this one.
    Followers(UserId),
    /// Those that this one follows.
    Following(UserId),
    /// Those that have asked this one whether they may follow it.
    FollowRequests(UserId),
    /// Those that this one has blocked.
    Blocks(UserId),
    /// Those that this one has muted, and whose mute has not expired.
    Mutes(UserId),
}

/// A part of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPage {
    /// The greatest number first.
    pub accounts: Vec<UserId>,
    /// Whether the list goes on below the smallest number (above `since_id`, where the request names one).
    pub has_older: bool,
}

/// Some of the followers of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamiliarFollowers {
    /// The account.
    pub account: UserId,
    /// Those of its followers whom the viewer follows, in the order of their numbers.
    pub followers: Vec<UserId>,
}

/// What accounts are to each other, beside follows.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RelationshipRepository: Send + Sync {
    /// What each of these accounts is to `viewer` at a moment, in the order in which they are asked for. An account that does not
    /// exist has nothing to do with anybody.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_relationships(
        &self,
        viewer: UserId,
        accounts: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<Relationship>, RepositoryError>;

    /// Blocks `target`, which ends follows and requests in both directions and removes what either was notified of the
    /// other. Nothing changes if it is blocked already.
    ///
    /// # Errors
    /// `MissingReference` if one of the two does not exist.
    fn block(&self, user: UserId, target: UserId, now: DateTime<Utc>) -> Result<(), RepositoryError>;

    /// Ends a block, if there is one.
    ///
    /// # Errors
    /// Only the general ones.
    fn unblock(&self, user: UserId, target: UserId) -> Result<(), RepositoryError>;

    /// Mutes `target`, or changes how it is muted. If its notifications are hidden, those that there are are deleted.
    ///
    /// # Errors
    /// `MissingReference` if one of the two does not exist.
    fn mute(
        &self,
        user: UserId,
        target: UserId,
        mute: Mute,
        now: DateTime<Utc>,
    ) -> Result<(), RepositoryError>;

    /// Ends a mute, if there is one.
    ///
    /// # Errors
    /// Only the general ones.
    fn unmute(&self, user: UserId, target: UserId) -> Result<(), RepositoryError>;

    /// Keeps what `user` has written down about `target`. An empty note removes it.
    ///
    /// # Errors
    /// `MissingReference` if one of the two does not exist.
    fn set_note(&self, user: UserId, target: UserId, note: &AccountNote) -> Result<(), RepositoryError>;

    /// A part of a list, as it is at a moment. The cursors of the request are numbers of accounts. Of followers and followees it has
    /// none with which `viewer` has a block, in either direction.
    ///
    /// # Errors
    /// Only the general ones.
    fn list_accounts(
        &self,
        list: AccountList,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<AccountPage, RepositoryError>;

    /// For each of these accounts the followers that `viewer` knows: the first `limit` of them.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_familiar_followers(
        &self,
        viewer: UserId,
        accounts: &[UserId],
        limit: u32,
    ) -> Result<Vec<FamiliarFollowers>, RepositoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_at_most_2000_characters_and_no_nul() {
        for text in [String::new(), "가".repeat(2_000)] {
            assert_eq!(AccountNote::parse(text.clone()).unwrap().as_str(), text);
        }
        for text in ["가".repeat(2_001), "a\0".to_owned()] {
            assert_eq!(AccountNote::parse(text), Err(DomainError::InvalidAccountNote));
        }
    }
}
