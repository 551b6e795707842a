//! Putting a reader's timeline in order, author by author and in batches. A batch is a transaction of its own: whoever is
//! interrupted, another goes on where they were.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::{count_star, exists, select};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use miniter_domain::{Progress, RepositoryError};

use crate::backend::mysql::Pool;
use crate::backend::prepared::{execute, prepared};
use crate::schema::{tweets, users_follow_list};

/// How many entries a batch brings or takes out. It takes some 20 ms, in which nobody waits but for the same reader.
const BATCH: i64 = 4_000;

/// How many authors a batch looks at.
const AUTHORS: i64 = 100;

/// For how long short timelines are put in order that share a commit.
const SHARED: Duration = Duration::from_millis(50);

/// Who has written nothing.
const NOBODY: i64 = -1;

/// For how long batches are begun before whoever waits is told that there is more to do.
const TURN: Duration = Duration::from_millis(500);

/// Notes that the entries of an author in a reader's timeline are to be put in order.
pub(crate) fn note(connection: &mut MysqlConnection, [reader, author]: [i64; 2]) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO home_repairs (user_id, author_id, below) VALUES (?, ?, ?) \
         ON DUPLICATE KEY UPDATE below = VALUES(below)",
        [reader, author, i64::MAX],
    )
    .map(drop)
}

/// Notes this for a reader's whole timeline: all who are in it, and all who should be. The note about [`NOBODY`] says that
/// this was done.
fn note_all(connection: &mut MysqlConnection, reader: i64) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO home_repairs (user_id, author_id, below) \
         SELECT ?, authors.id, ? FROM (SELECT ? AS id \
             UNION SELECT follow_user_id FROM users_follow_list WHERE user_id = ? \
             UNION SELECT author_id FROM home_timelines WHERE user_id = ? UNION SELECT ?) authors \
         ON DUPLICATE KEY UPDATE below = VALUES(below)",
        [reader, i64::MAX, reader, reader, reader, NOBODY],
    )
    .map(drop)
}

/// Does what is noted of one author in a reader's timeline, for a while.
pub(crate) fn settle(pool: &Pool, reader: i64, author: i64) -> Result<Progress, RepositoryError> {
    for_a_while(|| pool.write(|connection| run_batch(connection, reader, Some(author))))
}

/// Does what is noted of a reader's timeline, for a while.
pub(crate) fn settle_all(pool: &Pool, reader: i64) -> Result<Progress, RepositoryError> {
    for_a_while(|| pool.write(|connection| run_batch(connection, reader, None)))
}

/// Fills a reader's timeline, for a while.
///
/// # Errors
/// `Unavailable` if it takes longer; what is left is noted.
pub(crate) fn fill_for_a_while(pool: &Pool, reader: i64) -> Result<(), RepositoryError> {
    pool.write(|connection| begin_fill(connection, reader))?;
    match settle_all(pool, reader)? {
        Progress::Done => pool.write(|connection| finish_fill(connection, reader)),
        Progress::Unfinished => {
            Err(RepositoryError::Unavailable("the reader's timeline is being filled".into()))
        }
    }
}

/// What is done with a whole timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// What is left of a fill, or all of it if none was begun.
    Fill,
    /// All of it, from the beginning.
    Rebuild,
}

/// Puts the timelines of some of these readers in order, from the first, and says of how many. At least of one, however
/// long that takes; of more if they are short, since a commit takes longer than such a timeline.
pub(crate) fn put_in_order(pool: &Pool, readers: &[i64], how: Whole) -> Result<usize, RepositoryError> {
    let (done, progress) = pool.write(|connection| {
        let begun = Instant::now();
        let mut done = 0;
        for reader in readers {
            match how {
                Whole::Fill => begin_fill(connection, *reader)?,
                Whole::Rebuild => note_all(connection, *reader)?,
            }
            if run_batch(connection, *reader, None)? == Progress::Unfinished {
                return Ok((done, Progress::Unfinished));
            }
            finish_fill(connection, *reader)?;
            done += 1;
            if begun.elapsed() > SHARED {
                break;
            }
        }
        Ok((done, Progress::Done))
    })?;
    let Some(long) = readers.get(done).filter(|_| progress == Progress::Unfinished) else {
        return Ok(done);
    };
    while settle_all(pool, *long)? == Progress::Unfinished {}
    pool.write(|connection| finish_fill(connection, *long))?;
    Ok(done + 1)
}

/// Notes all that is to be brought, unless somebody has: then what they have noted is what is left. Notes of follows may
/// stand there, too, and say nothing about the rest.
fn begin_fill(connection: &mut MysqlConnection, reader: i64) -> QueryResult<()> {
    let begun: Option<i64> = prepared::<2, BigInt>(
        "SELECT author_id FROM home_repairs WHERE user_id = ? AND author_id = ?",
        [reader, NOBODY],
    )
    .get_result(connection)
    .optional()?;
    if begun.is_none() { note_all(connection, reader) } else { Ok(()) }
}

/// A timeline counts as filled, unless its reader is gone.
fn finish_fill(connection: &mut MysqlConnection, reader: i64) -> QueryResult<()> {
    execute(
        connection,
        "INSERT IGNORE INTO home_readers (user_id) SELECT id FROM users WHERE id = ?",
        [reader],
    )?;
    execute(connection, "DELETE FROM home_repairs WHERE user_id = ? AND author_id = ?", [reader, NOBODY])
        .map(drop)
}

fn for_a_while(
    mut batch: impl FnMut() -> Result<Progress, RepositoryError>,
) -> Result<Progress, RepositoryError> {
    let begun = Instant::now();
    loop {
        let progress = batch()?;
        if progress == Progress::Done || begun.elapsed() > TURN {
            return Ok(progress);
        }
    }
}

/// Does a part of what is noted.
fn run_batch(connection: &mut MysqlConnection, reader: i64, author: Option<i64>) -> QueryResult<Progress> {
    // The locks on the notes are what keeps others from the same work. Who follows or unfollows meanwhile waits for them
    // to write their own note, and comes after us.
    let noted: Vec<(i64, i64)> = match author {
        Some(author) => prepared::<2, (BigInt, BigInt)>(
            "SELECT author_id, below FROM home_repairs WHERE user_id = ? AND author_id = ? FOR UPDATE",
            [reader, author],
        )
        .load(connection)?,
        None => prepared::<3, (BigInt, BigInt)>(
            "SELECT author_id, below FROM home_repairs WHERE user_id = ? AND author_id > ? \
             ORDER BY author_id LIMIT ? FOR UPDATE",
            [reader, NOBODY, AUTHORS],
        )
        .load(connection)?,
    };
    // Most authors have few tweets, and many of them are done together.
    let together = if author.is_none() { count_together(connection, &noted)? } else { 0 };
    if together > 1 {
        let authors: Vec<i64> = noted[..together].iter().map(|(author, _)| *author).collect();
        settle_together(connection, reader, &authors)?;
    } else if let Some(&(author, below)) = noted.first() {
        let rest = settle_one(connection, reader, author, below)?;
        if rest == Progress::Unfinished {
            return Ok(rest);
        }
    }
    // With all authors asked for, there may be more than were listed or done.
    let is_all = match author {
        Some(_) => true,
        None => {
            noted.len() <= together.max(1) && i64::try_from(noted.len()).is_ok_and(|count| count < AUTHORS)
        }
    };
    Ok(if is_all { Progress::Done } else { Progress::Unfinished })
}

/// How many of these authors, from the first, have no more tweets together than a batch brings.
fn count_together(connection: &mut MysqlConnection, noted: &[(i64, i64)]) -> QueryResult<usize> {
    let authors: Vec<i64> = noted.iter().map(|(author, _)| *author).collect();
    let counts: HashMap<i64, i64> = tweets::table
        .filter(tweets::user_id.eq_any(&authors))
        .group_by(tweets::user_id)
        .select((tweets::user_id, count_star()))
        .load::<(i64, i64)>(connection)?
        .into_iter()
        .collect();
    let mut sum = 0;
    Ok(authors
        .iter()
        .take_while(|author| {
            sum += counts.get(*author).copied().unwrap_or(0);
            sum <= BATCH
        })
        .count())
}

/// Puts the entries of several authors with few tweets in order.
fn settle_together(connection: &mut MysqlConnection, reader: i64, authors: &[i64]) -> QueryResult<()> {
    let read: Vec<i64> = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .filter(users_follow_list::follow_user_id.eq_any(authors))
        .select(users_follow_list::follow_user_id)
        .load(connection)?;
    let is_read = |author: &i64| *author == reader || read.contains(author);
    let (read, gone): (Vec<i64>, Vec<i64>) = authors.iter().copied().partition(is_read);
    if !gone.is_empty() {
        let gone = list(&gone);
        connection.batch_execute(&format!(
            "DELETE FROM home_timelines WHERE user_id = {reader} AND author_id IN ({gone})"
        ))?;
    }
    if !read.is_empty() {
        let read = list(&read);
        connection.batch_execute(&format!(
            "DELETE h FROM home_timelines h LEFT JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
             WHERE h.user_id = {reader} AND h.author_id IN ({read}) AND t.id IS NULL"
        ))?;
        connection.batch_execute(&format!(
            "INSERT INTO home_timelines (user_id, tweet_id, author_id) \
             SELECT {reader}, id, user_id FROM tweets WHERE user_id IN ({read}) \
             ON DUPLICATE KEY UPDATE author_id = VALUES(author_id)"
        ))?;
    }
    let authors = list(authors);
    connection.batch_execute(&format!(
        "DELETE FROM home_repairs WHERE user_id = {reader} AND author_id IN ({authors})"
    ))
}

/// Numbers for an `IN`.
fn list(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// Puts a part of the entries of one author in order, newest first.
fn settle_one(
    connection: &mut MysqlConnection,
    reader: i64,
    author: i64,
    below: i64,
) -> QueryResult<Progress> {
    let is_read = author == reader
        || select(exists(users_follow_list::table.find((reader, author)))).get_result(connection)?;
    let rest = if is_read {
        bring(connection, reader, author, below)?
    } else {
        take_out(connection, reader, author)?
    };
    match rest {
        None => {
            execute(
                connection,
                "DELETE FROM home_repairs WHERE user_id = ? AND author_id = ?",
                [reader, author],
            )?;
            Ok(Progress::Done)
        }
        Some(below) => {
            execute(
                connection,
                "UPDATE home_repairs SET below = ? WHERE user_id = ? AND author_id = ?",
                [below, reader, author],
            )?;
            Ok(Progress::Unfinished)
        }
    }
}

/// Brings a batch of an author's tweets below an id into a reader's timeline, and removes what is there in their place.
/// Gives below which id there is more to do.
fn bring(connection: &mut MysqlConnection, reader: i64, author: i64, below: i64) -> QueryResult<Option<i64>> {
    // The first batch has no bound.
    let up_to = if below == i64::MAX { below } else { below - 1 };
    let (count, oldest): (i64, Option<i64>) = prepared::<3, (BigInt, Nullable<BigInt>)>(
        "SELECT COUNT(*), MIN(id) FROM \
         (SELECT id FROM tweets WHERE user_id = ? AND id <= ? ORDER BY id DESC LIMIT ?) newest",
        [author, up_to, BATCH],
    )
    .get_result(connection)?;
    let rest = oldest.filter(|_| count >= BATCH);
    let from = rest.unwrap_or(i64::MIN);
    execute(
        connection,
        "DELETE h FROM home_timelines h LEFT JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
         WHERE h.user_id = ? AND h.author_id = ? AND h.tweet_id >= ? AND h.tweet_id <= ? AND t.id IS NULL",
        [reader, author, from, up_to],
    )?;
    if count > 0 {
        // An entry of this number may stand there by another author, who has lost it.
        execute(
            connection,
            "INSERT INTO home_timelines (user_id, tweet_id, author_id) \
             SELECT ?, id, user_id FROM tweets WHERE user_id = ? AND id >= ? AND id <= ? \
             ON DUPLICATE KEY UPDATE author_id = VALUES(author_id)",
            [reader, author, from, up_to],
        )?;
    }
    Ok(rest)
}

/// Takes a batch of an author's entries out of a reader's timeline. Gives whether there is more to do, and from where.
fn take_out(connection: &mut MysqlConnection, reader: i64, author: i64) -> QueryResult<Option<i64>> {
    let deleted = execute(
        connection,
        "DELETE FROM home_timelines WHERE user_id = ? AND author_id = ? ORDER BY tweet_id LIMIT ?",
        [reader, author, BATCH],
    )?;
    Ok((i64::try_from(deleted).unwrap_or(i64::MAX) >= BATCH).then_some(i64::MAX))
}
