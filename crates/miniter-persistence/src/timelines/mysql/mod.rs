//! Home timelines on MySQL and MariaDB: tables that every node reads and writes.
//!
//! A tweet is put into its readers' timelines in its own transaction. A follow and an unfollow note in theirs what is to
//! be brought or taken out, and that is done in batches afterwards ([`repair`]), before they are acknowledged; whoever
//! finds the note later does it, if nobody did. A tweet and a follow in two transactions that do not see each other would
//! miss each other: so they meet at the author's row in `users`, which a tweet's foreign key locks for reading and a
//! follow for writing.

pub(crate) mod keeper;
pub(crate) mod repair;
pub(crate) mod tables;

use std::sync::{Mutex, PoisonError};

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable, Text};
use miniter_domain::{Follow, PageRequest, RepositoryError, TimelineEntry, TimelinePage, TweetId};

use crate::backend::mysql::Database;
use crate::backend::prepared::{execute, prepared};
use crate::schema::users;
use crate::timelines::recent::RecentTweets;
use crate::timelines::{Row, entry};

/// A page, newest first. Read by primary key, in order: `FORCE INDEX`, since for a short timeline the optimizer likes to
/// sort by the other index. The first two tables say that there is such a user and that their timeline is filled.
const NEWEST: &str = "SELECT h.tweet_id, h.author_id, t.tweet \
    FROM users u JOIN home_readers r ON r.user_id = u.id \
    JOIN home_timelines h FORCE INDEX (PRIMARY) ON h.user_id = u.id \
    JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
    WHERE u.id = ? AND h.tweet_id > ? AND h.tweet_id <= ? ORDER BY h.tweet_id DESC LIMIT ?";

/// The same, oldest first.
const OLDEST: &str = "SELECT h.tweet_id, h.author_id, t.tweet \
    FROM users u JOIN home_readers r ON r.user_id = u.id \
    JOIN home_timelines h FORCE INDEX (PRIMARY) ON h.user_id = u.id \
    JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
    WHERE u.id = ? AND h.tweet_id > ? AND h.tweet_id <= ? ORDER BY h.tweet_id LIMIT ?";

/// The ids of [`NEWEST`]. Read from the table's primary key alone: half the work for the server.
const NEWEST_IDS: &str = "SELECT h.tweet_id, h.author_id \
    FROM users u JOIN home_readers r ON r.user_id = u.id \
    JOIN home_timelines h FORCE INDEX (PRIMARY) ON h.user_id = u.id \
    WHERE u.id = ? AND h.tweet_id > ? AND h.tweet_id <= ? ORDER BY h.tweet_id DESC LIMIT ?";

/// Of a user: whether their timeline is filled, and whether there is anything in a range of it. Both at one moment.
const STANDING: &str = "SELECT r.user_id, EXISTS (SELECT 1 FROM home_timelines h FORCE INDEX (PRIMARY) \
        JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
        WHERE h.user_id = u.id AND h.tweet_id > ? AND h.tweet_id <= ?) \
    FROM users u LEFT JOIN home_readers r ON r.user_id = u.id WHERE u.id = ?";

/// Puts a tweet into the timelines of its author and of everyone who follows them.
const DELIVER: &str = "INSERT INTO home_timelines (user_id, tweet_id, author_id) \
    SELECT ?, ?, ? UNION ALL \
    SELECT user_id, ?, follow_user_id FROM users_follow_list WHERE follow_user_id = ? AND user_id <> ?";

/// Finds a page of a home timeline.
pub(crate) fn find_home(
    database: &Database,
    reader: i64,
    page: &PageRequest,
) -> Result<Option<TimelinePage>, RepositoryError> {
    let Database { pool, recent, .. } = database;
    let found = pool.read(|connection| load_page(connection, recent, reader, page))?;
    if !found.entries.is_empty() {
        return Ok(Some(found));
    }
    // An empty page may have other reasons than an empty range.
    let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
    let up_to = page.greatest().get();
    let standing: Option<(Option<i64>, i64)> = pool.read(|connection| {
        prepared::<3, (Nullable<BigInt>, BigInt)>(STANDING, [above, up_to, reader])
            .get_result(connection)
            .optional()
    })?;
    match standing {
        None => return Ok(None),
        Some((Some(_), 0)) => return Ok(Some(found)),
        // It was filled between the two questions.
        Some((Some(_), _)) => {}
        Some((None, _)) => repair::fill_for_a_while(pool, reader)?,
    }
    pool.read(|connection| load_page(connection, recent, reader, page)).map(Some)
}

fn load_page(
    connection: &mut MysqlConnection,
    recent: &Mutex<RecentTweets>,
    reader: i64,
    page: &PageRequest,
) -> QueryResult<TimelinePage> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    // One more than asked for tells whether the range goes on.
    let one_more = i64::from(page.limit) + 1;
    let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
    let up_to = page.greatest().get();
    if page.is_oldest_first() {
        let entries = load_entries(connection, OLDEST, [reader, above, up_to, i64::from(page.limit)])?;
        // The range goes on above this page; what lies below it is a question of its own.
        let floor = page.since_id.map_or(i64::MIN, TweetId::get);
        let has_older = match entries.first() {
            Some(oldest) => {
                !load_entries(connection, NEWEST, [reader, floor, oldest.tweet_id.get() - 1, 1])?.is_empty()
            }
            None => false,
        };
        return Ok(TimelinePage { entries, has_older });
    }
    let range = [reader, above, up_to, one_more];
    let ids: Vec<(i64, i64)> = prepared::<4, (BigInt, BigInt)>(NEWEST_IDS, range).load(connection)?;
    let mut entries = if let Some(entries) = find_recent(recent, &ids) {
        entries
    } else {
        let entries = load_entries(connection, NEWEST, range)?;
        let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &entries {
            recent.keep(entry.clone());
        }
        entries
    };
    let has_older = entries.len() > limit;
    entries.truncate(limit);
    entries.reverse();
    Ok(TimelinePage { entries, has_older })
}

/// The tweets, if all of them were read lately and are by these authors.
fn find_recent(recent: &Mutex<RecentTweets>, ids: &[(i64, i64)]) -> Option<Vec<TimelineEntry>> {
    let tweets: Vec<i64> = ids.iter().map(|(tweet, _)| *tweet).collect();
    let entries = recent.lock().unwrap_or_else(PoisonError::into_inner).find_all(&tweets)?;
    let is_right = entries.iter().zip(ids).all(|(entry, (_, author))| entry.author.get() == *author);
    is_right.then_some(entries)
}

fn load_entries(
    connection: &mut MysqlConnection,
    query: &'static str,
    range: [i64; 4],
) -> QueryResult<Vec<TimelineEntry>> {
    let rows: Vec<Row> = prepared::<4, (BigInt, BigInt, Text)>(query, range).load(connection)?;
    Ok(rows.into_iter().map(entry).collect())
}

/// Puts a new tweet into the timelines of its readers. In the tweet's transaction and after its insert, whose foreign key
/// holds off whoever is about to follow the author.
pub(crate) fn deliver(connection: &mut MysqlConnection, tweet: i64, author: i64) -> QueryResult<()> {
    execute(connection, DELIVER, [author, tweet, author, tweet, author, author]).map(drop)
}

/// Gives a new user a timeline, which is complete. In the transaction of their sign-up.
pub(crate) fn open(connection: &mut MysqlConnection, reader: i64) -> QueryResult<()> {
    if execute(connection, "INSERT IGNORE INTO home_readers (user_id) VALUES (?)", [reader])? == 0 {
        // Somebody has had this number before: other SQL has emptied the table of users.
        execute(connection, "DELETE FROM home_timelines WHERE user_id = ?", [reader])?;
    }
    Ok(())
}

/// Makes the follower follow, and notes that the followee's tweets are to be brought: also if they follow already, since
/// other SQL may have written tweets that nobody has delivered.
pub(crate) fn follow(connection: &mut MysqlConnection, follow: Follow) -> QueryResult<()> {
    let key = [follow.follower().get(), follow.followee().get()];
    if lock(connection, key)? < 2 {
        let said = Box::new("one of the two does not exist".to_owned());
        return Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, said));
    }
    // Both exist, so that a row which is there already is all that is ignored.
    execute(connection, "INSERT IGNORE INTO users_follow_list (user_id, follow_user_id) VALUES (?, ?)", key)?;
    repair::note(connection, key)
}

/// Ends the following, and notes that the followee's tweets are to be taken out.
pub(crate) fn unfollow(connection: &mut MysqlConnection, follow: Follow) -> QueryResult<bool> {
    let key = [follow.follower().get(), follow.followee().get()];
    lock(connection, key)?;
    let deleted =
        execute(connection, "DELETE FROM users_follow_list WHERE user_id = ? AND follow_user_id = ?", key)?;
    if deleted > 0 {
        repair::note(connection, key)?;
    }
    Ok(deleted > 0)
}

/// Waits until neither of two users is writing a tweet, and lets them write none until the transaction's end. Says how
/// many of them exist. In the order of their numbers: two who follow each other do not meet in a deadlock.
fn lock(connection: &mut MysqlConnection, pair: [i64; 2]) -> QueryResult<usize> {
    users::table
        .filter(users::id.eq_any(pair))
        .select(users::id)
        .order(users::id)
        .for_update()
        .load::<i64>(connection)
        .map(|found| found.len())
}
