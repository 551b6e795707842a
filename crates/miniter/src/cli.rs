//! The command line: what miniter is to do, and with which settings.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::commands::user::UserCommand;
use crate::settings::Settings;

/// A microblog server.
#[derive(Debug, Parser)]
#[command(name = "miniter", version, about, long_about = None)]
pub struct Cli {
    /// What to do; `serve` if it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// See [`Settings`].
    #[command(flatten)]
    pub settings: Settings,
}

impl Cli {
    /// Reads the command line and the environment. If they cannot be understood, or ask for help, says so and ends the
    /// process.
    #[must_use]
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            // A URL that is refused may hold a password.
            let refused = error.get(ContextKind::InvalidValue).map(ToString::to_string);
            if refused.is_some_and(|value| value.contains('@')) {
                error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
            }
            error.exit()
        })
    }
}

/// What miniter can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Bring the database's schema up to date and serve (the default)
    Serve,
    /// Bring the database's schema up to date, and stop
    Migrate,
    /// Take over a MySQL or MariaDB database that the original miniter has made: show what that changes, ask, and do it
    Adopt {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Write all that is in a SQLite database into a new file; servers may run meanwhile
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Put a backup in the place of a SQLite database; what was there is kept beside it, and everybody has to log in again. The server must not run
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Look after accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Print the OpenAPI document of the API
    Openapi,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
