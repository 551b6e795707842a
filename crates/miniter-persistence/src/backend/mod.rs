//! Connections: how one is set up, how one is borrowed, and how a schema is migrated. What is done with them, nothing here knows.

pub(crate) mod ids;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
pub(crate) mod portable;
pub(crate) mod prepared;
pub(crate) mod sqlite;

use std::time::Duration;

use diesel::backend::Backend as SqlBackend;
use diesel::dsl::max;
use diesel::migration::{Migration, MigrationConnection, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;

use crate::error::OpenError;
use crate::schema::minimum_migration;

/// How long a request waits for the outcome of a freshness check, on any database, and for a server's answer to anything else.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_400);

/// How long what is done on a server may take before it counts as stuck: in a server that hangs, or in a connection that has died
/// without a word. A little less than a request waits for its answer, so that the next one does not wait for the same; what is
/// merely slow costs others no more than a new connection or thread.
pub(crate) const STUCK: Duration = ANSWER_TIMEOUT.saturating_sub(Duration::from_millis(50));

diesel::table! {
    /// Which migrations have been run; the diesel command line tool's own.
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// The versions of these migrations.
fn versions<DB: SqlBackend>(known: &impl MigrationSource<DB>) -> Result<Vec<String>, OpenError> {
    let migrations = known.migrations().map_err(|error| OpenError::Migration { cause: error.to_string() })?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// The version of the newest of these migrations.
pub(crate) fn newest<DB: SqlBackend>(known: &impl MigrationSource<DB>) -> Result<String, OpenError> {
    Ok(versions(known)?.into_iter().max().unwrap_or_default())
}

/// The newest migration of a database that this program does not know, if there is one and the program works with it all
/// the same. `applied` has the newest first.
///
/// # Errors
/// [`OpenError::NewerSchema`] if this program cannot work with the database any more.
fn newer_than(
    known: &[String],
    applied: &[String],
    minimum: impl FnOnce() -> QueryResult<Option<String>>,
) -> Result<Option<String>, OpenError> {
    let Some(unknown) = applied.iter().find(|version| !known.contains(version)) else { return Ok(None) };
    let minimum = minimum().map_err(|error| OpenError::Migration { cause: error.to_string() })?;
    if !minimum.is_some_and(|minimum| known.contains(&minimum)) {
        return Err(OpenError::NewerSchema { version: unknown.clone() });
    }
    Ok(Some(unknown.clone()))
}

/// Runs the migrations that the database lacks and returns their names. `may_go_on` is asked before each.
///
/// A database may have newer ones, if they leave this program working: else a release could not be taken back.
///
/// # Errors
/// [`OpenError::NewerSchema`] if this program cannot work with the database any more, [`OpenError::Migration`] if a migration
/// fails.
pub(crate) fn run_pending<DB, C, S>(
    connection: &mut C,
    known: S,
    may_go_on: &dyn Fn(&mut C) -> Result<(), OpenError>,
) -> Result<Vec<String>, OpenError>
where
    DB: SqlBackend,
    C: MigrationHarness<DB> + MigrationConnection + MinimumMigration,
    S: MigrationSource<DB>,
{
    let fail =
        |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration { cause: error.to_string() };
    let versions = versions(&known)?;
    // Before anything is changed. They come newest first.
    let applied: Vec<String> =
        connection.applied_migrations().map_err(fail)?.iter().map(ToString::to_string).collect();
    if let Some(unknown) = newer_than(&versions, &applied, || connection.minimum_migration())? {
        log::warn!(
            "the database was made by a newer miniter (it has the migration {unknown}), which leaves this one working"
        );
    }
    let mut run = Vec::new();
    for migration in connection.pending_migrations(known).map_err(fail)? {
        may_go_on(connection)?;
        run.push(connection.run_migration(&*migration).map_err(fail)?.to_string());
    }
    Ok(run)
}

/// What a schema demands of programs.
pub(crate) trait MinimumMigration {
    /// The newest migration that a program must know to work with it; `None` if it does not say.
    fn minimum_migration(&mut self) -> QueryResult<Option<String>>;
}

macro_rules! impl_minimum_migration {
    ($($connection:ty),*) => {
        $(impl MinimumMigration for $connection {
            fn minimum_migration(&mut self) -> QueryResult<Option<String>> {
                minimum_migration::table.select(max(minimum_migration::version)).first(self)
            }
        })*
    };
}

impl_minimum_migration!(SqliteConnection);
#[cfg(feature = "mysql")]
impl_minimum_migration!(MysqlConnection);
