//! `miniter user`.

use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::{Context, bail};
use clap::Subcommand;
use miniter_service::{ServiceError, set_password};

use crate::app;
use crate::settings::Settings;

/// What can be done with accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// Give an account another password, and log it out everywhere; servers may run meanwhile. The password is asked for, or
    /// read from the first line of standard input
    SetPassword {
        /// The account's e-mail address
        email: String,
    },
}

/// Does it.
///
/// # Errors
/// If there is no such account, the password breaks a rule, or the database cannot be used.
pub fn run(command: UserCommand, settings: &Settings) -> anyhow::Result<()> {
    let UserCommand::SetPassword { email } = command;
    let store = app::open_store(settings)?;
    let passwords = app::open_passwords(1)?;
    let password = read_password().context("cannot read the password")?;
    match set_password(&*store, &passwords, &email, password) {
        Ok(user) => {
            writeln!(stdout(), "user {user} has a new password and is logged out everywhere")?;
            Ok(())
        }
        Err(ServiceError::UserNotFound) => bail!("nobody has the e-mail address {email:?}"),
        Err(ServiceError::Invalid(rule)) => bail!("{rule}"),
        Err(error) => Err(error.into()),
    }
}

fn read_password() -> anyhow::Result<String> {
    if !stdin().is_terminal() {
        let mut line = String::new();
        stdin().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("New password: ")?;
    if rpassword::prompt_password("Once more: ")? != password {
        bail!("the two are not the same");
    }
    Ok(password)
}
