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

pub(crate) use cache::HomeTimelines;
pub(crate) use query::{HomeQuery, Order, Range, page};
pub(crate) use window::FoundPage;
