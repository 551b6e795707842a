//! Following and unfollowing.

use std::sync::Arc;

use miniter_domain::{
    Clock, DomainError, Follow, FollowOutcome, FollowRepository, NewFollow, RepositoryError, UserId,
    UserRepository,
};

use crate::error::ServiceError;

/// What a follower wants of a followee. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowWishes {
    /// Whether the followee's boosts are in the follower's home timeline. At first they are.
    pub show_reblogs: Option<bool>,
    /// Whether the follower is notified of each status of the followee. At first not.
    pub notify: Option<bool>,
}

/// The use cases around follows.
pub struct Follows {
    repository: Arc<dyn FollowRepository>,
    users: Arc<dyn UserRepository>,
    clock: Arc<dyn Clock>,
}

impl Follows {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        repository: Arc<dyn FollowRepository>,
        users: Arc<dyn UserRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { repository, users, clock }
    }

    /// `actor` follows `followee` from now on, or asks to if that account decides who follows it. If they did before, only what they
    /// want changes.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for oneself, [`ServiceError::Unauthenticated`] or [`ServiceError::UserNotFound`] if
    /// one of them does not exist, [`ServiceError::Blocked`], and the general `Unavailable` and `Internal`.
    pub fn follow(&self, actor: UserId, followee: UserId, wishes: FollowWishes) -> Result<(), ServiceError> {
        let Ok(follow) = Follow::new(actor, followee) else {
            self.require(actor, ServiceError::Unauthenticated)?;
            return Err(DomainError::FollowSelf.into());
        };
        let FollowWishes { show_reblogs, notify } = wishes;
        match self.repository.create(&NewFollow {
            follow,
            show_reblogs,
            notify,
            created_at: self.clock.now(),
        }) {
            Err(RepositoryError::MissingReference) => {
                self.require(actor, ServiceError::Unauthenticated)?;
                Err(ServiceError::UserNotFound)
            }
            outcome => match outcome? {
                FollowOutcome::Following | FollowOutcome::Requested => Ok(()),
                FollowOutcome::Blocked => Err(ServiceError::Blocked),
            },
        }
    }

    /// `actor` does not follow `followee` any more, and does not ask to; nothing changes if they did not.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] or [`ServiceError::UserNotFound`] if one of them does not exist, and the
    /// general `Unavailable` and `Internal`.
    pub fn unfollow(&self, actor: UserId, followee: UserId) -> Result<(), ServiceError> {
        // A follow that stood speaks for both of its users. Users never follow themselves.
        if let Ok(follow) = Follow::new(actor, followee)
            && self.repository.delete(follow)?
        {
            return Ok(());
        }
        self.require(actor, ServiceError::Unauthenticated)?;
        self.require(followee, ServiceError::UserNotFound)
    }

    /// `follower` does not follow `actor` any more; nothing changes if they did not.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`] if there is no such follower, and the general `Unavailable` and `Internal`.
    pub fn remove_follower(&self, actor: UserId, follower: UserId) -> Result<(), ServiceError> {
        if let Ok(follow) = Follow::new(follower, actor)
            && self.repository.delete(follow)?
        {
            return Ok(());
        }
        self.require(follower, ServiceError::UserNotFound)
    }

    /// `follower`, who has asked to follow `actor`, follows them from now on.
    ///
    /// # Errors
    /// [`ServiceError::RequestNotFound`], and the general `Unavailable` and `Internal`.
    pub fn authorize(&self, actor: UserId, follower: UserId) -> Result<(), ServiceError> {
        let request = Follow::new(follower, actor).map_err(|_| ServiceError::RequestNotFound)?;
        let was_there = self.repository.authorize(request, self.clock.now())?;
        if was_there { Ok(()) } else { Err(ServiceError::RequestNotFound) }
    }

    /// `follower`, who has asked to follow `actor`, is refused.
    ///
    /// # Errors
    /// [`ServiceError::RequestNotFound`], and the general `Unavailable` and `Internal`.
    pub fn reject(&self, actor: UserId, follower: UserId) -> Result<(), ServiceError> {
        let request = Follow::new(follower, actor).map_err(|_| ServiceError::RequestNotFound)?;
        if self.repository.reject(request)? { Ok(()) } else { Err(ServiceError::RequestNotFound) }
    }

    fn require(&self, user: UserId, missing: ServiceError) -> Result<(), ServiceError> {
        if self.users.exists(user)? { Ok(()) } else { Err(missing) }
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{MockFollowRepository, MockUserRepository};

    use super::*;
    use crate::accounts::tests::FixedClock;

    const SONG: UserId = UserId::new(1);
    const KIM: UserId = UserId::new(2);
    const NOBODY: UserId = UserId::new(3);

    fn users() -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_exists().returning(|user| Ok(user != NOBODY));
        users
    }

    fn follows(repository: MockFollowRepository) -> Follows {
        Follows::new(Arc::new(repository), Arc::new(users()), Arc::new(FixedClock::at(1_000)))
    }

    #[test]
    fn following_stores_who_reads_whom() {
        let mut repository = MockFollowRepository::new();
        repository
            .expect_create()
            .withf(|new| {
                (new.follow.follower(), new.follow.followee()) == (SONG, KIM)
                    && (new.show_reblogs, new.notify) == (Some(false), None)
                    && new.created_at.timestamp() == 1_000
            })
            .times(1)
            .returning(|_| Ok(FollowOutcome::Following));
        let wishes = FollowWishes { show_reblogs: Some(false), notify: None };
        follows(repository).follow(SONG, KIM, wishes).unwrap();
    }

    #[test]
    fn nobody_can_follow_themselves() {
        let refused = follows(MockFollowRepository::new()).follow(SONG, SONG, FollowWishes::default());
        assert!(matches!(refused, Err(ServiceError::Invalid(DomainError::FollowSelf))));
    }

    #[test]
    fn a_missing_follower_is_unauthenticated_and_a_missing_followee_not_found() {
        let refuse = |actor, followee| {
            let mut repository = MockFollowRepository::new();
            repository.expect_create().returning(|_| Err(RepositoryError::MissingReference));
            repository.expect_delete().returning(|_| Ok(false));
            let follows = follows(repository);
            let followed = follows.follow(actor, followee, FollowWishes::default());
            (followed.unwrap_err(), follows.unfollow(actor, followee).unwrap_err())
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
        let follows = Follows { users: Arc::new(MockUserRepository::new()), ..follows(repository) };
        follows.unfollow(SONG, KIM).unwrap();
    }

    #[test]
    fn a_request_is_a_success_and_a_block_a_refusal() {
        for (outcome, is_refused) in [(FollowOutcome::Requested, false), (FollowOutcome::Blocked, true)] {
            let mut repository = MockFollowRepository::new();
            repository.expect_create().returning(move |_| Ok(outcome));
            let followed = follows(repository).follow(SONG, KIM, FollowWishes::default());
            assert_eq!(matches!(followed, Err(ServiceError::Blocked)), is_refused, "{followed:?}");
        }
    }

    #[test]
    fn only_a_request_that_there_is_can_be_decided_on() {
        let mut repository = MockFollowRepository::new();
        let is_there = |request: Follow| (request.follower(), request.followee()) == (KIM, SONG);
        repository.expect_authorize().returning(move |request, _| Ok(is_there(request)));
        repository.expect_reject().returning(move |request| Ok(is_there(request)));
        let follows = follows(repository);
        follows.authorize(SONG, KIM).unwrap();
        follows.reject(SONG, KIM).unwrap();
        for other in [SONG, NOBODY] {
            assert!(matches!(follows.authorize(SONG, other), Err(ServiceError::RequestNotFound)));
            assert!(matches!(follows.reject(SONG, other), Err(ServiceError::RequestNotFound)));
        }
    }
}
