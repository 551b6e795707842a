//! What accounts are to a user, in the database.

use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use miniter_domain::{Circle, CircleRepository, RepositoryError, UserId};

use crate::database::read;
use crate::schema::{blocks, mutes, users_follow_list};
use crate::store::Store;

impl CircleRepository for Store {
    fn cached(&self, _user: UserId) -> Option<Arc<Circle>> {
        None
    }

    fn find(&self, user: UserId) -> Result<Arc<Circle>, RepositoryError> {
        let number = user.get();
        let mut circle = Circle::new(user);
        let follows: Vec<(i64, bool)> = read!(self, |connection| {
            users_follow_list::table
                .filter(users_follow_list::user_id.eq(number))
                .select((users_follow_list::follow_user_id, users_follow_list::show_reblogs))
                .load(connection)
        })?;
        let blocked: Vec<(i64, i64)> = read!(self, |connection| {
            blocks::table
                .filter(blocks::user_id.eq(number).or(blocks::target_id.eq(number)))
                .select((blocks::user_id, blocks::target_id))
                .load(connection)
        })?;
        let muted: Vec<(i64, Option<NaiveDateTime>)> = read!(self, |connection| {
            mutes::table
                .filter(mutes::user_id.eq(number))
                .select((mutes::target_id, mutes::expires_at))
                .load(connection)
        })?;
        for (followee, show_reblogs) in follows {
            circle.followees.insert(UserId::new(followee));
            if !show_reblogs {
                circle.without_reblogs.insert(UserId::new(followee));
            }
        }
        circle.blocked.extend(
            blocked.into_iter().map(|(by, target)| UserId::new(if by == number { target } else { by })),
        );
        circle.muted.extend(
            muted
                .into_iter()
                .map(|(target, until)| (UserId::new(target), until.map(|until| until.and_utc()))),
        );
        Ok(Arc::new(circle))
    }
}
