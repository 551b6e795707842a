//! `miniter backup` and `miniter restore`.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use miniter_persistence::{BackupContents, Restoration, Restored};

use crate::secret;
use crate::settings::Settings;

/// Writes all that is committed now into a new file. Servers may run meanwhile.
///
/// # Errors
/// If the file cannot be written, or the database is on a server: that has tools of its own.
pub fn back_up(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let path = sqlite_path(settings)?;
    let BackupContents { users, tweets } = miniter_persistence::back_up(path, file)?;
    writeln!(std::io::stdout(), "{users} users and {tweets} tweets are in {}", file.display())?;
    Ok(())
}

/// Puts a backup in the place of the database, and the generated token secret aside. So the tokens that were given out are
/// good no more: some may be of accounts that are gone, whose ids will be given to others, or have been revoked since the
/// backup. A secret that is given in the settings is for whoever gives it to change, which is said.
///
/// # Errors
/// If the backup is not sound, or the database is in use or on a server.
pub fn restore(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let path = sqlite_path(settings)?;
    let restoration = Restoration::prepare(file, path)?;
    // First: if this is cut off before the backup is in its place, everybody logs in again, and that is all. The other way
    // round a token of before would speak for the next account that gets its number.
    let secret = if settings.jwt_secret.is_some() { None } else { secret::set_aside(path)? };
    let Restored { contents: BackupContents { users, tweets }, replaced } = restoration.finish()?;
    let mut out = std::io::stdout();
    writeln!(out, "{users} users and {tweets} tweets are in {}", path.display())?;
    if let Some(replaced) = replaced {
        writeln!(out, "what was there before is in {}", replaced.display())?;
    }
    if settings.jwt_secret.is_some() {
        writeln!(
            out,
            "set MINITER_JWT_SECRET to a new one, with none in MINITER_JWT_PREVIOUS_SECRETS: tokens that were given out or \
             revoked since the backup would be good for whoever gets the same user ids"
        )?;
    } else if let Some(secret) = secret {
        writeln!(out, "everybody has to log in again; the old token secret is in {}", secret.display())?;
    }
    Ok(())
}

fn sqlite_path(settings: &Settings) -> anyhow::Result<&Path> {
    settings.database_url.sqlite_path().context(
        "a database on a server is backed up with mariadb-dump --single-transaction and restored with mariadb; \
         docs/OPERATIONS.md has the lines",
    )
}
