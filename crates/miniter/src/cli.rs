//! The command line: a command and the settings.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::commands::user::UserCommand;
use crate::settings::Settings;

/// A microblog server.
#[derive(Debug, Parser)]
#[command(name = "miniter", version, about, long_about = None)]
pub struct Cli {
    /// The command; `serve` if it is missing.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// See [`Settings`].
    #[command(flatten)]
    pub settings: Settings,
}

impl Cli {
    /// Reads the command line and the environment. On an error, and on a request for help, it prints a text and ends the
    /// process.
    #[must_use]
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            // The refused value may be a URL with a password.
            let refused = error.get(ContextKind::InvalidValue).map(ToString::to_string);
            if refused.is_some_and(|value| value.contains('@')) {
                error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
            }
            error.exit()
        })
    }
}

/// The commands of miniter.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the pending migrations of the database and serve (the default)
    Serve,
    /// Run the pending migrations of the database and exit
    Migrate,
    /// Convert a MySQL or MariaDB database of the original miniter: show the changes, ask, and make them
    Adopt {
        /// Show the changes and make them without a question
        #[arg(long)]
        yes: bool,
    },
    /// Back up a SQLite database into a new file; a server may run meanwhile
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Replace a SQLite database by a backup. The server must not run. The old database is kept beside the new one. All users must log in again
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Manage accounts
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
