//! `miniter user`.

use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::{Context, bail};
use clap::Subcommand;
use miniter_domain::SystemClock;
use miniter_service::{ServiceError, SignUp, create_account, set_password, unlock};
use secrecy::SecretString;

use crate::app;
use crate::settings::Settings;

/// The commands for accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// Create an account, also where registration is closed. A server may run meanwhile. The command asks for the password at a
    /// terminal, and otherwise reads the first line of standard input
    Create {
        /// The account's username: 1 to 30 ASCII letters, digits and underscores
        username: String,
        /// The account's e-mail address
        #[arg(long)]
        email: String,
        /// The name that is shown; the username if it is missing
        #[arg(long)]
        name: Option<String>,
    },
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
/// If the account does not exist or exists already, a value breaks a rule, or the database fails.
pub fn run(command: UserCommand, settings: &Settings) -> anyhow::Result<()> {
    let store = app::open_store(settings)?;
    let (email, done, said) = match command {
        UserCommand::Create { username, email, name } => {
            let passwords = app::open_passwords(1)?;
            let password = read_password().context("cannot read the password")?;
            let account = SignUp {
                name: name.unwrap_or_else(|| username.clone()),
                username: Some(username),
                email: email.clone(),
                password,
                profile: String::new(),
            };
            let done = create_account(&*store, &passwords, &SystemClock, account);
            (email, done, "can log in")
        }
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
        Err(ServiceError::EmailTaken) => bail!("another account has the e-mail address {email:?}"),
        Err(ServiceError::UsernameTaken) => bail!("another account has this username"),
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
