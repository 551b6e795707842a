//! Who follows whom, in the database.

use std::sync::Arc;

use diesel::prelude::*;
use miniter_domain::{Follow, FollowRepository, RepositoryError};

use crate::backend::Backend;
use crate::rows::NewFollowRow;
use crate::schema::users_follow_list;
use crate::store::Store;

impl FollowRepository for Store {
    fn create(&self, follow: Follow) -> Result<(), RepositoryError> {
        let row = NewFollowRow { user_id: follow.follower().get(), follow_user_id: follow.followee().get() };
        let created = match &self.backend {
            Backend::Sqlite(file) => {
                let index = Arc::clone(file.index());
                let follower = row.user_id;
                file.write_then(
                    move |connection| {
                        diesel::insert_into(users_follow_list::table).values(row).execute(connection)
                    },
                    move |_| index.forget(follower),
                )
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(pool) => pool.write(|connection| {
                diesel::insert_into(users_follow_list::table).values(&row).execute(connection)
            }),
        };
        match created {
            // They follow already. (MySQL's INSERT IGNORE would swallow a missing user as well.)
            Ok(_) | Err(RepositoryError::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError> {
        let key = (follow.follower().get(), follow.followee().get());
        let deleted = match &self.backend {
            Backend::Sqlite(file) => {
                let index = Arc::clone(file.index());
                file.write_then(
                    move |connection| diesel::delete(users_follow_list::table.find(key)).execute(connection),
                    move |_| index.forget(key.0),
                )
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(pool) => pool
                .write(|connection| diesel::delete(users_follow_list::table.find(key)).execute(connection)),
        };
        deleted.map(|deleted| deleted > 0)
    }
}
