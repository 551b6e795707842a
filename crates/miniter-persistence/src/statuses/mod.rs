//! Statuses by their ids: from memory, and what is not there from the database.

mod cache;
#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

use std::sync::Arc;

use diesel::QueryResult;
use miniter_domain::{Status, TweetId, UserId};

pub(crate) use cache::Statuses;

use crate::rows::Moment;

/// Where statuses are read from.
pub(crate) trait StatusQuery {
    /// The statuses with these ids, as far as they exist, in ascending order.
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>>;
}

/// A row: id, author, text, when it was published.
type Row = (i64, i64, String, Moment);

fn status((id, author, text, Moment(created_at)): Row) -> Arc<Status> {
    Arc::new(Status { id: TweetId::new(id), author: UserId::new(author), text, created_at })
}
