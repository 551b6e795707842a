//! The open database, which is all the repositories in one.

use std::sync::Arc;

use miniter_domain::TweetIds;

#[cfg(feature = "mysql")]
use crate::backend::mysql;
use crate::backend::{Backend, sqlite};
use crate::error::OpenError;
#[cfg(feature = "mysql")]
use crate::timelines::mysql::keeper::Keeper;
use crate::url::DatabaseUrl;

/// How a [`Store`] uses its database.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How many connections there are; on SQLite those that read, beside the one that writes. At least 1.
    pub connections: u32,
}

/// An open database with an up-to-date schema. Implements every repository trait.
pub struct Store {
    /// Ends before the connections do.
    #[cfg(feature = "mysql")]
    _keeper: Option<Keeper>,
    pub(crate) backend: Backend,
    pub(crate) tweet_ids: Arc<dyn TweetIds>,
}

impl Store {
    /// Opens the database (a SQLite file is made where there is none) and does what [`Store::migrate`] does.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who starts the server.
    pub fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        tweet_ids: Arc<dyn TweetIds>,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, OpenError> {
        Self::migrate(url, report)?;
        match url {
            DatabaseUrl::Sqlite(path) => Ok(Self {
                #[cfg(feature = "mysql")]
                _keeper: None,
                backend: Backend::Sqlite(sqlite::Database::connect(path, options.connections)?),
                tweet_ids,
            }),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => {
                let pool = Arc::new(mysql::Pool::connect(url, options.connections, mysql::Role::Serving)?);
                let keeper = Keeper::start(Arc::clone(&pool))
                    .map_err(|error| OpenError::unreachable(url, &error.to_string()))?;
                Ok(Self { _keeper: Some(keeper), backend: Backend::Mysql(pool), tweet_ids })
            }
        }
    }

    /// Opens the database as [`Store::open`] does, runs the migrations it lacks and returns their names.
    ///
    /// A database with the tables of the original miniter is adopted first. What is done then is told to `report`, a
    /// line at a time and before it is done.
    ///
    /// # Errors
    /// The same.
    pub fn migrate(url: &DatabaseUrl, report: &mut dyn FnMut(&str)) -> Result<Vec<String>, OpenError> {
        let applied = match url {
            DatabaseUrl::Sqlite(path) => sqlite::migrate(path),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => mysql::migrate(url, report),
        }?;
        for version in &applied {
            report(&format!("applied the migration {version}"));
        }
        Ok(applied)
    }
}
