//! Who follows whom, in the database.

use chrono::{DateTime, Utc};
use miniter_domain::{Follow, FollowOutcome, FollowRepository, NewFollow, RepositoryError};

use crate::database::write;
use crate::relationships;
use crate::store::Store;

impl FollowRepository for Store {
    fn create(&self, follow: &NewFollow) -> Result<FollowOutcome, RepositoryError> {
        let follow = *follow;
        write!(self, |connection, events| relationships::follow(connection, events, &follow))
    }

    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError> {
        let (follower, followee) = (follow.follower().get(), follow.followee().get());
        write!(self, |connection, events| {
            let was_following = relationships::end_follow(connection, events, follower, followee)?;
            let was_requested = relationships::end_request(connection, follower, followee)?;
            Ok(was_following || was_requested)
        })
    }

    fn authorize(&self, request: Follow, now: DateTime<Utc>) -> Result<bool, RepositoryError> {
        let (follower, followee) = (request.follower().get(), request.followee().get());
        let at = now.naive_utc();
        write!(self, |connection, events| {
            relationships::authorize(connection, events, follower, followee, at)
        })
    }

    fn reject(&self, request: Follow) -> Result<bool, RepositoryError> {
        let (follower, followee) = (request.follower().get(), request.followee().get());
        write!(self, |connection, _events| relationships::end_request(connection, follower, followee))
    }
}
