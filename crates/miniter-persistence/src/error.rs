//! Database errors, classified once.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error};
use miniter_domain::RepositoryError;

/// Why a database could not be opened. Each message is a sentence for the person who starts the server, and says
/// what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be created, read or written.
    #[error(
        "cannot open the database {path}: {cause}; make sure that the folder exists and that this user may write to \
         it and to the file"
    )]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// What the operating system or SQLite said.
        cause: String,
    },
    /// The file is not a SQLite database, or a damaged one.
    #[error(
        "{path} is not a sound SQLite database ({cause}); restore it from a backup, or move it away and start anew"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: String,
    },
    /// Another program holds the write lock.
    #[error("the database {path} is locked by another program; stop that program, or try again")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The schema has migrations that this program does not know.
    #[error(
        "the database was made by a newer miniter (it has the migration {version}); run that version or a later one"
    )]
    NewerSchema {
        /// The first unknown migration.
        version: String,
    },
    /// A migration failed.
    #[error("cannot bring the database's schema up to date: {cause}")]
    Migration {
        /// What the database said.
        cause: String,
    },
}

/// What kind of trouble a database error is, from its kind or, where SQLite has only a message, from that.
enum Trouble {
    Locked,
    Inaccessible,
    Corrupt,
    Other,
}

/// SQLite's result codes reach Diesel as their texts (<https://www.sqlite.org/rescode.html>, `sqlite3ErrStr`).
fn trouble(message: &str) -> Trouble {
    match message {
        "database is locked" | "database table is locked" | "database schema is locked: main" => {
            Trouble::Locked
        }
        "database or disk is full"
        | "disk I/O error"
        | "unable to open database file"
        | "attempt to write a readonly database" => Trouble::Inaccessible,
        "file is not a database" | "database disk image is malformed" => Trouble::Corrupt,
        message if message.starts_with("malformed database schema") => Trouble::Corrupt,
        _ => Trouble::Other,
    }
}

/// The one place that says what a database error means to a use case.
#[expect(clippy::wildcard_enum_match_arm, reason = "Diesel's errors are many and may become more")]
pub(crate) fn classify(error: Error) -> RepositoryError {
    match &error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => RepositoryError::Duplicate,
        Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => RepositoryError::MissingReference,
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => match trouble(info.message()) {
            Trouble::Locked | Trouble::Inaccessible => RepositoryError::Unavailable(error.into()),
            Trouble::Corrupt | Trouble::Other => RepositoryError::Backend(error.into()),
        },
        _ => RepositoryError::Backend(error.into()),
    }
}

/// The same errors when a database is being opened.
pub(crate) fn classify_open(path: &std::path::Path, cause: String) -> OpenError {
    let path = path.to_owned();
    match trouble(&cause) {
        Trouble::Locked => OpenError::Locked { path },
        Trouble::Corrupt => OpenError::Corrupt { path, cause },
        Trouble::Inaccessible | Trouble::Other => OpenError::Inaccessible { path, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn a_broken_unique_key_is_a_duplicate_and_a_broken_foreign_key_a_missing_reference() {
        let unique = database_error(
            DatabaseErrorKind::UniqueViolation,
            "UNIQUE constraint failed: index 'users_email_canonical'",
        );
        let foreign = database_error(DatabaseErrorKind::ForeignKeyViolation, "FOREIGN KEY constraint failed");
        assert!(matches!(classify(unique), RepositoryError::Duplicate));
        assert!(matches!(classify(foreign), RepositoryError::MissingReference));
    }

    #[test]
    fn a_lock_a_full_disk_and_a_lost_file_are_passing_troubles() {
        for message in ["database is locked", "database or disk is full", "disk I/O error"] {
            let error = database_error(DatabaseErrorKind::Unknown, message);
            assert!(matches!(classify(error), RepositoryError::Unavailable(_)), "{message}");
        }
    }

    #[test]
    fn everything_else_is_a_fault() {
        for message in ["database disk image is malformed", "no such table: users"] {
            let error = database_error(DatabaseErrorKind::Unknown, message);
            assert!(matches!(classify(error), RepositoryError::Backend(_)), "{message}");
        }
        assert!(matches!(classify(Error::NotFound), RepositoryError::Backend(_)));
    }
}
