//! `miniter user`.

use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::{Context, bail};
use clap::Subcommand;
use miniter_service::{ServiceError, set_password, unlock};
use secrecy::SecretString;

use crate::app;
use crate::settings::Settings;

/// What can be done with accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// Give an account another password, log it out everywhere and forget the wrong passwords that were given for it; servers
    /// may run meanwhile. The password is asked for, or read from the first line of standard input
    SetPassword {
        /// The account's e-mail address
        email: String,
    },
    /// Forget the wrong passwords that were given for an account, so that its owner can log in at once; servers may run
    /// meanwhile
    Unlock {
        /// The account's e-mail address
        email: String,
    },
}

/// Does it.
///
/// # Errors
/// If there is no such account, the password breaks a rule, or the database cannot be used.
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
        Err(ServiceError::UserNotFound) => bail!("nobody has the e-mail address {email:?}"),
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
        bail!("the two are not the same");
    }
    Ok(password.into())
}
