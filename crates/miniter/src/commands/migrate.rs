//! `miniter migrate`.

use std::io::Write;

use miniter_persistence::Store;

use crate::settings::Settings;

/// Runs the pending migrations of the database and prints their names.
///
/// # Errors
/// If the database cannot be opened or a migration fails.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    // A closed standard output must not stop a migration halfway.
    Store::migrate(&settings.database_url, &mut |line| drop(writeln!(out, "{line}")))?;
    writeln!(out, "{} is up to date", settings.database_url)?;
    Ok(())
}
