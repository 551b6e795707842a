//! Putting a reader's timeline in order, author by author and in batches. A batch is a transaction of its own: whoever is
//! interrupted, another goes on where they were.

use std::time::{Duration, Instant};

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use miniter_domain::{Progress, RepositoryError};

use crate::backend::mysql::Pool;
use crate::backend::prepared::{execute, prepared};

/// How many entries a batch brings or takes out. It takes some 20 ms, in which nobody waits but for the same reader.
const BATCH: i64 = 4_000;

/// How many authors a batch deals with.
const AUTHORS: i64 = 200;

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
    begin_fill(pool, reader)?;
    match settle_all(pool, reader)? {
        Progress::Done => finish_fill(pool, reader),
        Progress::Unfinished => {
            Err(RepositoryError::Unavailable("the reader's timeline is being filled".into()))
        }
    }
}

/// Fills a reader's timeline, however long it takes.
pub(crate) fn fill(pool: &Pool, reader: i64) -> Result<(), RepositoryError> {
    begin_fill(pool, reader)?;
    while settle_all(pool, reader)? == Progress::Unfinished {}
    finish_fill(pool, reader)
}

/// Goes through a timeline from the beginning, however long it takes.
pub(crate) fn rebuild(pool: &Pool, reader: i64) -> Result<(), RepositoryError> {
    pool.write(|connection| note_all(connection, reader))?;
    while settle_all(pool, reader)? == Progress::Unfinished {}
    finish_fill(pool, reader)
}

/// Notes all that is to be brought, unless somebody has: then what they have noted is what is left. Notes of follows may
/// stand there, too, and say nothing about the rest.
fn begin_fill(pool: &Pool, reader: i64) -> Result<(), RepositoryError> {
    let begun: Option<i64> = pool.read(|connection| {
        prepared::<2, BigInt>(
            "SELECT author_id FROM home_repairs WHERE user_id = ? AND author_id = ?",
            [reader, NOBODY],
        )
        .get_result(connection)
        .optional()
    })?;
    if begun.is_none() {
        pool.write(|connection| note_all(connection, reader))?;
    }
    Ok(())
}

/// A timeline counts as filled, unless its reader is gone.
fn finish_fill(pool: &Pool, reader: i64) -> Result<(), RepositoryError> {
    pool.write(|connection| {
        execute(
            connection,
            "INSERT IGNORE INTO home_readers (user_id) SELECT id FROM users WHERE id = ?",
            [reader],
        )?;
        execute(connection, "DELETE FROM home_repairs WHERE user_id = ? AND author_id = ?", [reader, NOBODY])
    })
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
    let mut left = BATCH;
    for &(author, below) in &noted {
        if left <= 0 {
            return Ok(Progress::Unfinished);
        }
        let reads: Option<i64> = if author == reader {
            Some(author)
        } else {
            prepared::<2, BigInt>(
                "SELECT follow_user_id FROM users_follow_list WHERE user_id = ? AND follow_user_id = ?",
                [reader, author],
            )
            .get_result(connection)
            .optional()?
        };
        let (done, rest) = if reads.is_some() {
            bring(connection, reader, author, below, left)?
        } else {
            take_out(connection, reader, author, left)?
        };
        left -= done;
        match rest {
            None => execute(
                connection,
                "DELETE FROM home_repairs WHERE user_id = ? AND author_id = ?",
                [reader, author],
            )?,
            Some(below) => execute(
                connection,
                "UPDATE home_repairs SET below = ? WHERE user_id = ? AND author_id = ?",
                [below, reader, author],
            )?,
        };
        if rest.is_some() {
            return Ok(Progress::Unfinished);
        }
    }
    // With all authors asked for, there may be more than were listed.
    let is_all = author.is_some() || i64::try_from(noted.len()).is_ok_and(|count| count < AUTHORS);
    Ok(if is_all { Progress::Done } else { Progress::Unfinished })
}

/// Brings up to `most` tweets of an author below an id into a reader's timeline, newest first, and removes what is there in
/// their place. Gives how many, and below which id there is more to do.
fn bring(
    connection: &mut MysqlConnection,
    reader: i64,
    author: i64,
    below: i64,
    most: i64,
) -> QueryResult<(i64, Option<i64>)> {
    let (count, oldest): (i64, Option<i64>) = prepared::<3, (BigInt, Nullable<BigInt>)>(
        "SELECT COUNT(*), MIN(id) FROM \
         (SELECT id FROM tweets WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?) newest",
        [author, below, most],
    )
    .get_result(connection)?;
    let rest = oldest.filter(|_| count >= most);
    let from = rest.unwrap_or(i64::MIN);
    execute(
        connection,
        "DELETE h FROM home_timelines h LEFT JOIN tweets t ON t.id = h.tweet_id AND t.user_id = h.author_id \
         WHERE h.user_id = ? AND h.author_id = ? AND h.tweet_id >= ? AND h.tweet_id < ? AND t.id IS NULL",
        [reader, author, from, below],
    )?;
    if count > 0 {
        // An entry of this number may stand there by another author, who has lost it.
        execute(
            connection,
            "INSERT INTO home_timelines (user_id, tweet_id, author_id) \
             SELECT ?, id, user_id FROM tweets WHERE user_id = ? AND id >= ? AND id < ? \
             ON DUPLICATE KEY UPDATE author_id = VALUES(author_id)",
            [reader, author, from, below],
        )?;
    }
    Ok((count, rest))
}

/// Takes up to `most` entries of an author out of a reader's timeline. Gives how many, and whether there is more to do.
fn take_out(
    connection: &mut MysqlConnection,
    reader: i64,
    author: i64,
    most: i64,
) -> QueryResult<(i64, Option<i64>)> {
    let deleted = execute(
        connection,
        "DELETE FROM home_timelines WHERE user_id = ? AND author_id = ? ORDER BY tweet_id LIMIT ?",
        [reader, author, most],
    )?;
    let deleted = i64::try_from(deleted).unwrap_or(i64::MAX);
    Ok((deleted, (deleted >= most).then_some(i64::MAX)))
}
