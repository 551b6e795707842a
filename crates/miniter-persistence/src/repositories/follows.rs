//! Who follows whom, in the database.

use diesel::prelude::*;
use miniter_domain::{Follow, FollowRepository, RepositoryError};

use crate::database::write;
use crate::feed::Event;
use crate::rows::NewFollowRow;
use crate::schema::users_follow_list;
use crate::store::Store;

impl FollowRepository for Store {
    fn create(&self, follow: Follow) -> Result<(), RepositoryError> {
        let (follower, followee) = (follow.follower().get(), follow.followee().get());
        let created = write!(self, |connection, events| {
            diesel::insert_into(users_follow_list::table)
                .values(NewFollowRow::of(follow))
                .execute(connection)?;
            events.push(Event::Followed { follower, followee });
            Ok(())
        });
        match created {
            // They follow already.
            Err(RepositoryError::Taken) => Ok(()),
            created => created,
        }
    }

    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError> {
        let (follower, followee) = (follow.follower().get(), follow.followee().get());
        write!(self, |connection, events| {
            let row = users_follow_list::table.find((follower, followee));
            let deleted = diesel::delete(row).execute(connection)?;
            if deleted > 0 {
                events.push(Event::Unfollowed { follower, followee });
            }
            Ok(deleted > 0)
        })
    }
}
