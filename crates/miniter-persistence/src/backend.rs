//! What is particular to SQLite: how a connection is set up and how a file is examined before it is used.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::{OpenError, classify_open};

/// The migrations, compiled in. The `diesel` command line tool runs the same files.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// A pool of connections to a SQLite file.
pub(crate) type Pool = r2d2::Pool<ConnectionManager<SqliteConnection>>;

/// How long a statement waits for a lock that another connection or program holds.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Files up to this size are checked from end to end at each start; that takes a fraction of a second. A larger one
/// would delay the start: there, only what the start reads is checked.
const CHECKED_SIZE: u64 = 64 << 20;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads only; SQLite refuses anything else on it.
    Reader,
    /// The one connection that writes.
    Writer,
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Role {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        set_up(connection, *self).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Sets what SQLite keeps per connection. <https://www.sqlite.org/pragma.html>
fn set_up(connection: &mut SqliteConnection, role: Role) -> QueryResult<()> {
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
    if role == Role::Reader {
        connection.batch_execute("PRAGMA query_only = ON")?;
    }
    Ok(())
}

/// Opens the file (creating it and its folder, readable by this user only) and makes sure that it is a sound database
/// that can be written to.
pub(crate) fn open(path: &Path) -> Result<SqliteConnection, OpenError> {
    let inaccessible =
        |error: std::io::Error| OpenError::Inaccessible { path: path.to_owned(), cause: error.to_string() };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(inaccessible)?;
    }
    let file = fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(inaccessible)?;
    let size = file.metadata().map_err(inaccessible)?.len();
    drop(file);

    let fail = |cause: String| classify_open(path, cause);
    let mut connection =
        SqliteConnection::establish(&locator(path)).map_err(|error| fail(error.to_string()))?;
    set_up(&mut connection, Role::Writer).map_err(|error| fail(error.to_string()))?;
    if size <= CHECKED_SIZE {
        let verdict = diesel::dsl::sql::<Text>("PRAGMA quick_check(1)")
            .get_result::<String>(&mut connection)
            .map_err(|error| fail(error.to_string()))?;
        if verdict != "ok" {
            return Err(OpenError::Corrupt { path: path.to_owned(), cause: verdict });
        }
    }
    connection.immediate_transaction(|_| QueryResult::Ok(())).map_err(|error| fail(error.to_string()))?;
    Ok(connection)
}

/// Brings the schema up to date and returns the names of the migrations that were run.
pub(crate) fn migrate(connection: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
    use diesel::migration::MigrationSource;
    use diesel::sqlite::Sqlite;

    let fail =
        |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration { cause: error.to_string() };
    let known: Vec<String> = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)
        .map_err(fail)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied = connection.applied_migrations().map_err(fail)?;
    if let Some(unknown) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(OpenError::NewerSchema { version: unknown });
    }
    let run = connection.run_pending_migrations(MIGRATIONS).map_err(fail)?;
    Ok(run.iter().map(ToString::to_string).collect())
}

/// The file as Diesel takes it. A relative path gets a `./`, so that none can be mistaken for a URI.
pub(crate) fn locator(path: &Path) -> String {
    if path.is_absolute() { path.display().to_string() } else { format!("./{}", path.display()) }
}
