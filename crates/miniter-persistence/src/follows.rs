//! Who follows whom, in the database.

use std::sync::Arc;

use diesel::prelude::*;
use miniter_domain::{Follow, FollowRepository, Progress, RepositoryError};

use crate::backend::Backend;
use crate::rows::NewFollowRow;
use crate::schema::users_follow_list;
use crate::store::Store;
#[cfg(feature = "mysql")]
use crate::timelines::mysql::{self, repair};

impl FollowRepository for Store {
    fn create(&self, follow: Follow) -> Result<(), RepositoryError> {
        match &self.backend {
            Backend::Sqlite(file) => {
                let row = NewFollowRow::of(follow);
                let index = Arc::clone(file.index());
                let created = file.write_then(
                    move |connection| {
                        diesel::insert_into(users_follow_list::table).values(row).execute(connection)
                    },
                    move |_| index.forget(follow.follower().get()),
                );
                match created {
                    // They follow already.
                    Ok(_) | Err(RepositoryError::Duplicate) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => database.pool.write(|connection| mysql::follow(connection, follow)),
        }
    }

    fn delete(&self, follow: Follow) -> Result<bool, RepositoryError> {
        match &self.backend {
            Backend::Sqlite(file) => {
                let index = Arc::clone(file.index());
                file.write_then(
                    move |connection| {
                        let key = (follow.follower().get(), follow.followee().get());
                        diesel::delete(users_follow_list::table.find(key)).execute(connection)
                    },
                    move |_| index.forget(follow.follower().get()),
                )
                .map(|deleted| deleted > 0)
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => database.pool.write(|connection| mysql::unfollow(connection, follow)),
        }
    }

    #[cfg_attr(
        not(feature = "mysql"),
        expect(unused_variables, reason = "on SQLite nothing is to be settled")
    )]
    fn settle(&self, follow: Follow) -> Result<Progress, RepositoryError> {
        match &self.backend {
            // Nothing is left to be done: the follower's timeline is filled anew when they read.
            Backend::Sqlite(_) => Ok(Progress::Done),
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => {
                repair::settle(&database.pool, follow.follower().get(), follow.followee().get())
            }
        }
    }
}
