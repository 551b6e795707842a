//! `miniter user`.

use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::{Context, bail};
use clap::Subcommand;
use miniter_service::{ServiceError, set_password, unlock};
use secrecy::SecretString;

use crate::app;
use crate::settings::Settings;

/// The commands for accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// Set a new password for an account, log its user out everywhere and clear its count of wrong passwords. A server may run
    /// meanwhile. The command asks for the password at a terminal, and otherwise reads the first line of standard input
    SetPassword {
        /// The account's e-mail address
        email: String,
    },
    /// Clear the count of wrong passwords of an account, so that its user can log in at once. A server may run meanwhile
    Unlock {
        /// The account's e-mail address
        email: String,
    },
}

/// Runs a command for accounts.
///
/// # Errors
/// If the account does not exist, the password breaks a rule, or the database fails.
pub fn run(command: UserCommand, settings: &Settings) -> anyhow::Result<()> {
    let store = app::open_store(settings)?;
    let (email, done, said) = match command {
        UserCommand::SetPassword { email } => {
            let passwords = app::open_passwords(1)?;
            let password = read_password().context("cannot read the password")?;
            let done = set_password(&*store, &*store, &passwords, &email, password);
            (email, done, "has a new password and is logged out everywhere")
        }
        UserCommand::Unlock { email } => {
            let done = unlock(&*store, &*store, &email);
            (email, done, "may log in at once")
        }
    };
    match done {
        Ok(user) => {
            writeln!(stdout(), "user {user} {said}")?;
            Ok(())
        }
        Err(ServiceError::UserNotFound) => bail!("no account has the e-mail address {email:?}"),
        Err(ServiceError::Invalid(rule)) => bail!("{rule}"),
        Err(error) => Err(error.into()),
    }
}

fn read_password() -> anyhow::Result<SecretString> {
    if !stdin().is_terminal() {
        let mut line = String::new();
        stdin().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).into());
    }
    let password = rpassword::prompt_password("New password: ")?;
    if rpassword::prompt_password("Once more: ")? != password {
        bail!("the two passwords differ");
    }
    Ok(password.into())
}
