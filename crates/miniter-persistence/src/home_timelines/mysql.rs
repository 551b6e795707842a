//! Home timelines from the tables of a MySQL or MariaDB server.
//!
//! One query for all authors is slow there: as a join it reads every tweet that they ever wrote, as a scan it reads the tweets of
//! everyone else. So the authors with the newest tweets are found first, and then the newest tweets of each.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, select};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::backend::prepared::prepared;
use crate::home_timelines::query::{Home, HomeQuery, Order, Range};
use crate::schema::{users, users_follow_list};

/// From how many authors on the newest tweets of all are looked through first: a page of them is likely to be there, and a
/// look at each author is dear.
const MANY: usize = 300;

/// How many of the newest tweets of all that are: some milliseconds' work.
const RECENT: i64 = 4_000;

/// How many authors one statement asks for tweets: a SELECT for each of them.
const SELECTS_AT_ONCE: usize = 100;

/// How many ids of an author are read first; more of those who turn out to have more among what is wanted.
const FEW: usize = 8;

#[derive(QueryableByName)]
struct Tweet {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
}

impl HomeQuery for MysqlConnection {
    fn authors(&mut self, reader: i64) -> QueryResult<Option<Vec<i64>>> {
        authors!(self, reader)
    }

    fn ids(&mut self, home: Home<'_>, range: Range) -> QueryResult<Vec<i64>> {
        if range.count == 0 {
            return Ok(Vec::new());
        }
        if home.authors.len() >= MANY
            && let Some(ids) = among_nearest(self, home, range)?
        {
            return Ok(ids);
        }
        in_snapshot(self, |connection| of_each(connection, home.authors, range))
    }
}

/// The ids of a range among the tweets of all that are nearest to its end. `None` if these are too few.
fn among_nearest(
    connection: &mut MysqlConnection,
    home: Home<'_>,
    range: Range,
) -> QueryResult<Option<Vec<i64>>> {
    let bounds = [range.above, range.upto, RECENT];
    let query = match range.order {
        Order::NewestFirst => prepared::<3, (BigInt, BigInt)>(
            "SELECT id, user_id FROM tweets WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT ?",
            bounds,
        ),
        Order::OldestFirst => prepared::<3, (BigInt, BigInt)>(
            "SELECT id, user_id FROM tweets WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            bounds,
        ),
    };
    let nearest: Vec<(i64, i64)> = query.load(connection)?;
    let is_all = i64::try_from(nearest.len()).is_ok_and(|found| found < RECENT);
    let authors: HashSet<i64> = home.authors.iter().copied().collect();
    let ids: Vec<i64> = nearest
        .into_iter()
        .filter(|(_, author)| authors.contains(author))
        .map(|(id, _)| id)
        .take(range.count)
        .collect();
    Ok((is_all || ids.len() == range.count).then_some(ids))
}

/// Runs queries that see the same rows: what is deleted between them would leave a gap.
fn in_snapshot<T>(
    connection: &mut MysqlConnection,
    queries: impl FnOnce(&mut MysqlConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    connection.batch_execute(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )?;
    let found = queries(connection);
    // A session that cannot end it is lost, and is known to be.
    let ended = connection.batch_execute("COMMIT");
    let found = found?;
    ended.map(|()| found)
}

/// The ids of a range, from the index over (author, id).
fn of_each(connection: &mut MysqlConnection, authors: &[i64], range: Range) -> QueryResult<Vec<i64>> {
    // Only an author whose nearest tweet is among the first `count` can have one among them.
    // A SELECT for each, also where `GROUP BY` would do: without fresh statistics the server answers that from every entry of
    // every author.
    let mut nearest = Vec::new();
    first_of(connection, authors, range, 1, &mut nearest)?;
    sort(&mut nearest, range.order);
    nearest.truncate(range.count);
    if range.count == 1 {
        return Ok(nearest.into_iter().map(|(id, _)| id).collect());
    }
    let authors: Vec<i64> = nearest.iter().map(|(_, author)| *author).collect();
    let (mut found, mut asked, mut each) = (Vec::new(), authors, FEW.min(range.count));
    loop {
        first_of(connection, &asked, range, each, &mut found)?;
        sort(&mut found, range.order);
        found.truncate(range.count);
        if each >= range.count {
            break;
        }
        // An author of whom as many are among the first as were asked for may have more there.
        let mut counts = HashMap::new();
        for (_, author) in &found {
            *counts.entry(*author).or_insert(0_usize) += 1;
        }
        asked.retain(|author| counts.get(author) == Some(&each));
        if asked.is_empty() {
            break;
        }
        found.retain(|(_, author)| !asked.contains(author));
        each = (each * 8).min(range.count);
    }
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

fn sort(tweets: &mut [(i64, i64)], order: Order) {
    tweets.sort_unstable();
    if order == Order::NewestFirst {
        tweets.reverse();
    }
}

/// The first `each` tweets of each author in a range.
fn first_of(
    connection: &mut MysqlConnection,
    authors: &[i64],
    range: Range,
    each: usize,
    found: &mut Vec<(i64, i64)>,
) -> QueryResult<()> {
    let Range { above, upto, order, .. } = range;
    let direction = if order == Order::NewestFirst { "DESC" } else { "ASC" };
    for authors in authors.chunks(SELECTS_AT_ONCE) {
        let mut sql = String::new();
        for author in authors {
            if !sql.is_empty() {
                sql.push_str(" UNION ALL ");
            }
            // Writing to a string does not fail.
            let _ = write!(
                sql,
                "(SELECT id, user_id FROM tweets FORCE INDEX (tweets_author) WHERE user_id = {author} \
                 AND id > {above} AND id <= {upto} ORDER BY id {direction} LIMIT {each})"
            );
        }
        let rows: Vec<Tweet> = sql_query(sql).load(connection)?;
        found.extend(rows.into_iter().map(|Tweet { id, user_id }| (id, user_id)));
    }
    Ok(())
}
