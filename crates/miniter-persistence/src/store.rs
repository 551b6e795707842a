//! The open database, which is all the repositories in one.

use std::sync::Arc;

use miniter_domain::TweetIds;

#[cfg(feature = "mysql")]
use crate::backend::mysql;
use crate::backend::{Backend, sqlite};
use crate::error::OpenError;
use crate::url::DatabaseUrl;

/// How a [`Store`] uses its database.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How many connections there are; on SQLite those that read, beside the one that writes. At least 1.
    pub connections: u32,
}

/// An open database with an up-to-date schema. Implements every repository trait.
pub struct Store {
    pub(crate) backend: Backend,
    pub(crate) tweet_ids: Arc<dyn TweetIds>,
}

impl Store {
    /// Opens the database (a SQLite file is made where there is none) and runs the migrations it lacks.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who starts the server.
    pub fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        tweet_ids: Arc<dyn TweetIds>,
    ) -> Result<Self, OpenError> {
        Self::migrate(url)?;
        let backend = match url {
            DatabaseUrl::Sqlite(path) => Backend::Sqlite(sqlite::Pools::connect(path, options.connections)?),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => Backend::Mysql(mysql::Pool::connect(url, options.connections)?),
        };
        Ok(Self { backend, tweet_ids })
    }

    /// Opens the database as [`Store::open`] does, runs the migrations it lacks and returns their names.
    ///
    /// # Errors
    /// The same.
    pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::migrate(path),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => mysql::migrate(url),
        }
    }
}
