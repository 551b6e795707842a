//! Who reads whom.

use chrono::{DateTime, Utc};

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

/// A follow that is asked for, or a change of what the follower wants of the followee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewFollow {
    /// Who follows whom.
    pub follow: Follow,
    /// Whether the followee's boosts are wanted. `None`: as before, at first they are.
    pub show_reblogs: Option<bool>,
    /// Whether the follower is notified of each status. `None`: as before, at first not.
    pub notify: Option<bool>,
    /// When it is asked for.
    pub created_at: DateTime<Utc>,
}

impl NewFollow {
    /// A follow without particular wishes.
    #[must_use]
    pub const fn plain(follow: Follow, created_at: DateTime<Utc>) -> Self {
        Self { follow, show_reblogs: None, notify: None, created_at }
    }
}

/// What became of a follow that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowOutcome {
    /// The follower follows.
    Following,
    /// The followee is asked, and will decide.
    Requested,
    /// One of the two has blocked the other. Nothing was written.
    Blocked,
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
