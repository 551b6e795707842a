//! SQLite: how a connection is set up, how a file is examined before it is used, and the connections that read.

pub(crate) mod backup;
pub(crate) mod files;
mod inspection;
pub(crate) mod log;
pub(crate) mod watch;

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use miniter_domain::{Capacity, Connections, RepositoryError};

use crate::backend::prepared::prepared;
use crate::backend::{ANSWER_TIMEOUT, run_pending};
use crate::error::{OpenError, classify, classify_open};

/// The migrations, compiled in. The `diesel` command line tool runs the same files.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How long a statement waits for a lock that another connection or program holds.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How many writes may wait for the one connection that writes, to share its next commit.
const WRITES: usize = 16;

/// How many threads there may be for each use case that may run, whose use case was given up.
const ABANDONED: usize = 3;

/// How much is asked of a file at once, which so many connections read. Its locks may be held by other programs: what waits for
/// a lock has as long as a statement does, and then some.
pub(crate) fn capacity(readers: u32) -> Capacity {
    Capacity {
        reads: readers as usize,
        writes: WRITES,
        abandoned: ABANDONED,
        queue_timeout: LOCK_WAIT,
        use_case_timeout: LOCK_WAIT + Duration::from_secs(2),
        freshness_timeout: ANSWER_TIMEOUT,
    }
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Reads only; SQLite refuses anything else on it.
    Reader,
    /// The one connection that writes.
    Writer,
}

/// Sets what SQLite keeps per connection. <https://www.sqlite.org/pragma.html>
fn set_up(connection: &mut SqliteConnection, access: Access) -> QueryResult<()> {
    // First, since the next statements may meet a lock themselves.
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", LOCK_WAIT.as_millis()))?;
    // Readers never wait for the writer, nor the writer for them.
    connection.batch_execute("PRAGMA journal_mode = WAL")?;
    // fsync the log at each commit: what was acknowledged survives a power cut. With NORMAL, WAL's last commits do not.
    connection.batch_execute("PRAGMA synchronous = FULL")?;
    // Off by default in SQLite; the verdict "no such user" rests on it.
    connection.batch_execute("PRAGMA foreign_keys = ON")?;
    // After a burst the log is cut back to 64 MiB, rather than keeping its greatest size for ever.
    connection.batch_execute("PRAGMA journal_size_limit = 67108864")?;
    if access == Access::Reader {
        // Pages that are read again are in the operating system's cache; this one is there once for each connection.
        connection.batch_execute("PRAGMA cache_size = -512")?;
        connection.batch_execute("PRAGMA query_only = ON")?;
    }
    Ok(())
}

/// Connects to a file that [`open`] has found sound.
fn connect(path: &Path, access: Access) -> Result<SqliteConnection, diesel::r2d2::Error> {
    let mut connection =
        SqliteConnection::establish(&locator(path)).map_err(diesel::r2d2::Error::ConnectionError)?;
    set_up(&mut connection, access).map_err(diesel::r2d2::Error::QueryError)?;
    Ok(connection)
}

/// A number that changes when something is committed, as a connection sees it: by any other connection.
pub(crate) fn data_version(connection: &mut SqliteConnection) -> QueryResult<i64> {
    prepared::<0, BigInt>("PRAGMA data_version", []).get_result(connection)
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Access {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        set_up(connection, *self).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// The connections that read.
pub(crate) struct Readers(r2d2::Pool<ConnectionManager<SqliteConnection>>);

impl Readers {
    /// Connects to a file that [`migrate`] has found sound.
    pub(crate) fn connect(path: &Path, count: u32) -> Result<Self, OpenError> {
        let pool = r2d2::Pool::builder()
            .max_size(count)
            .connection_timeout(LOCK_WAIT)
            // A connection to a file does not break while it is idle.
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_customizer(Box::new(Access::Reader))
            .build(ConnectionManager::new(locator(path)))
            .map_err(|error| classify_open(path, error.to_string()))?;
        Ok(Self(pool))
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> Connections {
        let r2d2::State { connections, idle_connections, .. } = self.0.state();
        Connections { open: connections, idle: idle_connections }
    }

    /// Runs a query.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        let mut connection = self.0.get().map_err(|error| RepositoryError::Unavailable(error.into()))?;
        query(&mut connection).map_err(classify)
    }
}

/// The connection that writes, to a file that [`migrate`] has found sound. It does not wait for locks: the thread that writes
/// does that itself.
pub(crate) fn connect_writer(path: &Path) -> Result<SqliteConnection, RepositoryError> {
    let unavailable = |error: diesel::r2d2::Error| RepositoryError::Unavailable(error.into());
    let mut connection = connect(path, Access::Writer).map_err(unavailable)?;
    connection.batch_execute("PRAGMA busy_timeout = 0").map_err(classify)?;
    Ok(connection)
}

/// Opens the file (creating it, readable by this user only) and makes sure that it is a sound database of ours that can be
/// written to. A file that is refused is as it was.
fn open(path: &Path) -> Result<SqliteConnection, OpenError> {
    let inaccessible =
        |error: std::io::Error| OpenError::Inaccessible { path: path.to_owned(), cause: error.to_string() };
    let file = fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(inaccessible)?;
    drop(file);
    inspection::inspect(path)?;

    let fail = |cause: String| classify_open(path, cause);
    let mut connection =
        SqliteConnection::establish(&locator(path)).map_err(|error| fail(error.to_string()))?;
    set_up(&mut connection, Access::Writer).map_err(|error| fail(error.to_string()))?;
    connection.immediate_transaction(|_| QueryResult::Ok(())).map_err(|error| fail(error.to_string()))?;
    Ok(connection)
}

/// Opens the file, brings its schema up to date and returns the names of the migrations that were run.
pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, OpenError> {
    let _lock = lock_folder(path)?;
    run_pending(&mut open(path)?, MIGRATIONS, &|_| Ok(()))
}

/// Waits until no other miniter is at the same point with a file in the same folder: of two that start on a new file,
/// both would find it without tables. The lock is on the folder, so it leaves nothing behind, and ends with the handle.
fn lock_folder(path: &Path) -> Result<File, OpenError> {
    let inaccessible =
        |error: std::io::Error| OpenError::Inaccessible { path: path.to_owned(), cause: error.to_string() };
    let folder = folder_of(path);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(inaccessible)?;
    let folder = File::open(folder).map_err(inaccessible)?;
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                sleep(Duration::from_millis(10));
            }
            Err(fs::TryLockError::WouldBlock) => return Err(OpenError::Locked { path: path.to_owned() }),
            Err(fs::TryLockError::Error(error)) => return Err(inaccessible(error)),
        }
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The file as Diesel takes it. A relative path gets a `./`, so that none can be mistaken for a URI.
fn locator(path: &Path) -> String {
    if path.is_absolute() { path.display().to_string() } else { format!("./{}", path.display()) }
}

/// The name of a file that SQLite or a backup keeps beside this one.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use diesel::dsl::sql;
    use diesel::sql_types::Text;

    use super::*;

    fn number(connection: &mut SqliteConnection, pragma: &str) -> i64 {
        sql::<BigInt>(&format!("PRAGMA {pragma}")).get_result(connection).unwrap()
    }

    #[test]
    fn every_connection_is_durable_and_checks_foreign_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("miniter.db");
        for (access, query_only) in [(Access::Reader, 1), (Access::Writer, 0)] {
            let mut connection = connect(&path, access).unwrap();
            let mode: String = sql::<Text>("PRAGMA journal_mode").get_result(&mut connection).unwrap();
            assert_eq!(mode, "wal");
            assert_eq!(number(&mut connection, "synchronous"), 2, "FULL");
            assert_eq!(number(&mut connection, "foreign_keys"), 1);
            assert_eq!(number(&mut connection, "busy_timeout"), 5_000);
            assert_eq!(number(&mut connection, "query_only"), query_only);
        }
    }
}
