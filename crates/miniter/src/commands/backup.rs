//! `miniter backup` and `miniter restore`.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use miniter_persistence::{BackupContents, Restoration, Restored};

use crate::secret;
use crate::settings::Settings;

/// Writes everything that is committed now into a new file. A server may run meanwhile.
///
/// # Errors
/// If the file cannot be written, or the database is on a database server, which has backup tools of its own.
pub fn back_up(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let path = sqlite_path(settings)?;
    let BackupContents { users, tweets } = miniter_persistence::back_up(path, file)?;
    writeln!(std::io::stdout(), "{users} users and {tweets} tweets are in {}", file.display())?;
    Ok(())
}

/// Replaces the database by a backup, and renames the generated token secret. This makes all issued tokens invalid. Otherwise
/// the token of an account created after the backup would be valid for the next account with the same id, and a token revoked
/// after the backup would be valid again. If the secret is in the settings, the output asks the operator to change it.
///
/// # Errors
/// If the backup is damaged, or the database is in use or on a database server.
pub fn restore(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let path = sqlite_path(settings)?;
    let restoration = Restoration::prepare(file, path)?;
    // Before the database: if the restore stops here, all users log in again, and that is the only damage. In the other order
    // an old token would be valid for the next account with the same id.
    let secret = if settings.jwt_secret.is_some() { None } else { secret::set_aside(path)? };
    let Restored { contents: BackupContents { users, tweets }, replaced } = restoration.finish()?;
    let mut out = std::io::stdout();
    writeln!(out, "{users} users and {tweets} tweets are in {}", path.display())?;
    if let Some(replaced) = replaced {
        writeln!(out, "the previous database is in {}", replaced.display())?;
    }
    if settings.jwt_secret.is_some() {
        writeln!(
            out,
            "set MINITER_JWT_SECRET to a new key, and leave MINITER_JWT_PREVIOUS_SECRETS empty: with the old key, tokens issued \
             after the backup are valid for new users with the same ids, and revoked tokens are valid again"
        )?;
    } else if let Some(secret) = secret {
        writeln!(out, "all users must log in again; the old token secret is in {}", secret.display())?;
    }
    Ok(())
}

fn sqlite_path(settings: &Settings) -> anyhow::Result<&Path> {
    settings.database_url.sqlite_path().context(
        "a database on a server is backed up with mariadb-dump --single-transaction and restored with mariadb; \
         docs/OPERATIONS.md has the lines",
    )
}
