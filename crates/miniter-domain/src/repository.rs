//! The traits through which the use cases reach the database.
//!
//! They are synchronous: a use case runs in one hop to a blocking thread, and plain functions are plain to mock. A
//! call that writes is atomic and, once it returns `Ok`, durable; one that reads sees all that was acknowledged before
//! it. All of them fail with
//! [`RepositoryError::Unavailable`](crate::RepositoryError::Unavailable) or
//! [`Backend`](crate::RepositoryError::Backend); what else a call may fail with is said at the call.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    AccountKey, AddressKey, Allowance, BucketKey, CanonicalEmail, Circle, Credentials, Exhausted, Follow,
    FollowOutcome, Interactions, NewFollow, NewStatus, NewUser, PageRequest, Quota, Reaction, ReactorPage,
    RepositoryError, Statistics, Status, StatusChange, StatusEdit, StatusId, Tat, ThreadPart, Timeline,
    TimelinePage, TokenVersion, User, UserId, Visibility,
};

/// People and their credentials.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait UserRepository: Send + Sync {
    /// Stores a new user and returns the number that the database gave them; no number is ever given twice.
    ///
    /// # Errors
    /// `Taken` if another user has the canonical form of the e-mail, or the username. The unique keys decide, so of any number of
    /// calls at once exactly one succeeds.
    fn create(&self, user: &NewUser) -> Result<UserId, RepositoryError>;

    /// What to check a log-in with this address against; `None` if no user has it.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_credentials(&self, email: &CanonicalEmail) -> Result<Option<Credentials>, RepositoryError>;

    /// The same for a user who is known by their number; `None` if there is no such user.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_credentials_of(&self, user: UserId) -> Result<Option<Credentials>, RepositoryError>;

    /// The same for a user who is known by the name in their address, compared without regard to case; `user7` for user 7 if
    /// that account has chosen none.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_credentials_by_username(&self, username: &str) -> Result<Option<Credentials>, RepositoryError>;

    /// Replaces the stored hash of `seen.user_id` with `hashed_password`, but only while it still is the one in
    /// `seen`: a password that was changed meanwhile must not be undone.
    ///
    /// # Errors
    /// Only the general ones.
    fn replace_password_hash(&self, seen: &Credentials, hashed_password: &str)
    -> Result<(), RepositoryError>;

    /// Replaces the stored hash of `seen.user_id` with that of another password and gives their tokens a new version,
    /// which it returns: greater than any before. `None`, and nothing is changed, if the hash is not the one in `seen` any
    /// more.
    ///
    /// # Errors
    /// Only the general ones.
    fn change_password(
        &self,
        seen: &Credentials,
        hashed_password: &str,
    ) -> Result<Option<TokenVersion>, RepositoryError>;

    /// The users with these numbers, as far as they exist, in the order of their numbers.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_many(&self, users: &[UserId]) -> Result<Vec<User>, RepositoryError>;

    /// Whether there is such a user.
    ///
    /// # Errors
    /// Only the general ones.
    fn exists(&self, user: UserId) -> Result<bool, RepositoryError>;

    /// Whether there is no user at all.
    ///
    /// # Errors
    /// Only the general ones.
    fn is_empty(&self) -> Result<bool, RepositoryError>;

    /// Deletes an account with its tweets, follows and followers, and returns whether there was one. The counts of those who followed
    /// it, and of those whom it followed, stay exact. Its number is never given again.
    ///
    /// # Errors
    /// Only the general ones.
    fn delete(&self, user: UserId) -> Result<bool, RepositoryError>;
}

/// Which tokens still open a session.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait SessionRepository: Send + Sync {
    /// The version that the tokens of `user` must have; the first one for a user who does not exist. It is in memory: this
    /// never waits. Exact for all that a [`Freshness`] check has covered.
    ///
    /// [`UserRepository::change_password`] gives a user another one.
    fn cached_token_version(&self, user: UserId) -> TokenVersion;
}

/// What people wrote.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait StatusRepository: Send + Sync {
    /// Stores a new tweet under an id that is drawn here ([`StatusId::next`]), and returns it.
    ///
    /// Ids are committed in their order, whichever node writes: a reader who asks for what is newer than the newest tweet they
    /// know misses none that is committed later.
    ///
    /// Of requests of one author with the same [`NewStatus::fingerprint`] within
    /// [`IdempotencyKey::KEPT`](crate::IdempotencyKey::KEPT), at any node, one stores a tweet and all return that one.
    ///
    /// # Errors
    /// `MissingReference` if the author does not exist, `KeyReused` if the key in the fingerprint came with another text, and
    /// `IdTaken`.
    fn create(&self, tweet: NewStatus) -> Result<Status, RepositoryError>;

    /// The statuses with these ids, as far as they exist, in the order of their ids.
    ///
    /// What was acknowledged before the last [`Freshness`] check began is in it, and what was deleted by then is not.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_many(&self, ids: &[StatusId]) -> Result<Vec<Arc<Status>>, RepositoryError>;

    /// Deletes a status of `author` and returns the status as it was. `None` if there is no such status of theirs. No answer that
    /// begins after this returns shows it, at any node.
    ///
    /// Its boosts, favourites, bookmarks, mentions and notifications go with it, and all counts are exact from then on. Replies
    /// stay, and know whom they replied to.
    ///
    /// # Errors
    /// Only the general ones.
    fn delete(&self, author: UserId, status: StatusId) -> Result<Option<Arc<Status>>, RepositoryError>;

    /// Changes what a status of `author` says, keeps the version before, and notifies the accounts that are mentioned for the first
    /// time and those that have boosted it. Returns the status as it is then; `None` if there is no such status of theirs. A
    /// change to what it says already writes nothing.
    ///
    /// # Errors
    /// Only the general ones.
    fn update(
        &self,
        author: UserId,
        status: StatusId,
        change: &StatusChange,
    ) -> Result<Option<Arc<Status>>, RepositoryError>;

    /// Boosts a status that is not a boost itself, counts that and notifies its author. Returns the boost; if the user has boosted
    /// the status before, that one.
    ///
    /// # Errors
    /// `MissingReference` if the user or the status does not exist, and `IdTaken`.
    fn reblog(
        &self,
        user: UserId,
        original: StatusId,
        visibility: Visibility,
        now: DateTime<Utc>,
    ) -> Result<Arc<Status>, RepositoryError>;

    /// Takes a boost back, with the notification, and returns whether there was one.
    ///
    /// # Errors
    /// Only the general ones.
    fn unreblog(&self, user: UserId, original: StatusId) -> Result<bool, RepositoryError>;
}

/// Who follows whom, and who has asked to.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait FollowRepository: Send + Sync {
    /// Makes the follower follow, or ask a locked account to. If they do already, only their wishes change.
    ///
    /// The followee is notified, unless they have muted the follower's notifications. Both counts are exact from then on.
    ///
    /// # Errors
    /// `MissingReference` if one of the two does not exist.
    fn create(&self, follow: &NewFollow) -> Result<FollowOutcome, RepositoryError>;

    /// Ends the following, or takes back the request, and returns whether there was one.
    ///
    /// # Errors
    /// Only the general ones.
    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError>;

    /// Grants a request: the follower follows from now on. Returns whether there was one.
    ///
    /// # Errors
    /// Only the general ones.
    fn authorize(&self, request: Follow, now: DateTime<Utc>) -> Result<bool, RepositoryError>;

    /// Refuses a request, and returns whether there was one.
    ///
    /// # Errors
    /// Only the general ones.
    fn reject(&self, request: Follow) -> Result<bool, RepositoryError>;
}

/// Timelines.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TimelineRepository: Send + Sync {
    /// What [`Self::find_page`] returns, if it is in memory: this never waits. Exact for all that a [`Freshness`] check has
    /// covered. `None` if the database must be asked.
    fn cached_page(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Option<TimelinePage>;

    /// A part of a timeline, as a viewer sees it: without one, as anybody does. `None` if there is no user whose timeline it
    /// is; an account without statuses has an empty one.
    ///
    /// What was acknowledged before the last [`Freshness`] check began is in it. A page is full unless the timeline ends; but
    /// where the viewer may see none of [`TimelinePage::MOST_HIDDEN`] statuses, it ends there and says that there are older
    /// ones.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_page(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<TimelinePage>, RepositoryError>;
}

/// What accounts are to a user.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait CircleRepository: Send + Sync {
    /// What [`Self::find`] returns, if it is in memory: this never waits. Exact for all that a [`Freshness`] check has covered.
    fn cached(&self, user: UserId) -> Option<Arc<Circle>>;

    /// The circle of a user. For a user who does not exist it is empty.
    ///
    /// # Errors
    /// Only the general ones.
    fn find(&self, user: UserId) -> Result<Arc<Circle>, RepositoryError>;
}

/// What users have done with statuses.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait InteractionRepository: Send + Sync {
    /// What [`Self::list`] returns, if it is in memory: this never waits. Exact for all that a [`Freshness`] check has covered.
    fn cached(&self, user: UserId, statuses: &[StatusId]) -> Option<Vec<Interactions>>;

    /// What a user has done with each of these statuses, in their order.
    ///
    /// # Errors
    /// Only the general ones.
    fn list(&self, user: UserId, statuses: &[StatusId]) -> Result<Vec<Interactions>, RepositoryError>;
}

/// What stands around a status, without regard to who may see it.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ThreadRepository: Send + Sync {
    /// The statuses of a conversation: the first one, the [`Thread::MOST`](crate::Thread::MOST) nearest before a status, and as many
    /// from it on.
    ///
    /// # Errors
    /// Only the general ones.
    fn list_parts(
        &self,
        conversation: StatusId,
        around: StatusId,
    ) -> Result<Vec<ThreadPart>, RepositoryError>;

    /// The accounts that have boosted a status for everybody to see, or made it a favourite, with cursors of their own. The
    /// page has those that the viewer does not hide.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_reactors(
        &self,
        reaction: Reaction,
        status: StatusId,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<ReactorPage, RepositoryError>;

    /// What a status said before it was edited, the first version first.
    ///
    /// # Errors
    /// Only the general ones.
    fn list_edits(&self, status: StatusId) -> Result<Vec<StatusEdit>, RepositoryError>;
}

/// How much there is.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait StatisticsRepository: Send + Sync {
    /// Counts what there is. Users are active who have published something since `active_since`.
    ///
    /// It may take as long as reading a month's statuses does.
    ///
    /// # Errors
    /// Only the general ones.
    fn count(&self, active_since: DateTime<Utc>) -> Result<Statistics, RepositoryError>;
}

/// Wrong passwords, counted on behalf of all nodes.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait LoginThrottleRepository: Send + Sync {
    /// The state of a bucket; `None` if it is full.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_tat(&self, bucket: &BucketKey) -> Result<Option<Tat>, RepositoryError>;

    /// Takes one from a bucket as [`Quota::take`] says, and stores its new state. Of any number of calls at once each sees
    /// what those before it have taken.
    ///
    /// # Errors
    /// Only the general ones.
    fn take(
        &self,
        bucket: &BucketKey,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> Result<Result<Allowance, Exhausted>, RepositoryError>;

    /// Fills all buckets of an account.
    ///
    /// # Errors
    /// Only the general ones.
    fn clear(&self, account: &AccountKey) -> Result<(), RepositoryError>;
}

/// The addresses that accounts are used from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait KnownAddressRepository: Send + Sync {
    /// When the user's password was last right from this address; `None` if that is not known.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_known_address(
        &self,
        user: UserId,
        address: &AddressKey,
    ) -> Result<Option<DateTime<Utc>>, RepositoryError>;

    /// Records that the user's password was right from this address. The newest [`AddressKey::MOST`] of a user are kept,
    /// and none for longer than [`AddressKey::KEPT`].
    ///
    /// # Errors
    /// `MissingReference` if there is no such user.
    fn record_known_address(
        &self,
        user: UserId,
        address: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<(), RepositoryError>;
}

/// Called once with the outcome of a check, on any thread.
pub type OnFresh = Box<dyn FnOnce(Result<(), RepositoryError>) + Send>;

/// What a node keeps in memory (home timelines, token versions), held against the database that other nodes and programs
/// write to as well.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Freshness: Send + Sync {
    /// Makes sure that what is in memory has all that was acknowledged before this call, where that can be done without
    /// waiting. `None` if it cannot: then [`Self::check`] must.
    fn check_now(&self) -> Option<Result<(), RepositoryError>>;

    /// Does the same, and calls `then` when it is done: with `Unavailable` if the database does not answer. One look at the
    /// database serves all who wait for it; it begins after each of them has called.
    fn check(&self, then: OnFresh);
}

/// How the database is.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Health: Send + Sync {
    /// Reads from a table, and makes sure that the schema is one that this program can work with. A statement without a table would
    /// succeed on a server that has lost its quorum.
    ///
    /// # Errors
    /// Only the general ones.
    fn check(&self) -> Result<(), RepositoryError>;

    /// The connections that there are.
    fn connections(&self) -> Connections;
}

/// How many connections to the database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// All that are open.
    pub open: u32,
    /// Those of them that are not in use.
    pub idle: u32,
}
