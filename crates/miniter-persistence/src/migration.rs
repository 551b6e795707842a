//! Bringing a server's schema up to date, and making the original's tables ours.

use diesel::connection::SimpleConnection;

use crate::adoption;
use crate::backend::mysql::connection::{Purpose, open, set_up};
use crate::backend::mysql::migration_lock::MigrationLock;
use crate::backend::mysql::{MIGRATIONS, leases, make_history};
use crate::backend::run_pending;
use crate::error::OpenError;
use crate::url::MysqlUrl;

/// What becomes of the original's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Originals {
    /// They are refused.
    Refuse,
    /// They are made ours.
    Adopt,
}

/// A failure that is one of rights, told as such.
#[expect(clippy::wildcard_enum_match_arm, reason = "two of many are looked at")]
fn reworded(error: OpenError, url: &MysqlUrl) -> OpenError {
    match error {
        OpenError::Adoption { cause } | OpenError::Migration { cause }
            if cause.contains("denied to user") || cause.contains("read-only") =>
        {
            OpenError::NotWritable { url: url.to_string(), cause }
        }
        error => error,
    }
}

/// What an adoption would do, if the database has the original's tables. Changes nothing.
pub(crate) fn plan_adoption(
    url: &MysqlUrl,
    report: &mut dyn FnMut(&str),
) -> Result<Option<Vec<String>>, OpenError> {
    let (mut connection, _) = open(url)?;
    let reworded = |error| reworded(error, url);
    // Looked at before the lock is taken, too: its table is made in no other database.
    if !adoption::is_of_the_original(&mut connection).map_err(reworded)? {
        return Ok(None);
    }
    let address = url.clone();
    let _lock = MigrationLock::wait(move || Ok(open(&address)?.0), report).map_err(reworded)?;
    if !adoption::is_of_the_original(&mut connection).map_err(reworded)? {
        return Ok(None);
    }
    let plan = adoption::plan(&mut connection).map_err(reworded);
    // Not even the table of the lock is left behind.
    leases::drop_table(&mut connection).map_err(|error| OpenError::unreachable(url, &error.to_string()))?;
    plan.map(Some)
}

/// Brings the schema up to date and returns the names of the migrations that were run. Makes sure that the server lets
/// us write.
pub(crate) fn migrate(
    url: &MysqlUrl,
    originals: Originals,
    report: &mut dyn FnMut(&str),
) -> Result<Vec<String>, OpenError> {
    let (mut connection, flavour) = open(url)?;
    let unreachable = |cause: String| OpenError::unreachable(url, &cause);
    let not_writable = |cause: String| OpenError::NotWritable { url: url.to_string(), cause };
    let reworded = |error| reworded(error, url);
    let address = url.clone();
    let lock = MigrationLock::wait(move || Ok(open(&address)?.0), report).map_err(reworded)?;
    adoption::mend_first_migration(&mut connection, report).map_err(reworded)?;
    if adoption::is_of_the_original(&mut connection).map_err(reworded)? {
        let outcome = match originals {
            Originals::Refuse => Err(OpenError::NotAdopted { url: url.to_string() }),
            Originals::Adopt => adoption::adopt(&mut connection, report),
        };
        if let Err(error) = outcome {
            if matches!(error, OpenError::NotAdopted { .. } | OpenError::NotAdoptable { .. }) {
                // Not even the table of the lock is left behind.
                leases::drop_table(&mut connection).map_err(|error| unreachable(error.to_string()))?;
            }
            return Err(reworded(error));
        }
    }
    // An adoption is lenient with the rows that it finds.
    set_up(&mut connection, flavour, Purpose::Maintaining).map_err(|error| unreachable(error.to_string()))?;
    make_history(&mut connection)
        .map_err(|error| reworded(OpenError::Migration { cause: error.to_string() }))?;
    let applied =
        run_pending(&mut connection, MIGRATIONS, &|connection| lock.check(connection)).map_err(reworded)?;
    // Statements that change nothing, and are refused where those that do would be.
    for (table, columns) in [
        ("users", "name, email, hashed_password, profile"),
        ("users_follow_list", "user_id, follow_user_id"),
        ("tweets", "id, user_id, tweet"),
    ] {
        for statement in [
            format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE FALSE"),
            format!("UPDATE {table} SET created_at = created_at WHERE FALSE"),
            format!("DELETE FROM {table} WHERE FALSE"),
        ] {
            connection.batch_execute(&statement).map_err(|error| not_writable(error.to_string()))?;
        }
    }
    Ok(applied)
}
