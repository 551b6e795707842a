//! The address of a database, as it stands in the settings.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the database is. Parsed from `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
}

/// The text is not the address of a database. Its message says which form is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseUrlError(&'static str);

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(path) = text.strip_prefix("sqlite:") else {
            return Err(DatabaseUrlError(
                "a database URL starts with sqlite: (for example sqlite:data/miniter.db)",
            ));
        };
        // sqlite:///srv/miniter.db has an empty host; sqlite://srv/miniter.db would name the host "srv".
        let path = match path.strip_prefix("//") {
            Some(absolute) if absolute.starts_with('/') => absolute,
            Some(_) => {
                return Err(DatabaseUrlError(
                    "a SQLite URL names no host: write sqlite:relative/path.db or sqlite:/absolute/path.db",
                ));
            }
            None => path,
        };
        if path.is_empty() || path == ":memory:" {
            return Err(DatabaseUrlError("a SQLite URL names a file (for example sqlite:data/miniter.db)"));
        }
        if path.contains(['?', '\0']) {
            return Err(DatabaseUrlError("a SQLite URL is sqlite: and a path, without parameters"));
        }
        Ok(Self::Sqlite(Path::new(path).to_owned()))
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_is_a_path() {
        for (text, path) in [
            ("sqlite:data/miniter.db", "data/miniter.db"),
            ("sqlite:/srv/miniter.db", "/srv/miniter.db"),
            ("sqlite:///srv/miniter.db", "/srv/miniter.db"),
        ] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(path.into())), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form_that_is_wanted() {
        for text in [
            "",
            "data/miniter.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://host/x.db",
            "sqlite:x.db?mode=ro",
            "sqlit:data/miniter.db",
            "postgres://localhost/miniter",
        ] {
            let refused = text.parse::<DatabaseUrl>();
            assert!(refused.is_err_and(|error| error.to_string().contains("sqlite:")), "{text}");
        }
    }
}
