//! The database behind miniter: implements the repository traits of `miniter-domain` with Diesel.
//!
//! [`Store::open`] opens a database, brings its schema up to date and holds the pools of connections; it is all the
//! repositories in one.

mod access_tokens;
mod accounts;
#[cfg(feature = "mysql")]
mod adoption;
mod app_labels;
mod backend;
mod caches;
mod circles;
mod counts;
mod database;
mod error;
mod feed;
mod home_timelines;
mod idempotency;
mod interactions;
#[cfg(feature = "mysql")]
mod maintenance;
mod memory;
#[cfg(feature = "mysql")]
mod migration;
mod notifications;
mod relationships;
mod repositories;
mod rows;
mod schema;
mod status_writes;
mod statuses;
mod store;
mod timelines;
mod token_versions;
mod tweet_ids;
mod tweets;
mod url;
mod writer;

pub use backend::sqlite::backup::{BackupContents, BackupError, Restoration, Restored, back_up};
pub use error::OpenError;
pub use store::{Store, StoreOptions};
#[cfg(feature = "mysql")]
pub use url::MysqlUrl;
pub use url::{DatabaseUrl, DatabaseUrlError};
