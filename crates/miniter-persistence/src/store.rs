//! The open database, which is all the repositories in one.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use miniter_domain::{Capacity, OnFresh, RepositoryError};

#[cfg(feature = "mysql")]
use crate::backend::mysql;
use crate::backend::{Backend, newest, read, sqlite};
use crate::error::OpenError;
use crate::feed::freshness::Freshness;
use crate::home_timelines::HomeTimelines;
use crate::memory::Memory;
use crate::schema::token_versions;
use crate::sessions::TokenVersions;
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
    pub(crate) backend: Arc<Backend>,
    pub(crate) memory: Arc<Memory>,
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
        let memory = Arc::new(Memory {
            home_timelines: HomeTimelines::new(max_age),
            token_versions: TokenVersions::new(),
        });
        let (backend, capacity, newest_migration) = match url {
            DatabaseUrl::Sqlite(path) => {
                let database = sqlite::Database::connect(path, options.connections, memory.clone())?;
                (
                    Backend::Sqlite(database),
                    sqlite::capacity(options.connections),
                    newest::<Sqlite>(&sqlite::MIGRATIONS)?,
                )
            }
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => {
                let database = mysql::Database::connect(url, options.connections)?;
                (
                    Backend::Mysql(database),
                    mysql::capacity(options.connections),
                    newest::<diesel::mysql::Mysql>(&mysql::MIGRATIONS)?,
                )
            }
        };
        let backend = Arc::new(backend);
        let looking = Look { backend: Arc::clone(&backend), memory: Arc::clone(&memory) };
        let fail = |cause: String| OpenError::Unusable { cause };
        looking.run().map_err(|error| fail(error.to_string()))?;
        let freshness = Freshness::start(move || looking.run()).map_err(|error| fail(error.to_string()))?;
        Ok(Self { backend, memory, freshness, capacity, newest_migration })
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
            DatabaseUrl::Mysql(url) => mysql::migrate(url, mysql::Originals::Refuse, report),
        }?;
        Ok(told(applied, report))
    }

    /// What [`Store::adopt`] would do, a sentence each; `None` if the database does not have the tables of the original
    /// miniter. Changes nothing.
    ///
    /// # Errors
    /// Those of [`Store::adopt`].
    pub fn plan_adoption(
        url: &DatabaseUrl,
        report: &mut dyn FnMut(&str),
    ) -> Result<Option<Vec<String>>, OpenError> {
        match url {
            DatabaseUrl::Sqlite(_) => Ok(None),
            #[cfg(feature = "mysql")]
            DatabaseUrl::Mysql(url) => mysql::plan_adoption(url, report),
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
                Ok(told(mysql::migrate(url, mysql::Originals::Adopt, report)?, report))
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
        match &*self.backend {
            Backend::Sqlite(file) => {
                let is_known = file.check_foreign_writes() && !self.memory.token_versions.is_in_doubt();
                is_known.then_some(Ok(()))
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(_) => None,
        }
    }

    fn check(&self, then: OnFresh) {
        self.freshness.check(then);
    }
}

/// A look at the database, which brings what is in memory up to date.
struct Look {
    backend: Arc<Backend>,
    memory: Arc<Memory>,
}

impl Look {
    fn run(&self) -> Result<(), RepositoryError> {
        match &*self.backend {
            Backend::Sqlite(file) => file.await_foreign_writes()?,
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => database.feed.catch_up(&database.pool, &self.memory)?,
        }
        let token_versions = &self.memory.token_versions;
        if token_versions.is_in_doubt() {
            let (doubts, newest) = token_versions.doubts();
            let newer: Vec<(i64, i64)> = read!(self, |connection| {
                token_versions::table
                    .filter(token_versions::version.gt(newest))
                    .select((token_versions::user_id, token_versions::version))
                    .load(connection)
            })?;
            token_versions.remove(&doubts, &newer);
        }
        Ok(())
    }
}
