//! Looking after home timelines from outside of a server: filling them, making them anew, and comparing them with what
//! they are derived from.

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use miniter_domain::RepositoryError;

use crate::backend::mysql::{Pool, Role};
use crate::backend::prepared::{execute, prepared};
use crate::error::OpenError;
use crate::timelines::mysql::keeper::list_unfilled;
use crate::timelines::mysql::repair::{self, Whole};
use crate::url::MysqlUrl;

/// The note of how far a rebuild has come stands under these numbers, which nobody has.
const REBUILD: [i64; 2] = [-1, -1];

/// How many readers are listed at a time.
const LISTED: usize = 50;

/// How many readers are filled between two reports.
const AT_ONCE: i64 = 1_000;

/// The most differences of a kind that are listed for a reader.
const MOST: i64 = 100;

/// The home timelines of a database, which servers may be using.
pub struct TimelineTables {
    pool: Pool,
}

/// A tweet that is missing in a home timeline, or stands there and should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineDifference {
    /// Whose timeline.
    pub reader: i64,
    /// The tweet.
    pub tweet: i64,
    /// Its author.
    pub author: i64,
    /// Whether it is missing; else it is one too many.
    pub is_missing: bool,
}

impl TimelineTables {
    /// Connects to a database that has been migrated.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who asked.
    pub fn open(url: &MysqlUrl) -> Result<Self, OpenError> {
        Ok(Self { pool: Pool::connect(url, 1, Role::Maintaining)? })
    }

    /// Fills the timelines that are not filled. Calls `report` with how many are done now.
    ///
    /// # Errors
    /// The general ones; another call goes on with what is left.
    pub fn fill(&self, report: &mut dyn FnMut(u64)) -> Result<(), RepositoryError> {
        let pool = &self.pool;
        let (mut above, mut done) = (i64::MIN, 0);
        loop {
            let unfilled = list_unfilled(pool, above, AT_ONCE)?;
            let mut left = &unfilled.readers[..];
            while !left.is_empty() {
                let some = repair::put_in_order(pool, left, Whole::Fill)?;
                done += u64::try_from(some).unwrap_or(0);
                left = &left[some..];
            }
            above = unfilled.readers.last().copied().unwrap_or(above);
            if done > 0 {
                report(done);
            }
            if unfilled.all_up_to.is_some() {
                return Ok(());
            }
        }
    }

    /// Puts every timeline in order, from where an earlier rebuild was interrupted. Calls `report` with how many readers are
    /// done and how many there are. Timelines stay readable meanwhile.
    ///
    /// # Errors
    /// The general ones; another call goes on with what is left.
    pub fn rebuild(&self, report: &mut dyn FnMut(u64, u64)) -> Result<(), RepositoryError> {
        let pool = &self.pool;
        let [key, _] = REBUILD;
        let resumed: Option<i64> = pool.read(|connection| {
            prepared::<1, BigInt>("SELECT below FROM home_repairs WHERE user_id = ?", [key])
                .get_result(connection)
                .optional()
        })?;
        let mut reader = resumed.unwrap_or(i64::MIN);
        let count = |from: i64| {
            pool.read(|connection| {
                prepared::<1, BigInt>("SELECT COUNT(*) FROM users WHERE id <= ?", [from])
                    .get_result::<i64>(connection)
            })
            .map(|count| u64::try_from(count).unwrap_or(0))
        };
        let total = count(i64::MAX)?;
        let mut done = count(reader)?;
        report(done, total);
        loop {
            let next = pool.read(|connection| next_readers(connection, reader))?;
            if next.is_empty() {
                break;
            }
            let some = repair::put_in_order(pool, &next, Whole::Rebuild)?;
            reader = next[some - 1];
            done += u64::try_from(some).unwrap_or(0);
            pool.write(|connection| {
                execute(
                    connection,
                    "INSERT INTO home_repairs (user_id, author_id, below) VALUES (?, ?, ?) \
                     ON DUPLICATE KEY UPDATE below = VALUES(below)",
                    [REBUILD[0], REBUILD[1], reader],
                )
            })?;
            report(done.min(total), total);
        }
        pool.write(|connection| execute(connection, "DELETE FROM home_repairs WHERE user_id = ?", [key]))?;
        Ok(())
    }

    /// Compares every timeline with tweets and follows. Calls `report` with how many readers are done and how many there
    /// are, and `found` with each difference. What is still noted to be done is none, and neither is a timeline that has yet
    /// to be filled; how many of those there are is what is returned.
    ///
    /// # Errors
    /// The general ones.
    pub fn check(
        &self,
        report: &mut dyn FnMut(u64, u64),
        found: &mut dyn FnMut(TimelineDifference),
    ) -> Result<u64, RepositoryError> {
        let pool = &self.pool;
        let total: i64 = pool.read(|connection| {
            prepared::<0, BigInt>("SELECT COUNT(*) FROM users", []).get_result(connection)
        })?;
        let total = u64::try_from(total).unwrap_or(0);
        let (mut reader, mut done, mut unfilled) = (i64::MIN, 0, 0);
        while let Some(next) = pool.read(|connection| next_reader(connection, reader))? {
            reader = next;
            let (is_unfilled, differences) = pool.read(|connection| compare(connection, reader))?;
            unfilled += u64::from(is_unfilled);
            differences.into_iter().for_each(&mut *found);
            done += 1;
            report(done.min(total), total);
        }
        Ok(unfilled)
    }
}

/// The next who is a user or, by mistake, none and still has a timeline.
fn next_reader(connection: &mut MysqlConnection, above: i64) -> QueryResult<Option<i64>> {
    prepared::<2, Nullable<BigInt>>(
        "SELECT MIN(id) FROM (SELECT MIN(id) AS id FROM users WHERE id > ? \
         UNION ALL SELECT MIN(user_id) FROM home_timelines WHERE user_id > ?) readers",
        [above, above],
    )
    .get_result(connection)
}

/// The next few of them.
fn next_readers(connection: &mut MysqlConnection, above: i64) -> QueryResult<Vec<i64>> {
    let mut readers = Vec::new();
    let mut last = above;
    while readers.len() < LISTED
        && let Some(next) = next_reader(connection, last)?
    {
        readers.push(next);
        last = next;
    }
    Ok(readers)
}

/// Each question is one statement, and so sees one moment.
fn compare(connection: &mut MysqlConnection, reader: i64) -> QueryResult<(bool, Vec<TimelineDifference>)> {
    let is_unfilled = prepared::<1, BigInt>(
        "SELECT u.id FROM users u LEFT JOIN home_readers r ON r.user_id = u.id \
         WHERE u.id = ? AND r.user_id IS NULL",
        [reader],
    )
    .get_result::<i64>(connection)
    .optional()?
    .is_some();
    if is_unfilled {
        return Ok((true, Vec::new()));
    }
    let missing: Vec<(i64, i64)> = prepared::<6, (BigInt, BigInt)>(
        "SELECT t.id, t.user_id FROM (SELECT id FROM users WHERE id = ? \
             UNION SELECT follow_user_id FROM users_follow_list WHERE user_id = ?) authors \
         JOIN tweets t ON t.user_id = authors.id \
         LEFT JOIN home_timelines h ON h.user_id = ? AND h.tweet_id = t.id AND h.author_id = t.user_id \
         LEFT JOIN home_repairs p ON p.user_id = ? AND p.author_id = t.user_id \
         WHERE h.user_id IS NULL AND p.user_id IS NULL AND EXISTS (SELECT 1 FROM users WHERE id = ?) LIMIT ?",
        [reader, reader, reader, reader, reader, MOST],
    )
    .load(connection)?;
    let surplus: Vec<(i64, i64)> = prepared::<3, (BigInt, BigInt)>(
        "SELECT h.tweet_id, h.author_id FROM home_timelines h \
         LEFT JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
         LEFT JOIN users_follow_list f ON f.user_id = h.user_id AND f.follow_user_id = h.author_id \
         LEFT JOIN home_repairs p ON p.user_id = h.user_id AND p.author_id = h.author_id \
         WHERE h.user_id = ? AND p.user_id IS NULL \
         AND (t.id IS NULL OR (f.user_id IS NULL AND h.author_id <> ?)) LIMIT ?",
        [reader, reader, MOST],
    )
    .load(connection)?;
    let difference = |is_missing: bool| {
        move |(tweet, author): (i64, i64)| TimelineDifference { reader, tweet, author, is_missing }
    };
    Ok((
        false,
        missing.into_iter().map(difference(true)).chain(surplus.into_iter().map(difference(false))).collect(),
    ))
}
