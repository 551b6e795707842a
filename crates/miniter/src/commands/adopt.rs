//! `miniter adopt`.

use std::io::{Write, stdin, stdout};

use anyhow::bail;
use miniter_persistence::Store;

use crate::settings::Settings;

/// Makes a database of the original miniter this one's, after it has shown what that takes and was told to go on.
///
/// # Errors
/// If there is nothing to adopt, something about the tables is in the way, or the answer is no: then nothing is changed. If it
/// is interrupted: a second run finishes.
pub fn run(settings: &Settings, is_agreed: bool) -> anyhow::Result<()> {
    let url = &settings.database_url;
    // What is done matters more than whether somebody reads about it.
    let mut say = |line: &str| drop(writeln!(stdout(), "{line}"));
    let Some(plan) = Store::plan_adoption(url, &mut say)? else {
        bail!("{url} is no database of the original miniter; nothing was changed");
    };
    say(&format!("{url} has the tables of the original miniter. To adopt them is to:"));
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

/// Whether a person says yes. The end of the input is a no.
fn asks(question: &str) -> anyhow::Result<bool> {
    write!(stdout(), "{question}")?;
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}
