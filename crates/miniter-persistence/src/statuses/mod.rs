//! Statuses by their ids: from memory, and what is not there from the database.

mod cache;
#[cfg(feature = "mysql")]
mod mysql;
mod rows;
mod sqlite;

use std::sync::Arc;

use diesel::QueryResult;
use miniter_domain::Status;

pub(crate) use cache::Statuses;

/// Where statuses are read from.
pub(crate) trait StatusQuery {
    /// The statuses with these ids, as far as they exist, in ascending order.
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>>;
}
