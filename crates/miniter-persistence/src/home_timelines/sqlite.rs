//! Home timelines from the tables of a SQLite file.

use diesel::dsl::{AsExprOf, auto_type, exists, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use crate::backend::prepared::prepared;
use crate::home_timelines::query::{Home, HomeQuery, Order, Range};
use crate::schema::{tweets, users, users_follow_list};

/// From how many authors on the newest tweets of all are looked through first: a page of them is likely to be there, and a
/// look at each author is dear.
const MANY: usize = 500;

/// How many of the newest tweets of all that are: a millisecond's work.
const RECENT: i64 = 4_000;

/// The newest ids of a home timeline among a range of all tweets. `NOT INDEXED`: by tweet and not by author.
const AMONG_RECENT: &str = "SELECT id FROM tweets NOT INDEXED WHERE user_id IN \
    (SELECT follow_user_id FROM users_follow_list WHERE user_id = ? UNION ALL SELECT ?) \
    AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?";

impl HomeQuery for SqliteConnection {
    fn authors(&mut self, reader: i64) -> QueryResult<Option<Vec<i64>>> {
        authors!(self, reader)
    }

    fn ids(&mut self, home: Home<'_>, range: Range) -> QueryResult<Vec<i64>> {
        let Home { reader, authors } = home;
        let Range { above, upto, order, count } = range;
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        // Ids alone: the index over (author, id) has them, and no row of tweets is touched.
        let all = tweets_of(reader, above, upto).select(tweets::id).limit(most);
        match order {
            Order::OldestFirst => all.order(tweets::id.asc()).load(self),
            Order::NewestFirst => {
                if authors.len() >= MANY {
                    let from: Option<i64> = tweets::table
                        .filter(tweets::id.le(upto))
                        .select(tweets::id)
                        .order(tweets::id.desc())
                        .offset(RECENT)
                        .first(self)
                        .optional()?;
                    let recent = [reader, reader, from.unwrap_or(i64::MIN).max(above), upto, most];
                    let ids: Vec<i64> = prepared::<5, BigInt>(AMONG_RECENT, recent).load(self)?;
                    if ids.len() == count {
                        return Ok(ids);
                    }
                }
                all.order(tweets::id.desc()).load(self)
            }
        }
    }
}

/// The tweets above one id and up to another that `reader` and those they follow have written. `IN` takes each tweet
/// once, however often its author is listed. With that, `ORDER BY` and `LIMIT`, SQLite goes through the authors and stops
/// early in each.
#[auto_type]
fn tweets_of(reader: i64, above: i64, upto: i64) -> _ {
    let followees = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .select(users_follow_list::follow_user_id);
    let themselves: select<AsExprOf<i64, BigInt>> = select(reader.into_sql::<BigInt>());
    tweets::table
        .filter(tweets::user_id.eq_any(followees.union_all(themselves)))
        .filter(tweets::id.gt(above))
        .filter(tweets::id.le(upto))
}
