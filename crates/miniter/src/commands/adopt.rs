//! `miniter adopt`.

use std::io::{Write, stdin, stdout};

use anyhow::bail;
use miniter_persistence::Store;

use crate::settings::Settings;

/// Converts a database of the original miniter, after it has printed the changes and the operator has agreed.
///
/// # Errors
/// If the database is not one of the original, the tables have an obstacle, or the operator does not agree: then nothing is
/// changed. If the conversion is interrupted: a second run finishes it.
pub fn run(settings: &Settings, is_agreed: bool) -> anyhow::Result<()> {
    let url = &settings.database_url;
    // A closed standard output must not stop an adoption halfway.
    let mut say = |line: &str| drop(writeln!(stdout(), "{line}"));
    let Some(plan) = Store::plan_adoption(url, &mut say)? else {
        bail!("{url} is no database of the original miniter; nothing was changed");
    };
    say(&format!("{url} has the tables of the original miniter. Their adoption makes these changes:"));
    for line in &plan {
        say(&format!("  {line}"));
    }
    say("The original server must not run meanwhile, and a backup must be at hand.");
    if !is_agreed && !asks("Adopt them? [y/N] ")? {
        bail!("nothing was changed");
    }
    Store::adopt(url, &mut say)?;
    say(&format!("{url} is adopted and up to date"));
    Ok(())
}

/// Asks a person, and returns whether the reply is yes. The end of the input is a no.
fn asks(question: &str) -> anyhow::Result<bool> {
    write!(stdout(), "{question}")?;
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}
