//! Who follows whom, in the database.

use diesel::prelude::*;
use miniter_domain::{Follow, FollowRepository, RepositoryError};

use crate::backend::write;
use crate::rows::NewFollowRow;
use crate::schema::users_follow_list;
use crate::store::Store;

impl FollowRepository for Store {
    fn create(&self, follow: Follow) -> Result<(), RepositoryError> {
        let row = NewFollowRow { user_id: follow.follower().get(), follow_user_id: follow.followee().get() };
        match write!(self, |connection| {
            diesel::insert_into(users_follow_list::table).values(&row).execute(connection)
        }) {
            // They follow already. (MySQL's INSERT IGNORE would swallow a missing user as well.)
            Ok(_) | Err(RepositoryError::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError> {
        let key = (follow.follower().get(), follow.followee().get());
        write!(self, |connection| diesel::delete(users_follow_list::table.find(key)).execute(connection))
            .map(|deleted| deleted > 0)
    }
}
