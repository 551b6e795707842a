//! How much there is.

use chrono::{DateTime, Utc};
use diesel::dsl::count;
use diesel::prelude::*;
use miniter_domain::{RepositoryError, Statistics, StatisticsRepository, StatusId};

use crate::database::read;
use crate::schema::{tweets, users};
use crate::store::Store;

impl StatisticsRepository for Store {
    fn count(&self, active_since: DateTime<Utc>) -> Result<Statistics, RepositoryError> {
        // Ids sort by time, and have an index.
        let oldest = StatusId::next(active_since, StatusId::new(0)).get();
        let (users, active_users, statuses): (i64, i64, i64) = read!(self, |connection| {
            let users = users::table.count().get_result(connection)?;
            let active_users = tweets::table
                .filter(tweets::id.ge(oldest))
                .select(count(tweets::user_id).aggregate_distinct())
                .first(connection)?;
            let statuses = tweets::table.count().get_result(connection)?;
            Ok((users, active_users, statuses))
        })?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Statistics { users: count(users), active_users: count(active_users), statuses: count(statuses) })
    }
}
