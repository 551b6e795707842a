//! Circles from the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamp};
use miniter_domain::{Circle, UserId};

use crate::backend::prepared::prepared;

/// Where circles are read from.
pub(crate) trait CircleQuery {
    /// The circle of a user; an empty one if there is no such user.
    fn circle(&mut self, user: i64) -> QueryResult<Circle>;
}

/// One statement, so that all of it is of one moment.
const CIRCLE: &str = "SELECT 0, follow_user_id, show_reblogs, NULL FROM users_follow_list WHERE user_id = ? \
    UNION ALL SELECT 1, target_id, 0, NULL FROM blocks WHERE user_id = ? \
    UNION ALL SELECT 1, user_id, 0, NULL FROM blocks WHERE target_id = ? \
    UNION ALL SELECT 2, target_id, 0, expires_at FROM mutes WHERE user_id = ?";

/// What an account is, its number, whether its boosts are wanted, until when it is muted.
type Row = (i64, i64, i64, Option<NaiveDateTime>);

macro_rules! query_circles {
    ($connection:ty) => {
        impl CircleQuery for $connection {
            fn circle(&mut self, user: i64) -> QueryResult<Circle> {
                let rows: Vec<Row> =
                    prepared::<4, (BigInt, BigInt, BigInt, Nullable<Timestamp>)>(CIRCLE, [user; 4])
                        .load(self)?;
                Ok(circle(user, rows))
            }
        }
    };
}

query_circles!(SqliteConnection);
#[cfg(feature = "mysql")]
query_circles!(MysqlConnection);

fn circle(user: i64, rows: Vec<Row>) -> Circle {
    let mut circle = Circle::new(UserId::new(user));
    for (kind, account, shows_reblogs, until) in rows {
        let account = UserId::new(account);
        match kind {
            0 => {
                circle.followees.insert(account);
                if shows_reblogs == 0 {
                    circle.without_reblogs.insert(account);
                }
            }
            1 => {
                circle.blocked.insert(account);
            }
            _ => {
                circle.muted.insert(account, until.map(|until| until.and_utc()));
            }
        }
    }
    circle
}
