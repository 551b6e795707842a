//! Counts of accounts and statuses, kept exact by each write that changes them. No page needs a COUNT.

use chrono::NaiveDateTime;
use diesel::QueryResult;
#[cfg(feature = "mysql")]
use diesel::mysql::MysqlConnection;
use diesel::sqlite::SqliteConnection;

use crate::backend::portable::{Portable, params};
use crate::backend::prepared::list;
use crate::feed::Event;

/// The statuses of an account that are published with one commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewStatuses {
    pub(crate) author: i64,
    pub(crate) count: i64,
    /// When the last one was published.
    pub(crate) last: NaiveDateTime,
}

/// Counts of statuses, as each database counts many with the fewest statements.
pub(crate) trait Counting: Portable {
    /// Counts new statuses of accounts, of which each is there once.
    fn count_statuses(&mut self, new: &[NewStatuses]) -> QueryResult<()>;
}

impl Counting for SqliteConnection {
    fn count_statuses(&mut self, new: &[NewStatuses]) -> QueryResult<()> {
        const COUNT: &str = "INSERT INTO account_stats (user_id, statuses_count, last_status_at) VALUES (?, ?, ?) \
            ON CONFLICT (user_id) DO UPDATE SET statuses_count = statuses_count + excluded.statuses_count, \
            last_status_at = MAX(COALESCE(last_status_at, excluded.last_status_at), excluded.last_status_at)";
        for NewStatuses { author, count, last } in new {
            self.run(COUNT, params![*author, *count, *last])?;
        }
        Ok(())
    }
}

#[cfg(feature = "mysql")]
impl Counting for MysqlConnection {
    fn count_statuses(&mut self, new: &[NewStatuses]) -> QueryResult<()> {
        const INSERT: &str = "INSERT INTO account_stats (user_id, statuses_count, last_status_at) VALUES ";
        const ADD: &str = " ON DUPLICATE KEY UPDATE statuses_count = statuses_count + VALUES(statuses_count), \
            last_status_at = GREATEST(COALESCE(last_status_at, VALUES(last_status_at)), VALUES(last_status_at))";
        let row = |NewStatuses { author, count, last }: &NewStatuses| {
            format!("({author}, {count}, '{}')", last.format("%Y-%m-%d %H:%M:%S%.6f"))
        };
        let sql = match new {
            [] => return Ok(()),
            // A statement that stays prepared.
            [NewStatuses { author, count, last }] => {
                let sql = format!("{INSERT}(?, ?, ?){ADD}");
                return self.run(&sql, params![*author, *count, *last]).map(drop);
            }
            new => format!("{INSERT}{}{ADD}", new.iter().map(row).collect::<Vec<_>>().join(", ")),
        };
        self.run_once(&sql, &[]).map(drop)
    }
}

/// Counts that accounts have each so many statuses less.
pub(crate) fn discount_statuses<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    authors: &[i64],
    count: i64,
) -> QueryResult<()> {
    if authors.is_empty() {
        return Ok(());
    }
    // Other SQL may have written statuses that were never counted.
    let sql = format!(
        "UPDATE account_stats SET statuses_count = CASE WHEN statuses_count > ? THEN statuses_count - ? ELSE 0 END \
         WHERE user_id IN ({})",
        list(authors)
    );
    connection.run_once(&sql, params![count, count])?;
    events.extend(authors.iter().map(|author| Event::AccountChanged { user: *author }));
    Ok(())
}

/// A count of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusCount {
    Replies,
    Reblogs,
    Favourites,
}

impl StatusCount {
    /// The statements that add to it, make the row with it, and take one away.
    const fn statements(self) -> [&'static str; 3] {
        match self {
            Self::Replies => [
                "UPDATE status_stats SET replies_count = replies_count + 1 WHERE status_id = ?",
                "INSERT INTO status_stats (status_id, replies_count) VALUES (?, 1)",
                "UPDATE status_stats SET replies_count = replies_count - 1 WHERE status_id = ? AND replies_count > 0",
            ],
            Self::Reblogs => [
                "UPDATE status_stats SET reblogs_count = reblogs_count + 1 WHERE status_id = ?",
                "INSERT INTO status_stats (status_id, reblogs_count) VALUES (?, 1)",
                "UPDATE status_stats SET reblogs_count = reblogs_count - 1 WHERE status_id = ? AND reblogs_count > 0",
            ],
            Self::Favourites => [
                "UPDATE status_stats SET favourites_count = favourites_count + 1 WHERE status_id = ?",
                "INSERT INTO status_stats (status_id, favourites_count) VALUES (?, 1)",
                "UPDATE status_stats SET favourites_count = favourites_count - 1 WHERE status_id = ? AND favourites_count > 0",
            ],
        }
    }

    /// Counts one more.
    pub(crate) fn add<C: Portable>(
        self,
        connection: &mut C,
        events: &mut Vec<Event>,
        author: i64,
        status: i64,
    ) -> QueryResult<()> {
        let [update, insert, _] = self.statements();
        if connection.run(update, params![status])? == 0 {
            connection.run(insert, params![status])?;
        }
        events.push(Event::StatusChanged { author, status });
        Ok(())
    }

    /// Counts one less.
    pub(crate) fn subtract<C: Portable>(
        self,
        connection: &mut C,
        events: &mut Vec<Event>,
        author: i64,
        status: i64,
    ) -> QueryResult<()> {
        let [_, _, subtract] = self.statements();
        connection.run(subtract, params![status])?;
        events.push(Event::StatusChanged { author, status });
        Ok(())
    }
}

/// How many accounts one statement counts.
const ACCOUNTS_AT_ONCE: usize = 500;

/// Counts a follow.
pub(crate) fn count_follow<C: Portable>(connection: &mut C, follower: i64, followee: i64) -> QueryResult<()> {
    for (account, update, insert) in [
        (
            follower,
            "UPDATE account_stats SET following_count = following_count + 1 WHERE user_id = ?",
            "INSERT INTO account_stats (user_id, following_count) VALUES (?, 1)",
        ),
        (
            followee,
            "UPDATE account_stats SET followers_count = followers_count + 1 WHERE user_id = ?",
            "INSERT INTO account_stats (user_id, followers_count) VALUES (?, 1)",
        ),
    ] {
        if connection.run(update, params![account])? == 0 {
            connection.run(insert, params![account])?;
        }
    }
    Ok(())
}

/// Counts a follow no more. Other SQL may have made one that was never counted.
pub(crate) fn discount_follow<C: Portable>(
    connection: &mut C,
    follower: i64,
    followee: i64,
) -> QueryResult<()> {
    const FOLLOWING: &str = "UPDATE account_stats SET following_count = following_count - 1 \
        WHERE user_id = ? AND following_count > 0";
    const FOLLOWERS: &str = "UPDATE account_stats SET followers_count = followers_count - 1 \
        WHERE user_id = ? AND followers_count > 0";
    connection.run(FOLLOWING, params![follower])?;
    connection.run(FOLLOWERS, params![followee]).map(drop)
}

/// Takes an account that is about to be deleted out of the counts of its followers and followees.
pub(crate) fn discount_follows_of<C: Portable>(connection: &mut C, account: i64) -> QueryResult<()> {
    let followers = "SELECT user_id FROM users_follow_list WHERE follow_user_id = ?";
    for followers in connection.numbers(followers, params![account])?.chunks(ACCOUNTS_AT_ONCE) {
        let sql = format!(
            "UPDATE account_stats SET following_count = following_count - 1 \
             WHERE following_count > 0 AND user_id IN ({})",
            list(followers)
        );
        connection.run_once(&sql, &[])?;
    }
    let followees = "SELECT follow_user_id FROM users_follow_list WHERE user_id = ?";
    for followees in connection.numbers(followees, params![account])?.chunks(ACCOUNTS_AT_ONCE) {
        let sql = format!(
            "UPDATE account_stats SET followers_count = followers_count - 1 \
             WHERE followers_count > 0 AND user_id IN ({})",
            list(followees)
        );
        connection.run_once(&sql, &[])?;
    }
    Ok(())
}
