//! What users do with statuses: favourites, bookmarks, pins, and mutes of threads.
//!
//! Each act may be repeated. What the actor may not see is not found, but what they have done with it can be taken back. What is
//! done to a boost is done to what it boosts. Each returns the status as it is then.

use std::sync::Arc;

use miniter_domain::{
    CircleRepository, Clock, DomainError, ReactionRepository, RepositoryError, Status, StatusId,
    StatusRepository, UserId, Visibility,
};

use crate::error::ServiceError;
use crate::sight::Sight;

/// The use cases around reactions.
pub struct Reactions {
    repository: Arc<dyn ReactionRepository>,
    sight: Sight,
    clock: Arc<dyn Clock>,
}

impl Reactions {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        repository: Arc<dyn ReactionRepository>,
        statuses: Arc<dyn StatusRepository>,
        circles: Arc<dyn CircleRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { repository, sight: Sight::new(statuses, circles), clock }
    }

    /// Makes a status one of the actor's favourites.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn favourite(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        self.repository.favourite(actor, status.id, self.clock.now()).map_err(gone)?;
        self.sight.find(Some(actor), status.id)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unfavourite(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.resolve(id)?;
        self.repository.unfavourite(actor, status)?;
        self.sight.find(Some(actor), status)
    }

    /// Bookmarks a status.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn bookmark(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        self.repository.bookmark(actor, status.id, self.clock.now()).map_err(gone)?;
        Ok(status)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unbookmark(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.resolve(id)?;
        self.repository.unbookmark(actor, status)?;
        self.sight.find(Some(actor), status)
    }

    /// Puts a status of the actor at the top of their profile.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with [`DomainError::NotPinnable`] for another's status and for a direct one, or with
    /// [`DomainError::TooManyPins`]; [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn pin(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        if status.author != actor || status.visibility == Visibility::Direct {
            return Err(DomainError::NotPinnable.into());
        }
        if self.repository.pin(actor, status.id, self.clock.now()).map_err(gone)? {
            Ok(status)
        } else {
            Err(DomainError::TooManyPins.into())
        }
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unpin(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        self.repository.unpin(actor, status.id)?;
        Ok(status)
    }

    /// Ends the actor's notifications of the thread of a status.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn mute(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        let muted = self.repository.mute_conversation(actor, status.conversation, status.id);
        muted.map_err(|error| match error {
            RepositoryError::MissingReference => ServiceError::Unauthenticated,
            RepositoryError::Taken
            | RepositoryError::KeyReused
            | RepositoryError::IdTaken
            | RepositoryError::Unavailable(_)
            | RepositoryError::Backend(_) => error.into(),
        })?;
        Ok(status)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unmute(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let status = self.sight.find(Some(actor), id)?;
        self.repository.unmute_conversation(actor, status.conversation, status.id)?;
        Ok(status)
    }
}

/// A status that was deleted since it was found is not found.
fn gone(error: RepositoryError) -> ServiceError {
    match error {
        RepositoryError::MissingReference => ServiceError::StatusNotFound,
        RepositoryError::Taken
        | RepositoryError::KeyReused
        | RepositoryError::IdTaken
        | RepositoryError::Unavailable(_)
        | RepositoryError::Backend(_) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use miniter_domain::{Circle, MockCircleRepository, MockReactionRepository, MockStatusRepository};

    use super::*;
    use crate::accounts::tests::FixedClock;

    const SONG: UserId = UserId::new(1);
    const KIM: UserId = UserId::new(2);

    /// Kim's status with this visibility (10), and a boost of it by Kim (11). Song follows nobody.
    fn reactions(reactions: MockReactionRepository, visibility: Visibility) -> Reactions {
        let mut statuses = MockStatusRepository::new();
        statuses.expect_find_many().returning(move |ids| {
            let status = |id: StatusId| {
                let plain = Status::plain(id, KIM, "text".into(), DateTime::UNIX_EPOCH);
                let reblog_of = (id.get() == 11).then(|| StatusId::new(10));
                Arc::new(Status { visibility, reblog_of, ..plain })
            };
            Ok(ids.iter().filter(|id| [10, 11].contains(&id.get())).map(|id| status(*id)).collect())
        });
        let mut circles = MockCircleRepository::new();
        circles.expect_find().returning(|user| Ok(Arc::new(Circle::new(user))));
        let clock = Arc::new(FixedClock::at(1_000));
        Reactions::new(Arc::new(reactions), Arc::new(statuses), Arc::new(circles), clock)
    }

    #[test]
    fn what_is_done_to_a_boost_is_done_to_its_original() {
        let original = StatusId::new(10);
        let mut repository = MockReactionRepository::new();
        repository
            .expect_favourite()
            .withf(move |_, id, _| *id == original)
            .times(2)
            .returning(|_, _, _| Ok(()));
        repository.expect_unfavourite().withf(move |_, id| *id == original).times(2).returning(|_, _| Ok(()));
        repository.expect_mute_conversation().times(2).returning(|_, _, _| Ok(()));
        let reactions = reactions(repository, Visibility::Public);
        for id in [10, 11].map(StatusId::new) {
            assert_eq!(reactions.favourite(SONG, id).unwrap().id, original);
            assert_eq!(reactions.unfavourite(SONG, id).unwrap().id, original);
            assert_eq!(reactions.mute(SONG, id).unwrap().id, original);
        }
    }

    #[test]
    fn what_one_may_not_see_is_not_found_but_is_taken_back() {
        let mut repository = MockReactionRepository::new();
        repository.expect_unfavourite().times(1).returning(|_, _| Ok(()));
        repository.expect_unbookmark().times(1).returning(|_, _| Ok(()));
        let reactions = reactions(repository, Visibility::Private);
        let id = StatusId::new(10);
        for refused in [
            reactions.favourite(SONG, id),
            reactions.unfavourite(SONG, id),
            reactions.bookmark(SONG, id),
            reactions.unbookmark(SONG, id),
            reactions.mute(SONG, id),
            reactions.unmute(SONG, id),
            reactions.pin(SONG, id),
            reactions.favourite(SONG, StatusId::new(77)),
        ] {
            assert!(matches!(refused, Err(ServiceError::StatusNotFound)), "{refused:?}");
        }
    }

    #[test]
    fn only_own_statuses_that_are_not_direct_are_pinned_and_only_a_few() {
        let pin = |actor, visibility, has_room: bool| {
            let mut repository = MockReactionRepository::new();
            repository.expect_pin().returning(move |_, _, _| Ok(has_room));
            reactions(repository, visibility).pin(actor, StatusId::new(10))
        };
        let refused = |outcome| match outcome {
            Err(ServiceError::Invalid(error)) => Some(error),
            _ => None,
        };
        assert!(pin(KIM, Visibility::Private, true).is_ok());
        assert_eq!(refused(pin(SONG, Visibility::Public, true)), Some(DomainError::NotPinnable));
        assert_eq!(refused(pin(KIM, Visibility::Direct, true)), Some(DomainError::NotPinnable));
        assert_eq!(refused(pin(KIM, Visibility::Public, false)), Some(DomainError::TooManyPins));
    }
}
