//! Following and unfollowing.

use std::sync::Arc;

use miniter_domain::{DomainError, Follow, FollowRepository, RepositoryError, UserId, UserRepository};

use crate::error::ServiceError;

/// The use cases around follows.
pub struct Follows {
    follows: Arc<dyn FollowRepository>,
    users: Arc<dyn UserRepository>,
}

impl Follows {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(follows: Arc<dyn FollowRepository>, users: Arc<dyn UserRepository>) -> Self {
        Self { follows, users }
    }

    /// `actor` follows `followee` from now on; nothing changes if they did before.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for oneself, [`ServiceError::Unauthenticated`] or [`ServiceError::UserNotFound`] if
    /// one of them does not exist, and the general `Unavailable` and `Internal`.
    pub fn follow(&self, actor: UserId, followee: UserId) -> Result<(), ServiceError> {
        let Ok(follow) = Follow::new(actor, followee) else {
            self.require(actor, ServiceError::Unauthenticated)?;
            return Err(DomainError::FollowSelf.into());
        };
        match self.follows.create(follow) {
            Err(RepositoryError::MissingReference) => {
                self.require(actor, ServiceError::Unauthenticated)?;
                Err(ServiceError::UserNotFound)
            }
            created => Ok(created?),
        }
    }

    /// `actor` does not follow `followee` any more; nothing changes if they did not.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] or [`ServiceError::UserNotFound`] if one of them does not exist, and the
    /// general `Unavailable` and `Internal`.
    pub fn unfollow(&self, actor: UserId, followee: UserId) -> Result<(), ServiceError> {
        // A follow that stood speaks for both of its users. Users never follow themselves.
        if let Ok(follow) = Follow::new(actor, followee)
            && self.follows.delete(follow)?
        {
            return Ok(());
        }
        self.require(actor, ServiceError::Unauthenticated)?;
        self.require(followee, ServiceError::UserNotFound)
    }

    fn require(&self, user: UserId, missing: ServiceError) -> Result<(), ServiceError> {
        if self.users.exists(user)? { Ok(()) } else { Err(missing) }
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{MockFollowRepository, MockUserRepository};

    use super::*;

    const SONG: UserId = UserId::new(1);
    const KIM: UserId = UserId::new(2);
    const NOBODY: UserId = UserId::new(3);

    fn users() -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_exists().returning(|user| Ok(user != NOBODY));
        users
    }

    fn follows(repository: MockFollowRepository) -> Follows {
        Follows::new(Arc::new(repository), Arc::new(users()))
    }

    #[test]
    fn following_stores_who_reads_whom() {
        let mut repository = MockFollowRepository::new();
        repository
            .expect_create()
            .withf(|follow| (follow.follower(), follow.followee()) == (SONG, KIM))
            .times(1)
            .returning(|_| Ok(()));
        follows(repository).follow(SONG, KIM).unwrap();
    }

    #[test]
    fn nobody_can_follow_themselves() {
        let refused = follows(MockFollowRepository::new()).follow(SONG, SONG);
        assert!(matches!(refused, Err(ServiceError::Invalid(DomainError::FollowSelf))));
    }

    #[test]
    fn a_missing_follower_is_unauthenticated_and_a_missing_followee_not_found() {
        let refuse = |actor, followee| {
            let mut repository = MockFollowRepository::new();
            repository.expect_create().returning(|_| Err(RepositoryError::MissingReference));
            repository.expect_delete().returning(|_| Ok(false));
            let follows = follows(repository);
            (follows.follow(actor, followee).unwrap_err(), follows.unfollow(actor, followee).unwrap_err())
        };
        let no_one = (ServiceError::Unauthenticated, ServiceError::Unauthenticated);
        assert_eq!(format!("{:?}", refuse(NOBODY, KIM)), format!("{no_one:?}"));
        let no_such = (ServiceError::UserNotFound, ServiceError::UserNotFound);
        assert_eq!(format!("{:?}", refuse(SONG, NOBODY)), format!("{no_such:?}"));
    }

    #[test]
    fn unfollowing_somebody_whom_one_does_not_follow_changes_nothing() {
        let mut repository = MockFollowRepository::new();
        repository.expect_delete().times(1).returning(|_| Ok(false));
        follows(repository).unfollow(SONG, KIM).unwrap();
        follows(MockFollowRepository::new()).unfollow(SONG, SONG).unwrap();
    }

    #[test]
    fn unfollowing_asks_no_more_than_the_one_question_when_there_was_a_follow() {
        let mut repository = MockFollowRepository::new();
        repository.expect_delete().times(1).returning(|_| Ok(true));
        // A mock without expectations panics at any call.
        let follows = Follows::new(Arc::new(repository), Arc::new(MockUserRepository::new()));
        follows.unfollow(SONG, KIM).unwrap();
    }
}
