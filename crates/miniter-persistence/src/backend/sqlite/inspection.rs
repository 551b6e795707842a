//! What a file is, found out before anything about it is changed.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::backend::sqlite::{LOCK_WAIT, MIGRATIONS, locator, with_suffix};
use crate::backend::{__diesel_schema_migrations, MinimumMigration, newer_than, versions};
use crate::error::{OpenError, classify_open};

/// Files up to this size are checked from end to end at each start; that takes a fraction of a second. A larger one
/// would delay the start: there, only what the start reads is checked.
const CHECKED_SIZE: u64 = 64 << 20;

/// How many names of another program's tables a message has.
const NAMES: usize = 5;

/// Refuses a file that is damaged, that another program has made, or that only a newer miniter can work with. Such a file
/// stays as it is: in its journal mode, without a new table, and without a log beside it.
pub(super) fn inspect(path: &Path) -> Result<(), OpenError> {
    let fail = |cause: String| classify_open(path, cause);
    let mut connection = connect_without_a_trace(path).map_err(fail)?;
    check_schema(&mut connection, path)?;
    let size = fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
    if size <= CHECKED_SIZE {
        let verdict: String = sql::<Text>("PRAGMA quick_check(1)")
            .get_result(&mut connection)
            .map_err(|error| fail(error.to_string()))?;
        if verdict != "ok" {
            return Err(OpenError::Corrupt { path: path.to_owned(), cause: verdict });
        }
    }
    Ok(())
}

/// Refuses a database that another program has made, or that only a newer miniter can work with. An empty one is welcome.
pub(super) fn check_schema(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let fail = |error: diesel::result::Error| classify_open(path, error.to_string());
    let tables: Vec<String> = sql::<Text>(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name",
    )
    .load(connection)
    .map_err(fail)?;
    let applied: Vec<String> = if tables.iter().any(|table| table == "__diesel_schema_migrations") {
        __diesel_schema_migrations::table
            .select(__diesel_schema_migrations::version)
            .order(__diesel_schema_migrations::version.desc())
            .load(connection)
            .map_err(fail)?
    } else {
        Vec::new()
    };
    // The diesel command line tool may have made the table of migrations alone.
    let has_others = tables.iter().any(|table| table != "__diesel_schema_migrations");
    let known = versions::<Sqlite>(&MIGRATIONS)?;
    if applied.iter().any(|version| known.contains(version)) {
        newer_than(&known, &applied, || connection.minimum_migration())?;
    } else if has_others || !applied.is_empty() {
        let mut names = tables;
        if names.len() > NAMES {
            names.truncate(NAMES);
            names.push("…".to_owned());
        }
        return Err(OpenError::Foreign { path: path.to_owned(), tables: names.join(", ") });
    }
    Ok(())
}

/// A connection that changes nothing about the file and leaves nothing beside it.
fn connect_without_a_trace(path: &Path) -> Result<SqliteConnection, String> {
    // The log of a file is beside the file itself, wherever a link to it is.
    let file = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let locator = if with_suffix(&file, "-journal").exists() {
        // A transaction that was cut off is undone by the next program that opens the file. Without that the file is not sound.
        locator(&file)
    } else if with_suffix(&file, "-wal").exists() {
        // Some of the database is in the log. This connection neither moves that into the file nor removes the log.
        uri(&file, "mode=ro")
    } else {
        // No program has the file open. Another mode would make a log for a file that uses one.
        uri(&file, "immutable=1")
    };
    let mut connection = SqliteConnection::establish(&locator).map_err(|error| error.to_string())?;
    connection
        .batch_execute(&format!("PRAGMA busy_timeout = {}", LOCK_WAIT.as_millis()))
        .map_err(|error| error.to_string())?;
    Ok(connection)
}

/// A file as SQLite takes it with an option. <https://www.sqlite.org/uri.html>
fn uri(file: &Path, option: &str) -> String {
    let path = file.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?{option}")
}
