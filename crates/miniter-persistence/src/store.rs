//! The open database: its pools, and the two ways to use a connection.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;
use miniter_domain::{RepositoryError, TweetIds};

use crate::backend::{self, Pool, Role};
use crate::error::{OpenError, classify, classify_open};
use crate::url::DatabaseUrl;

/// How a [`Store`] uses its database.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How many connections read at once. At least 1.
    pub readers: u32,
}

/// An open database with an up-to-date schema. Implements every repository trait.
pub struct Store {
    readers: Pool,
    writer: Pool,
    pub(crate) tweet_ids: Arc<dyn TweetIds>,
}

impl Store {
    /// Opens the database, creating it where there is none, and runs the migrations it lacks.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence for the person who starts the server. The database is as it was.
    pub fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        tweet_ids: Arc<dyn TweetIds>,
    ) -> Result<Self, OpenError> {
        Self::migrate(url)?;
        let DatabaseUrl::Sqlite(path) = url;
        let pool = |role: Role, size: u32| {
            Pool::builder()
                .max_size(size)
                // A writer waits for its turn as long as it would for a lock.
                .connection_timeout(backend::LOCK_WAIT)
                // A connection to a file does not break while it is idle.
                .test_on_check_out(false)
                .idle_timeout(None::<Duration>)
                .max_lifetime(None::<Duration>)
                .connection_customizer(Box::new(role))
                .build(diesel::r2d2::ConnectionManager::new(backend::locator(path)))
                .map_err(|error| classify_open(path, error.to_string()))
        };
        // SQLite has one writer at a time; here it is one connection, so that waiting is fair and in one place.
        Ok(Self { readers: pool(Role::Reader, options.readers)?, writer: pool(Role::Writer, 1)?, tweet_ids })
    }

    /// Opens the database as [`Store::open`] does, runs the migrations it lacks and returns their names.
    ///
    /// # Errors
    /// The same.
    pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
        let DatabaseUrl::Sqlite(path) = url;
        backend::migrate(&mut backend::open(path)?)
    }

    /// Runs `query` on a connection that reads.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        let mut connection =
            self.readers.get().map_err(|error| RepositoryError::Unavailable(error.into()))?;
        query(&mut connection).map_err(classify)
    }

    /// Runs `statements` in one transaction on the connection that writes; durable once this returns `Ok`.
    ///
    /// The transaction is `IMMEDIATE`: it waits for the lock before it reads anything. One that begins as a reader and
    /// writes later can be refused halfway.
    pub(crate) fn write<T>(
        &self,
        statements: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        let mut connection = self.writer.get().map_err(|error| RepositoryError::Unavailable(error.into()))?;
        connection.immediate_transaction(statements).map_err(classify)
    }
}

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl;
    use diesel::dsl::sql;
    use diesel::sql_types::{BigInt, Text};
    use miniter_domain::TweetId;

    use super::*;

    struct NoIds;

    impl TweetIds for NoIds {
        fn next(&self) -> TweetId {
            TweetId::new(1)
        }
    }

    fn number(connection: &mut SqliteConnection, pragma: &str) -> i64 {
        sql::<BigInt>(&format!("PRAGMA {pragma}")).get_result(connection).unwrap()
    }

    #[test]
    fn every_pooled_connection_is_durable_and_checks_foreign_keys() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("miniter.db"));
        let store = Store::open(&url, StoreOptions { readers: 3 }, Arc::new(NoIds)).unwrap();

        // All of them at once, so that each is seen.
        let mut connections: Vec<_> = (0..3)
            .map(|_| (store.readers.get().unwrap(), 1))
            .chain([(store.writer.get().unwrap(), 0)])
            .collect();
        assert!(store.readers.try_get().is_none() && store.writer.try_get().is_none());
        for (connection, query_only) in &mut connections {
            let mode: String = sql::<Text>("PRAGMA journal_mode").get_result(&mut **connection).unwrap();
            assert_eq!(mode, "wal");
            assert_eq!(number(connection, "synchronous"), 2, "FULL");
            assert_eq!(number(connection, "foreign_keys"), 1);
            assert_eq!(number(connection, "busy_timeout"), 5_000);
            assert_eq!(number(connection, "query_only"), *query_only);
        }
    }
}
