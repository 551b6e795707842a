//! The database behind miniter: implements the repository traits of `miniter-domain` with Diesel.
//!
//! [`Store::open`] opens a database, brings its schema up to date and holds the pools of connections; it is all the
//! repositories in one.

#[cfg(feature = "mysql")]
mod adoption;
mod backend;
mod error;
mod feed;
mod follows;
mod health;
mod home_timelines;
mod idempotency;
mod known_addresses;
mod login_throttle;
mod memory;
mod rows;
mod schema;
mod sessions;
mod store;
mod tweets;
mod url;
mod users;

pub use backend::sqlite::backup::{BackupContents, BackupError, Restoration, Restored, back_up};
pub use error::OpenError;
pub use store::{Store, StoreOptions};
#[cfg(feature = "mysql")]
pub use url::MysqlUrl;
pub use url::{DatabaseUrl, DatabaseUrlError};
