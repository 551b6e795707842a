//! Statuses by their ids: from memory, and what is not there from the database.

mod cache;
mod query;
mod rows;

pub(crate) use cache::Statuses;
pub(crate) use query::StatusQuery;
