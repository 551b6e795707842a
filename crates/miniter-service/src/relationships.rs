//! What accounts are to each other: blocks, mutes, notes, and lists of accounts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use miniter_domain::{
    Account, AccountList, AccountNote, AccountRepository, Clock, FamiliarFollowers, Mute, PageRequest,
    Relationship, RelationshipRepository, RepositoryError, UserId,
};

use crate::error::ServiceError;

/// A part of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccounts {
    /// The greatest number first. The numbers are the cursors of the list.
    pub accounts: Vec<Arc<Account>>,
    /// Whether the list goes on below.
    pub has_older: bool,
}

/// The followers of an account whom the viewer knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamiliarAccounts {
    /// The account.
    pub account: UserId,
    /// Those of its followers whom the viewer follows.
    pub followers: Vec<Arc<Account>>,
}

/// The use cases around relationships, beside follows.
pub struct Relationships {
    repository: Arc<dyn RelationshipRepository>,
    accounts: Arc<dyn AccountRepository>,
    clock: Arc<dyn Clock>,
}

impl Relationships {
    /// How many accounts a request may ask for at once; of more the first are answered.
    pub const MOST_AT_ONCE: usize = 80;

    /// How many followers of an account are familiar at most.
    const MOST_FAMILIAR: u32 = 40;

    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        repository: Arc<dyn RelationshipRepository>,
        accounts: Arc<dyn AccountRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { repository, accounts, clock }
    }

    /// What each of these accounts is to the actor, as far as they exist, each once and in this order. Of more than
    /// [`Self::MOST_AT_ONCE`] the first.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn find(&self, actor: UserId, accounts: &[UserId]) -> Result<Vec<Relationship>, ServiceError> {
        let existing = self.existing(accounts)?;
        Ok(self.repository.find_relationships(actor, &existing, self.clock.now())?)
    }

    /// What one account is to the actor.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn find_one(&self, actor: UserId, account: UserId) -> Result<Relationship, ServiceError> {
        self.find(actor, &[account])?.pop().ok_or(ServiceError::UserNotFound)
    }

    /// Blocks an account, which ends follows in both directions. Nothing changes for oneself.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn block(&self, actor: UserId, target: UserId) -> Result<Relationship, ServiceError> {
        if actor != target {
            self.repository.block(actor, target, self.clock.now()).map_err(of_two)?;
        }
        self.find_one(actor, target)
    }

    /// Ends a block.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unblock(&self, actor: UserId, target: UserId) -> Result<Relationship, ServiceError> {
        self.repository.unblock(actor, target)?;
        self.find_one(actor, target)
    }

    /// Mutes an account, with or without its notifications, for a time or for ever (`None`, and a time of zero). Nothing changes
    /// for oneself.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn mute(
        &self,
        actor: UserId,
        target: UserId,
        hides_notifications: bool,
        duration: Option<Duration>,
    ) -> Result<Relationship, ServiceError> {
        if actor != target {
            let now = self.clock.now();
            // What lies beyond the calendar is for ever.
            let expires_at = duration
                .filter(|duration| !duration.is_zero())
                .and_then(|duration| TimeDelta::from_std(duration).ok())
                .and_then(|duration| now.checked_add_signed(duration))
                .filter(|moment| *moment < LAST_MOMENT);
            let mute = Mute { hides_notifications, expires_at };
            self.repository.mute(actor, target, mute, now).map_err(of_two)?;
        }
        self.find_one(actor, target)
    }

    /// Ends a mute.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unmute(&self, actor: UserId, target: UserId) -> Result<Relationship, ServiceError> {
        self.repository.unmute(actor, target)?;
        self.find_one(actor, target)
    }

    /// Keeps what the actor has written down about an account. An empty text removes it.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn set_note(
        &self,
        actor: UserId,
        target: UserId,
        comment: String,
    ) -> Result<Relationship, ServiceError> {
        let note = AccountNote::parse(comment)?;
        self.repository.set_note(actor, target, &note).map_err(of_two)?;
        self.find_one(actor, target)
    }

    /// A part of the followers of an account, or of those whom it follows, without those with whom the viewer has a block. Nobody, if
    /// the account has blocked the viewer.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn list_of(
        &self,
        viewer: Option<UserId>,
        account: UserId,
        list: impl FnOnce(UserId) -> AccountList,
        page: &PageRequest,
    ) -> Result<ListedAccounts, ServiceError> {
        match viewer {
            Some(viewer) if viewer != account => {
                if self.find_one(viewer, account)?.is_blocked_by {
                    return Ok(ListedAccounts { accounts: Vec::new(), has_older: false });
                }
            }
            Some(_) | None => {
                if self.existing(&[account])?.is_empty() {
                    return Err(ServiceError::UserNotFound);
                }
            }
        }
        self.list(list(account), viewer, page)
    }

    /// A part of a list that is for the actor's own eyes: blocks, mutes, requests.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn list_own(&self, list: AccountList, page: &PageRequest) -> Result<ListedAccounts, ServiceError> {
        self.list(list, None, page)
    }

    /// For each of these accounts, as far as they exist, those of its followers whom the actor follows.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn find_familiar_followers(
        &self,
        actor: UserId,
        accounts: &[UserId],
    ) -> Result<Vec<FamiliarAccounts>, ServiceError> {
        let existing = self.existing(accounts)?;
        let familiar = self.repository.find_familiar_followers(actor, &existing, Self::MOST_FAMILIAR)?;
        familiar
            .into_iter()
            .map(|FamiliarFollowers { account, followers }| {
                Ok(FamiliarAccounts { account, followers: self.accounts.find_many(&followers)? })
            })
            .collect()
    }

    fn list(
        &self,
        list: AccountList,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Result<ListedAccounts, ServiceError> {
        let found = self.repository.list_accounts(list, viewer, page, self.clock.now())?;
        let mut accounts = self.accounts.find_many(&found.accounts)?;
        accounts.reverse();
        Ok(ListedAccounts { accounts, has_older: found.has_older })
    }

    /// Those of the first of these accounts that exist, each once.
    fn existing(&self, accounts: &[UserId]) -> Result<Vec<UserId>, ServiceError> {
        let mut seen = HashSet::new();
        let mut wanted: Vec<UserId> = accounts
            .iter()
            .take(Self::MOST_AT_ONCE)
            .copied()
            .filter(|account| seen.insert(*account))
            .collect();
        let found: HashSet<UserId> =
            self.accounts.find_many(&wanted)?.iter().map(|account| account.id).collect();
        wanted.retain(|account| found.contains(account));
        Ok(wanted)
    }
}

/// The last moment that both databases can store: the end of the year 9999.
const LAST_MOMENT: chrono::DateTime<chrono::Utc> = match chrono::DateTime::from_timestamp(253_402_300_799, 0)
{
    Some(moment) => moment,
    None => chrono::DateTime::UNIX_EPOCH,
};

/// For calls with a reference to the other account: the actor's token speaks for the actor.
fn of_two(error: RepositoryError) -> ServiceError {
    match error {
        RepositoryError::MissingReference => ServiceError::UserNotFound,
        RepositoryError::Taken
        | RepositoryError::KeyReused
        | RepositoryError::IdTaken
        | RepositoryError::Unavailable(_)
        | RepositoryError::Backend(_) => error.into(),
    }
}
