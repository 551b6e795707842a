//! Home timelines on SQLite: pages come from the index, and what it does not know from a query over tweets and follows.

use diesel::dsl::{AsExprOf, auto_type, exists, select};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use miniter_domain::{PageRequest, TimelineEntry, TimelinePage, TweetId};

use crate::backend::prepared::prepared;
use crate::schema::{tweets, users, users_follow_list};
use crate::timelines::index::{FoundPage, HomeIndex, Lookup, Window};
use crate::timelines::{Row, entry};

/// From how many followed accounts on the newest tweets of all are looked through first: a page of them is likely to be
/// there, and a look at each account is dear.
const MANY: i64 = 500;

/// How many of the newest tweets of all that are: a millisecond's work.
const RECENT: i64 = 4_000;

/// The newest ids of a home timeline among a range of all tweets. `NOT INDEXED`: by tweet and not by author.
const AMONG_RECENT: &str = "SELECT id FROM tweets NOT INDEXED WHERE user_id IN \
    (SELECT follow_user_id FROM users_follow_list WHERE user_id = ? UNION ALL SELECT ?) \
    AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?";

/// Finds a page of a home timeline.
pub(super) fn find_home(
    connection: &mut SqliteConnection,
    index: &HomeIndex,
    reader: i64,
    page: &PageRequest,
) -> QueryResult<Option<TimelinePage>> {
    let Some(found) = find_ids(connection, index, reader, page)? else { return Ok(None) };
    let entries = match index.tweets(&found.ids) {
        Ok(entries) => entries,
        Err(epoch) => {
            let entries = load_entries(connection, &found.ids)?;
            index.keep_tweets(&epoch, &entries);
            entries
        }
    };
    if entries.len() == found.ids.len() {
        return Ok(Some(TimelinePage { entries, has_older: found.has_older }));
    }
    // Another program is deleting tweets this very moment. Of what the truth is now, some may be gone a moment later.
    let FoundPage { ids, has_older } = query_page(connection, reader, page)?;
    Ok(Some(TimelinePage { entries: load_entries(connection, &ids)?, has_older }))
}

/// Finds the ids of a page, and fills the index where it does not know them. `None` if there is no such reader.
fn find_ids(
    connection: &mut SqliteConnection,
    index: &HomeIndex,
    reader: i64,
    page: &PageRequest,
) -> QueryResult<Option<FoundPage>> {
    let depth = Window::depth_for(page.limit);
    let filled = match index.find(reader, page) {
        Lookup::Found(found) => return Ok(Some(found)),
        Lookup::Older(filled) => filled,
        Lookup::Unknown => {
            if !select(exists(users::table.find(reader))).get_result(connection)? {
                return Ok(None);
            }
            let Some(fill) = index.begin(reader) else {
                return query_page(connection, reader, page).map(Some);
            };
            let newest = Window::new(query_newest(connection, reader, i64::MAX, depth)?, depth, i64::MAX);
            let found = newest.page(page);
            let filled = fill.finish(newest);
            if let Some(found) = found {
                return Ok(Some(found));
            }
            filled
        }
    };
    if !page.is_oldest_first() && page.max_id.is_some() {
        // Whoever reads on below has the next pages in memory.
        let up_to = page.greatest().get();
        let older = Window::new(query_newest(connection, reader, up_to, depth)?, depth, up_to);
        let found = older.page(page);
        index.keep_older(reader, filled, older);
        if found.is_some() {
            return Ok(found);
        }
    }
    query_page(connection, reader, page).map(Some)
}

/// The ids of a page from tweets and follows alone: the truth that the index is a copy of.
pub(super) fn query_page(
    connection: &mut SqliteConnection,
    reader: i64,
    page: &PageRequest,
) -> QueryResult<FoundPage> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    // One more than asked for tells whether the range goes on.
    let one_more = i64::from(page.limit) + 1;
    let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
    let range = home(reader, above, page.greatest().get()).select(tweets::id);
    if page.is_oldest_first() {
        let mut ids: Vec<i64> = range.order(tweets::id.asc()).limit(one_more).load(connection)?;
        ids.truncate(limit);
        // The range goes on above this page; what lies below it is a question of its own.
        let floor = page.since_id.map_or(i64::MIN, TweetId::get);
        let has_older = match ids.first() {
            Some(oldest) => select(exists(home(reader, floor, *oldest - 1))).get_result(connection)?,
            None => false,
        };
        Ok(FoundPage { ids, has_older })
    } else {
        let mut ids: Vec<i64> = range.order(tweets::id.desc()).limit(one_more).load(connection)?;
        let has_older = ids.len() > limit;
        ids.truncate(limit);
        ids.reverse();
        Ok(FoundPage { ids, has_older })
    }
}

/// The newest ids of a home timeline up to one, newest first.
fn query_newest(
    connection: &mut SqliteConnection,
    reader: i64,
    up_to: i64,
    count: usize,
) -> QueryResult<Vec<i64>> {
    let most = i64::try_from(count).unwrap_or(i64::MAX);
    let followed: i64 = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .count()
        .get_result(connection)?;
    if followed >= MANY {
        let from: Option<i64> = tweets::table
            .filter(tweets::id.le(up_to))
            .select(tweets::id)
            .order(tweets::id.desc())
            .offset(RECENT)
            .first(connection)
            .optional()?;
        let range = [reader, reader, from.unwrap_or(i64::MIN), up_to, most];
        let ids: Vec<i64> = prepared::<5, BigInt>(AMONG_RECENT, range).load(connection)?;
        if ids.len() == count {
            return Ok(ids);
        }
    }
    // Ids alone: the index over (author, id) has them, and no row of tweets is touched.
    home(reader, i64::MIN, up_to).select(tweets::id).order(tweets::id.desc()).limit(most).load(connection)
}

/// The tweets above an id and up to another that `reader` and those they follow have written. `IN` takes each tweet
/// once, however often its author is listed. With that, `ORDER BY` and `LIMIT`, SQLite goes through the authors and stops
/// early in each.
#[auto_type]
fn home(reader: i64, above: i64, up_to: i64) -> _ {
    let followees = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .select(users_follow_list::follow_user_id);
    let themselves: select<AsExprOf<i64, BigInt>> = select(reader.into_sql::<BigInt>());
    tweets::table
        .filter(tweets::user_id.eq_any(followees.union_all(themselves)))
        .filter(tweets::id.gt(above))
        .filter(tweets::id.le(up_to))
}

/// The tweets with these ids, oldest first.
fn load_entries(connection: &mut SqliteConnection, ids: &[i64]) -> QueryResult<Vec<TimelineEntry>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut list = String::with_capacity(ids.len() * 20 + 2);
    for id in ids {
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(&id.to_string());
    }
    list.push(']');
    let rows: Vec<Row> = RowsByIds { ids: list }.load(connection)?;
    Ok(rows.into_iter().map(entry).collect())
}

/// A query for rows by a list of ids in JSON. As a list of parameters it would be another statement, to be prepared anew,
/// for each length.
#[derive(QueryId)]
struct RowsByIds {
    ids: String,
}

impl Query for RowsByIds {
    type SqlType = (BigInt, BigInt, Text);
}

impl RunQueryDsl<SqliteConnection> for RowsByIds {}

impl QueryFragment<Sqlite> for RowsByIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT id, user_id, tweet FROM tweets WHERE id IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql(")) ORDER BY id");
        Ok(())
    }
}
