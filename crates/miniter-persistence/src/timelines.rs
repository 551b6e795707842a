//! Home timelines, read from tweets and follows.

use diesel::dsl::{auto_type, exists, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use miniter_domain::{
    PageRequest, RepositoryError, TimelineEntry, TimelinePage, TimelineRepository, TweetId, UserId,
};

use crate::backend::read;
use crate::schema::{tweets, users, users_follow_list};
use crate::store::Store;

/// A row of a page: tweet, author, text.
type Row = (i64, i64, String);

impl TimelineRepository for Store {
    fn find_home(&self, reader: UserId, page: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        // One more than asked for tells whether the range goes on.
        let one_more = i64::from(page.limit) + 1;
        let reader = reader.get();
        let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
        let below = page.max_id.map_or(i64::MAX, TweetId::get);
        let floor = page.since_id.map_or(i64::MIN, TweetId::get);

        read!(self, |connection| {
            let is_somebody: bool = select(exists(users::table.find(reader))).get_result(connection)?;
            if !is_somebody {
                return Ok(None);
            }
            let range = home(reader, above, below).select((tweets::id, tweets::user_id, tweets::tweet));
            if page.is_oldest_first() {
                let mut rows: Vec<Row> = range.order(tweets::id.asc()).limit(one_more).load(connection)?;
                rows.truncate(limit);
                // The range goes on above this page; what lies below it is a question of its own.
                let has_older = match rows.first() {
                    Some(&(oldest, ..)) => {
                        select(exists(home(reader, floor, oldest))).get_result(connection)?
                    }
                    None => false,
                };
                Ok(Some(assemble(rows, has_older)))
            } else {
                let mut rows: Vec<Row> = range.order(tweets::id.desc()).limit(one_more).load(connection)?;
                let has_older = rows.len() > limit;
                rows.truncate(limit);
                rows.reverse();
                Ok(Some(assemble(rows, has_older)))
            }
        })
    }
}

/// The tweets between two ids (both excluded) that `reader` and those they follow have written. `IN` takes each tweet
/// once, however often its author is listed.
#[auto_type]
fn home(reader: i64, above: i64, below: i64) -> _ {
    let followees = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader))
        .select(users_follow_list::follow_user_id);
    let themselves: select<diesel::dsl::AsExprOf<i64, BigInt>> = select(reader.into_sql::<BigInt>());
    tweets::table
        .filter(tweets::user_id.eq_any(followees.union_all(themselves)))
        .filter(tweets::id.gt(above))
        .filter(tweets::id.lt(below))
}

fn assemble(rows: Vec<Row>, has_older: bool) -> TimelinePage {
    let entries = rows
        .into_iter()
        .map(|(id, author, text)| TimelineEntry {
            tweet_id: TweetId::new(id),
            author: UserId::new(author),
            text,
        })
        .collect();
    TimelinePage { entries, has_older }
}
