//! The open database, which is all the repositories in one.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use miniter_domain::{Capacity, OnFresh, RepositoryError};

use crate::access_tokens::AccessTokens;
use crate::accounts::Accounts;
use crate::app_labels::AppLabels;
#[cfg(feature = "mysql")]
use crate::backend::mysql;
use crate::backend::{newest, sqlite};
use crate::caches::Caches;
use crate::circles::Circles;
#[cfg(feature = "mysql")]
use crate::database::MysqlDatabase;
use crate::database::{Database, SqliteDatabase, read};
use crate::error::OpenError;
use crate::feed::freshness::Freshness;
use crate::home_timelines::HomeTimelines;
use crate::interactions::InteractionCache;
#[cfg(feature = "mysql")]
use crate::migration;
use crate::schema::token_versions;
use crate::statuses::Statuses;
use crate::token_versions::TokenVersions;
use crate::url::DatabaseUrl;

/// How a [`Store`] uses its database.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How many connections read, beside the one that writes. At least 1.
    pub connections: u32,
    /// On a server: how long what other programs write may stay unseen. `None` if they write nothing but tweets, which are
    /// seen at once. On SQLite everything is.
    pub foreign_writes: Option<Duration>,
}

/// An open database with an up-to-date schema. Implements every repository trait.
pub struct Store {
    pub(crate) database: Arc<Database>,
    pub(crate) caches: Arc<Caches>,
    freshness: Freshness,
    capacity: Capacity,
    /// The version of the newest migration that this program knows.
    pub(crate) newest_migration: String,
}

impl Store {
    /// Opens the database (a SQLite file is made where there is none) and does what [`Store::migrate`] does.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who starts the server.
    pub fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, OpenError> {
        Self::migrate(url, report)?;
        let max_age = if url.sqlite_path().is_some() { None } else { options.foreign_writes };
        let caches = Arc::new(Caches {
            accounts: Accounts::new(max_age),
            home_timelines: HomeTimelines::new(max_age),
            statuses: Statuses::new(max_age),
            circles: Circles::new(max_age),
            interactions: InteractionCache::new(max_age),
            token_versions: TokenVersions::new(),
            access_tokens: AccessTokens::new(max_age),
            app_labels: AppLabels::new(),
        });
        let (database, capacity, newest_migration) = match url {
            DatabaseUrl::Sqlite(path) => {
                let database = SqliteDatabase::connect(path, options.connections, caches.clone())?;
                (
                    Database::Sqlite(database),
                    sqlite::capacity(options.connections),
                    newest::<Sqlite>(&sqlite::MIGRATIONS)?,
                )
            }
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => {
                let database = MysqlDatabase::connect(url, options.connections)?;
                (
                    Database::Mysql(database),
                    mysql::capacity(options.connections),
                    newest::<diesel::mysql::Mysql>(&mysql::MIGRATIONS)?,
                )
            }
        };
        let database = Arc::new(database);
        let looking = Look { database: Arc::clone(&database), caches: Arc::clone(&caches) };
        let fail = |cause: String| OpenError::Unusable { cause };
        looking.run().map_err(|error| fail(error.to_string()))?;
        let freshness = Freshness::start(move || looking.run()).map_err(|error| fail(error.to_string()))?;
        Ok(Self { database, caches, freshness, capacity, newest_migration })
    }

    /// How much may be asked of the store at once, and how long its answers take.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Opens the database as [`Store::open`] does, runs the migrations it lacks and returns their names.
    ///
    /// What is done is told to `report`, a line at a time and before it is done.
    ///
    /// # Errors
    /// The same. A database with the tables of the original miniter is refused, and stays as it is.
    pub fn migrate(url: &DatabaseUrl, report: &mut dyn FnMut(&str)) -> Result<Vec<String>, OpenError> {
        let applied = match url {
            DatabaseUrl::Sqlite(path) => sqlite::migrate(path),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => migration::migrate(url, migration::Originals::Refuse, report),
        }?;
        Ok(told(applied, report))
    }

    /// What [`Store::adopt`] would do, a sentence each; `None` if the database does not have the tables of the original
    /// miniter. Changes nothing.
    ///
    /// # Errors
    /// Those of [`Store::adopt`].
    #[cfg_attr(
        not(feature = "mysql"),
        expect(unused_variables, reason = "without a server nothing is looked at")
    )]
    pub fn plan_adoption(
        url: &DatabaseUrl,
        report: &mut dyn FnMut(&str),
    ) -> Result<Option<Vec<String>>, OpenError> {
        match url {
            DatabaseUrl::Sqlite(_) => Ok(None),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => migration::plan_adoption(url, report),
        }
    }

    /// Makes the tables of the original miniter ours and does what [`Store::migrate`] does.
    ///
    /// # Errors
    /// Those of [`Store::migrate`], and if something about the tables is in the way: then nothing is changed.
    pub fn adopt(url: &DatabaseUrl, report: &mut dyn FnMut(&str)) -> Result<Vec<String>, OpenError> {
        match url {
            DatabaseUrl::Sqlite(_) => Self::migrate(url, report),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => {
                Ok(told(migration::migrate(url, migration::Originals::Adopt, report)?, report))
            }
        }
    }
}

/// The migrations that were run, having been reported.
fn told(applied: Vec<String>, report: &mut dyn FnMut(&str)) -> Vec<String> {
    for version in &applied {
        report(&format!("applied the migration {version}"));
    }
    applied
}

impl miniter_domain::Freshness for Store {
    fn check_now(&self) -> Option<Result<(), RepositoryError>> {
        let is_fresh = self.database.catch_up_now() && !self.caches.token_versions.is_stale();
        is_fresh.then_some(Ok(()))
    }

    fn check(&self, then: OnFresh) {
        self.freshness.check(then);
    }
}

/// A look at the database, which brings what is in memory up to date.
struct Look {
    database: Arc<Database>,
    caches: Arc<Caches>,
}

impl Look {
    fn run(&self) -> Result<(), RepositoryError> {
        self.database.catch_up(&*self.caches)?;
        let token_versions = &self.caches.token_versions;
        if token_versions.is_stale() {
            let refresh = token_versions.begin();
            let newer: Vec<(i64, i64)> = read!(self, |connection| {
                token_versions::table
                    .filter(token_versions::version.gt(refresh.above))
                    .select((token_versions::user_id, token_versions::version))
                    .load(connection)
            })?;
            token_versions.finish(&refresh, &newer);
        }
        Ok(())
    }
}
