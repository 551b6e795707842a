//! The open database, which is all the repositories in one.

use std::sync::Arc;

use diesel::sqlite::Sqlite;
use miniter_domain::{NodeNumber, TweetIds};

#[cfg(feature = "mysql")]
use crate::backend::mysql;
use crate::backend::{Backend, newest, sqlite};
use crate::error::OpenError;
use crate::token_versions::TokenVersions;
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
    pub(crate) token_versions: Arc<TokenVersions>,
    /// The version of the newest migration that this program knows.
    pub(crate) newest_migration: String,
}

impl Store {
    /// Opens the database (a SQLite file is made where there is none) and does what [`Store::migrate`] does. `tweet_ids` makes
    /// the generator for the number that this node has got.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who starts the server.
    pub fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        tweet_ids: impl FnOnce(NodeNumber) -> Arc<dyn TweetIds>,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, OpenError> {
        Self::migrate(url, report)?;
        let token_versions = Arc::new(TokenVersions::new());
        let (backend, node, newest_migration) = match url {
            DatabaseUrl::Sqlite(path) => {
                let doubtful = Arc::clone(&token_versions);
                let database =
                    sqlite::Database::connect(path, options.connections, move || doubtful.doubt())?;
                // It is the file's lock that orders tweets.
                (Backend::Sqlite(database), NodeNumber::ALONE, newest::<Sqlite>(&sqlite::MIGRATIONS)?)
            }
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => {
                let database = mysql::Database::connect(url, options.connections)?;
                let node = database.node;
                (Backend::Mysql(database), node, newest::<diesel::mysql::Mysql>(&mysql::MIGRATIONS)?)
            }
        };
        Ok(Self { backend, tweet_ids: tweet_ids(node), token_versions, newest_migration })
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
