//! What a user does with a status: favourites, bookmarks, pins, and mutes of threads.

use chrono::{DateTime, Utc};

use crate::{Collection, CollectionPage, PageRequest, RepositoryError, StatusId, UserId};

/// How many statuses an account may have at the top of its profile.
pub const MOST_PINS: u32 = 5;

/// What users do with statuses. Each call may be repeated: what is so already stays so, and counts once. Who may do it is
/// decided by the caller.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ReactionRepository: Send + Sync {
    /// Makes a status one of the user's favourites, counts it and notifies its author.
    ///
    /// # Errors
    /// `MissingReference` if the user or the status does not exist.
    fn favourite(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<(), RepositoryError>;

    /// Takes it back, with the notification.
    ///
    /// # Errors
    /// Only the general ones.
    fn unfavourite(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError>;

    /// Bookmarks a status.
    ///
    /// # Errors
    /// `MissingReference` if the user or the status does not exist.
    fn bookmark(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<(), RepositoryError>;

    /// Takes it back.
    ///
    /// # Errors
    /// Only the general ones.
    fn unbookmark(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError>;

    /// What a user keeps as favourites or bookmarks and may still see.
    ///
    /// # Errors
    /// Only the general ones.
    fn find_collected(
        &self,
        collection: Collection,
        user: UserId,
        page: &PageRequest,
    ) -> Result<CollectionPage, RepositoryError>;

    /// Puts a status of the user at the top of their profile. Returns `false`, and changes nothing, if [`MOST_PINS`] others are
    /// there.
    ///
    /// # Errors
    /// `MissingReference` if the user or the status does not exist.
    fn pin(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<bool, RepositoryError>;

    /// Takes it back.
    ///
    /// # Errors
    /// Only the general ones.
    fn unpin(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError>;

    /// Ends the user's notifications of a thread, which is known by [`Status::conversation`](crate::Status::conversation). `status`
    /// is the one in it that the user named.
    ///
    /// # Errors
    /// `MissingReference` if there is no such user.
    fn mute_conversation(
        &self,
        user: UserId,
        conversation: StatusId,
        status: StatusId,
    ) -> Result<(), RepositoryError>;

    /// Takes it back.
    ///
    /// # Errors
    /// Only the general ones.
    fn unmute_conversation(
        &self,
        user: UserId,
        conversation: StatusId,
        status: StatusId,
    ) -> Result<(), RepositoryError>;
}
