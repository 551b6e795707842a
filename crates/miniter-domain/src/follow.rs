//! Who reads whom.

use crate::{DomainError, UserId};

/// One user's following another: never oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Follow {
    follower: UserId,
    followee: UserId,
}

impl Follow {
    /// `follower` reads the tweets of `followee`.
    ///
    /// # Errors
    /// [`DomainError::FollowSelf`] if they are the same user.
    pub fn new(follower: UserId, followee: UserId) -> Result<Self, DomainError> {
        if follower == followee { Err(DomainError::FollowSelf) } else { Ok(Self { follower, followee }) }
    }

    /// Who reads.
    #[must_use]
    pub fn follower(self) -> UserId {
        self.follower
    }

    /// Who is read.
    #[must_use]
    pub fn followee(self) -> UserId {
        self.followee
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_follow_themselves() {
        let (song, kim) = (UserId::new(1), UserId::new(2));
        assert_eq!(Follow::new(song, song), Err(DomainError::FollowSelf));
        let follow = Follow::new(song, kim).unwrap();
        assert_eq!((follow.follower(), follow.followee()), (song, kim));
    }
}
