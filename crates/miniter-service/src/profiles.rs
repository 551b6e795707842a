//! Accounts as others see them, and how their owners change them.

use std::sync::Arc;

use miniter_domain::{
    Account, AccountChange, AccountList, AccountRepository, AccountSearch, Clock, LanguageTag, PageRequest,
    Profile, ProfileFields, RelationshipRepository, RepositoryError, UserId, UserName, Visibility,
};

use crate::error::ServiceError;

/// What an owner changes of an account, as it was sent. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// See [`UserName`]. A blank one stands for the username.
    pub display_name: Option<String>,
    /// See [`Profile`].
    pub note: Option<String>,
    /// See [`ProfileFields`]: names and values.
    pub fields: Option<Vec<(String, String)>>,
    /// Whether the account decides who follows it.
    pub is_locked: Option<bool>,
    /// Whether a program writes its statuses.
    pub is_bot: Option<bool>,
    /// Whether it wants to be found in directories.
    pub is_discoverable: Option<bool>,
    /// Who may see its new statuses.
    pub default_visibility: Option<Visibility>,
    /// Whether the media of its new statuses are to be hidden at first.
    pub default_sensitive: Option<bool>,
    /// See [`LanguageTag`]. An empty one stands for no language; one that is none is ignored.
    pub default_language: Option<String>,
}

/// The use cases around profiles.
pub struct Profiles {
    accounts: Arc<dyn AccountRepository>,
    relationships: Arc<dyn RelationshipRepository>,
    clock: Arc<dyn Clock>,
}

impl Profiles {
    /// How many accounts a request may ask for at once; of more the first are answered.
    pub const MOST_AT_ONCE: usize = 80;

    /// How many requests to follow are counted.
    const MOST_COUNTED: u32 = 1_000;

    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        accounts: Arc<dyn AccountRepository>,
        relationships: Arc<dyn RelationshipRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { accounts, relationships, clock }
    }

    /// Accounts, each once, if all of them are in memory: this may be called where nothing may block.
    #[must_use]
    pub fn cached_many(&self, accounts: &[UserId]) -> Option<Vec<Arc<Account>>> {
        self.accounts.cached_many(first(accounts))
    }

    /// The actor's own account.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it does not exist, and the general `Unavailable` and `Internal`.
    pub fn find_own(&self, actor: UserId) -> Result<Arc<Account>, ServiceError> {
        self.accounts.find_many(&[actor])?.pop().ok_or(ServiceError::Unauthenticated)
    }

    /// An account.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn find(&self, account: UserId) -> Result<Arc<Account>, ServiceError> {
        self.accounts.find_many(&[account])?.pop().ok_or(ServiceError::UserNotFound)
    }

    /// Accounts, as far as they exist, each once. Of more than [`Self::MOST_AT_ONCE`] the first.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn find_many(&self, accounts: &[UserId]) -> Result<Vec<Arc<Account>>, ServiceError> {
        Ok(self.accounts.find_many(first(accounts))?)
    }

    /// The account with a username, in any case.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn find_by_username(&self, username: &str) -> Result<Arc<Account>, ServiceError> {
        self.accounts.find_by_username(username)?.ok_or(ServiceError::UserNotFound)
    }

    /// The accounts that a search finds, the best first. One whose whole username is searched for is among them in any case: a
    /// client finds accounts so that the user wants to unblock.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn search(&self, search: &AccountSearch) -> Result<Vec<Arc<Account>>, ServiceError> {
        let mut found = self.accounts.search(search)?;
        let is_named = |account: &Arc<Account>| account.username.eq_ignore_ascii_case(&search.query);
        if search.offset == 0
            && !search.is_following_only
            && !found.iter().any(is_named)
            && let Some(account) = self.accounts.find_by_username(&search.query)?
        {
            found.insert(0, account);
            found.truncate(usize::try_from(search.limit).unwrap_or(usize::MAX));
        }
        Ok(found)
    }

    /// How many accounts wait for the actor to decide whether they may follow, up to a thousand.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn count_follow_requests(&self, actor: UserId) -> Result<u64, ServiceError> {
        let page = PageRequest::newest(Self::MOST_COUNTED);
        let list = AccountList::FollowRequests(actor);
        let found = self.relationships.list_accounts(list, None, &page, self.clock.now())?;
        Ok(u64::try_from(found.accounts.len()).unwrap_or(u64::MAX))
    }

    /// Changes the actor's own account, and returns what it is then.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for the first value that breaks a rule, [`ServiceError::Unauthenticated`] if the account does not
    /// exist, and the general `Unavailable` and `Internal`.
    pub fn update(&self, actor: UserId, change: ProfileChange) -> Result<Arc<Account>, ServiceError> {
        let display_name = match change.display_name {
            Some(name) if name.trim().is_empty() => Some(self.find_own(actor)?.username.clone()),
            name => name,
        };
        let change = AccountChange {
            username: None,
            display_name: display_name.map(UserName::parse).transpose()?,
            note: change.note.map(Profile::parse).transpose()?,
            fields: change.fields.map(ProfileFields::parse).transpose()?,
            is_locked: change.is_locked,
            is_bot: change.is_bot,
            is_discoverable: change.is_discoverable,
            default_visibility: change.default_visibility,
            default_sensitive: change.default_sensitive,
            default_language: change.default_language.and_then(|language| {
                if language.is_empty() {
                    Some(None)
                } else {
                    LanguageTag::parse(&language).map(|tag| Some(tag.into_string()))
                }
            }),
        };
        match self.accounts.update(actor, &change) {
            Err(RepositoryError::Taken) => Err(ServiceError::UsernameTaken),
            updated => updated?.ok_or(ServiceError::Unauthenticated),
        }
    }
}

fn first(accounts: &[UserId]) -> &[UserId] {
    &accounts[..accounts.len().min(Profiles::MOST_AT_ONCE)]
}
