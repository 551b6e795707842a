//! Home timelines, read from tweets and follows.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use miniter_domain::{
    PageRequest, RepositoryError, TimelineEntry, TimelinePage, TimelineRepository, TweetId, UserId,
};

use crate::schema::{tweets, users_follow_list};
use crate::store::Store;
use crate::users::user_exists;

impl TimelineRepository for Store {
    fn find_home(&self, reader: UserId, page: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
        self.read(|connection| {
            if !user_exists(connection, reader)? {
                return Ok(None);
            }
            let mut query = authored_for(reader);
            if let Some(max_id) = page.max_id {
                query = query.filter(tweets::id.lt(max_id.get()));
            }
            if let Some(lower_bound) = page.lower_bound() {
                query = query.filter(tweets::id.gt(lower_bound.get()));
            }
            query = if page.is_oldest_first() {
                query.order(tweets::id.asc())
            } else {
                query.order(tweets::id.desc())
            };
            // One more than asked for tells whether the range goes on.
            let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
            let mut rows: Vec<(i64, i64, String)> = query
                .select((tweets::id, tweets::user_id, tweets::tweet))
                .limit(i64::from(page.limit) + 1)
                .load(connection)?;
            let goes_on = rows.len() > limit;
            rows.truncate(limit);

            let has_older = if page.is_oldest_first() {
                // The range goes on above this page; what lies below it is a question of its own.
                match rows.first() {
                    Some(&(oldest, ..)) => has_older_than(connection, reader, oldest, page.since_id)?,
                    None => false,
                }
            } else {
                rows.reverse();
                goes_on
            };
            let entries = rows
                .into_iter()
                .map(|(id, author, text)| TimelineEntry {
                    tweet_id: TweetId::new(id),
                    author: UserId::new(author),
                    text,
                })
                .collect();
            Ok(Some(TimelinePage { entries, has_older }))
        })
    }
}

/// The tweets that `reader` and those they follow have written. `IN` takes each tweet once, however often its author
/// is listed.
fn authored_for(reader: UserId) -> tweets::BoxedQuery<'static, Sqlite> {
    let followees = users_follow_list::table
        .filter(users_follow_list::user_id.eq(reader.get()))
        .select(users_follow_list::follow_user_id);
    let themselves = select(reader.get().into_sql::<BigInt>());
    tweets::table.filter(tweets::user_id.eq_any(followees.union_all(themselves))).into_boxed()
}

/// Whether the timeline has an entry below `oldest` (and above `since_id`).
fn has_older_than(
    connection: &mut SqliteConnection,
    reader: UserId,
    oldest: i64,
    since_id: Option<TweetId>,
) -> QueryResult<bool> {
    let mut older = authored_for(reader).filter(tweets::id.lt(oldest));
    if let Some(since_id) = since_id {
        older = older.filter(tweets::id.gt(since_id.get()));
    }
    select(exists(older)).get_result(connection)
}
