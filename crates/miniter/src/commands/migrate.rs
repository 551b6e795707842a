//! `miniter migrate`.

use std::io::Write;

use miniter_persistence::Store;

use crate::settings::Settings;

/// Brings the schema of the database up to date and says what was done.
///
/// # Errors
/// If the database cannot be opened or a migration fails.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    // What is done matters more than whether somebody reads about it.
    Store::migrate(&settings.database_url, &mut |line| drop(writeln!(out, "{line}")))?;
    writeln!(out, "{} is up to date", settings.database_url)?;
    Ok(())
}
