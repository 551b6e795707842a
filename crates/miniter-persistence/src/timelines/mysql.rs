//! Home timelines on MySQL and MariaDB.

use diesel::dsl::{AsExprOf, auto_type, exists, select};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use miniter_domain::{PageRequest, TimelinePage, TweetId};

use crate::schema::{tweets, users, users_follow_list};
use crate::timelines::{Row, entry};

/// Finds a page of a home timeline.
pub(super) fn find_home(
    connection: &mut MysqlConnection,
    reader: i64,
    page: &PageRequest,
) -> QueryResult<Option<TimelinePage>> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    // One more than asked for tells whether the range goes on.
    let one_more = i64::from(page.limit) + 1;
    let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
    let below = page.max_id.map_or(i64::MAX, TweetId::get);
    if !select(exists(users::table.find(reader))).get_result(connection)? {
        return Ok(None);
    }
    let range = home(reader, above, below).select((tweets::id, tweets::user_id, tweets::tweet));
    let (rows, has_older) = if page.is_oldest_first() {
        let mut rows: Vec<Row> = range.order(tweets::id.asc()).limit(one_more).load(connection)?;
        rows.truncate(limit);
        // The range goes on above this page; what lies below it is a question of its own.
        let floor = page.since_id.map_or(i64::MIN, TweetId::get);
        let has_older = match rows.first() {
            Some(&(oldest, ..)) => select(exists(home(reader, floor, oldest))).get_result(connection)?,
            None => false,
        };
        (rows, has_older)
    } else {
        let mut rows: Vec<Row> = range.order(tweets::id.desc()).limit(one_more).load(connection)?;
        let has_older = rows.len() > limit;
        rows.truncate(limit);
        rows.reverse();
        (rows, has_older)
    };
    Ok(Some(TimelinePage { entries: rows.into_iter().map(entry).collect(), has_older }))
}

/// The tweets between two ids (both excluded) that `reader` and those they follow have written. `IN` takes each tweet
/// once, however often its author is listed.
#[auto_type]
fn home(reader: i64, above: i64, below: i64) -> _ {
    let followees = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .select(users_follow_list::follow_user_id);
    let themselves: select<AsExprOf<i64, BigInt>> = select(reader.into_sql::<BigInt>());
    tweets::table
        .filter(tweets::user_id.eq_any(followees.union_all(themselves)))
        .filter(tweets::id.gt(above))
        .filter(tweets::id.lt(below))
}
