//! Home timelines, computed when they are read and kept in memory while they are read.
//!
//! The truth is in tweets and follows. A reader's first request fills a window of their newest entries from a query
//! ([`query`]); from then on the events of the change feed keep it up to date. Nothing is stored for each follower, so a tweet
//! costs the same with ten followers and ten million.

/// The reader and everyone they follow, each once. `None` if there is no such reader.
macro_rules! authors {
    ($connection:expr, $reader:expr) => {{
        let (connection, reader): (&mut _, i64) = ($connection, $reader);
        if !select(exists(users::table.find(reader))).get_result(connection)? {
            return Ok(None);
        }
        let mut authors: Vec<i64> = users_follow_list::table
            .filter(users_follow_list::user_id.eq(reader))
            // Other SQL may have made a user follow themselves.
            .filter(users_follow_list::follow_user_id.ne(reader))
            .select(users_follow_list::follow_user_id)
            .load(connection)?;
        authors.push(reader);
        Ok(Some(authors))
    }};
}

mod cache;
mod fills;
mod loaded;
#[cfg(feature = "mysql")]
mod mysql;
mod query;
mod sqlite;
mod window;

use diesel::QueryResult;
use miniter_domain::{PageRequest, TimelinePage};

pub(crate) use cache::HomeTimelines;
pub(crate) use query::HomeQuery;

use crate::home_timelines::window::FoundPage;
use crate::statuses::{StatusQuery, Statuses};

/// A page of which everything is in memory: its ids, and then their statuses.
pub(crate) fn cached(
    timelines: &HomeTimelines,
    statuses: &Statuses,
    reader: i64,
    page: &PageRequest,
) -> Option<TimelinePage> {
    let FoundPage { ids, has_older } = timelines.cached(reader, page)?;
    let entries = statuses.cached(&ids)?;
    Some(TimelinePage { entries, has_older })
}

/// A page, from memory as far as it is there and else from the database. `None` if there is no such reader.
pub(crate) fn find(
    timelines: &HomeTimelines,
    statuses: &Statuses,
    query: &mut (impl HomeQuery + StatusQuery),
    reader: i64,
    page: &PageRequest,
) -> QueryResult<Option<TimelinePage>> {
    let Some(FoundPage { ids, has_older }) = timelines.find(query, reader, page)? else { return Ok(None) };
    let entries = statuses.find_many(query, &ids)?;
    if entries.len() == ids.len() {
        return Ok(Some(TimelinePage { entries, has_older }));
    }
    // Some were deleted: by another program, which was not noticed, or just now.
    let Some(FoundPage { ids, has_older }) = timelines.read_again(query, reader, page)? else {
        return Ok(None);
    };
    Ok(Some(TimelinePage { entries: query.statuses(&ids)?, has_older }))
}
