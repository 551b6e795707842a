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
    /// The file is the database of another program. It is as it was.
    #[error(
        "{path} is the database of another program: it has the tables {tables} and none of miniter's migrations; nothing was \
         changed. Name another file in MINITER_DATABASE_URL"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Some of its tables.
        tables: String,
    },
    /// Another program holds the write lock.
    #[error("the database {path} is locked by another program; stop that program, or try again")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A server cannot be reached, or does not let us in.
    #[cfg(feature = "mysql")]
    #[error("cannot use the database {url}: {cause}; {advice}")]
    Unreachable {
        /// Where it is, without the password.
        url: String,
        /// What the server or the client library said.
        cause: String,
        /// What to do.
        advice: &'static str,
    },
    /// A server is too old.
    #[cfg(feature = "mysql")]
    #[error(
        "the database server is too old ({version}); miniter needs MySQL 8.0.13 or MariaDB 10.6, or a later version"
    )]
    TooOld {
        /// What the server calls itself.
        version: String,
    },
    /// A server has a setting that sessions like ours cannot work with, and that they may not change.
    #[cfg(feature = "mysql")]
    #[error("the database server {url} cannot be used: {setting}")]
    Unfit {
        /// Where it is, without the password.
        url: String,
        /// The setting, why it is in the way, and what it must be.
        setting: &'static str,
    },
    /// A server lets us in, but not write.
    #[cfg(feature = "mysql")]
    #[error(
        "cannot write to the database {url}: {cause}; use a server that is not read-only, and grant the user all \
         privileges on the database"
    )]
    NotWritable {
        /// Where it is, without the password.
        url: String,
        /// What the server said.
        cause: String,
    },
    /// The tables of the original are there, and the operator has not said that they may be changed. Nothing was.
    #[cfg(feature = "mysql")]
    #[error(
        "the database {url} has the tables of the original miniter, and nothing was changed; back it up, stop the old server, \
         and run `miniter adopt`, which shows what it will do and asks first"
    )]
    NotAdopted {
        /// Where it is, without the password.
        url: String,
    },
    /// The tables of the original are there, and something about them is in the way. Nothing was changed.
    #[cfg(feature = "mysql")]
    #[error(
        "the tables of the original miniter cannot be adopted as they are, and nothing was changed; mend these and \
         run `miniter adopt` again:\n  {}", offences.join("\n  ")
    )]
    NotAdoptable {
        /// Each column and row that is in the way.
        offences: Vec<String>,
    },
    /// The adoption was interrupted.
    #[cfg(feature = "mysql")]
    #[error(
        "the adoption of the original's tables was interrupted: {cause}; run `miniter adopt` again to finish it"
    )]
    Adoption {
        /// What the database said.
        cause: String,
    },
    /// The schema has migrations that this program does not know and cannot work with.
    #[error(
        "the database was made by a newer miniter (it has the migration {version}); run that version or a later one"
    )]
    NewerSchema {
        /// The newest migration.
        version: String,
    },
    /// What is in memory cannot be read from the database at the start.
    #[error("cannot use the database: {cause}; start again")]
    Unusable {
        /// What the database or the operating system said.
        cause: String,
    },
    /// A migration failed.
    #[error(
        "cannot bring the database's schema up to date: {cause}; if it is the database of another program, use another one"
    )]
    Migration {
        /// What the database said.
        cause: String,
    },
}

/// The kinds of database errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// A unique key is taken.
    Duplicate,
    /// A foreign key points nowhere.
    MissingReference,
    /// The transaction was the victim of a deadlock: nothing of it is left, and it may be run again.
    Deadlock,
    /// The connection is gone, and with it what was being done.
    Lost,
    /// Another connection holds a lock, or the statement took too long.
    Locked,
    /// The database cannot be written to or reached just now: full, read-only, overloaded.
    Inaccessible,
    /// The database is damaged.
    Corrupt,
    /// Anything else.
    Other,
}

/// Parts of the texts of errors that Diesel has no kind for, and what they mean.
///
/// Diesel hands on a text and no number. SQLite's: <https://www.sqlite.org/rescode.html>. The others are the servers' own,
/// with their numbers as the manuals list them: <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>,
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html> and
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>. Complete are the classes of what passes or what an operator
/// lifts: deadlocks, locks, limits of resources, overload, shutdowns, read-only servers, full disks, missing rights. Where
/// MySQL and MariaDB word an error differently, both wordings are here. The first that is found counts.
const TEXTS: &[(&str, ErrorKind)] = &[
    ("database is locked", ErrorKind::Locked),
    ("database table is locked", ErrorKind::Locked),
    ("database or disk is full", ErrorKind::Inaccessible),
    ("disk I/O error", ErrorKind::Inaccessible),
    ("unable to open database file", ErrorKind::Inaccessible),
    ("attempt to write a readonly database", ErrorKind::Inaccessible),
    ("file is not a database", ErrorKind::Corrupt),
    ("database disk image is malformed", ErrorKind::Corrupt),
    ("malformed database schema", ErrorKind::Corrupt),
    // 1213; a Galera node may say so at COMMIT.
    ("Deadlock found when trying to get lock", ErrorKind::Deadlock),
    // 3101, MySQL's group replication, at COMMIT: another server's transaction was first.
    ("Plugin instructed the server to rollback the current transaction", ErrorKind::Deadlock),
    // 2006
    ("server has gone away", ErrorKind::Lost),
    ("Server has gone away", ErrorKind::Lost),
    // 2013
    ("Lost connection to", ErrorKind::Lost),
    // 2002, 2003
    ("Can't connect to", ErrorKind::Lost),
    // 1053
    ("Server shutdown in progress", ErrorKind::Lost),
    // 1077, 1079
    ("Normal shutdown", ErrorKind::Lost),
    ("Shutdown complete", ErrorKind::Lost),
    // 1158, 1159, 1160, 1161
    ("reading communication packets", ErrorKind::Lost),
    ("writing communication packets", ErrorKind::Lost),
    // 1927, MariaDB
    ("Connection was killed", ErrorKind::Lost),
    // 3169, MySQL
    ("Session was killed", ErrorKind::Lost),
    // 4031, MySQL
    ("The client was disconnected by the server", ErrorKind::Lost),
    // 1205
    ("Lock wait timeout exceeded", ErrorKind::Locked),
    // 1223
    ("you have a conflicting read lock", ErrorKind::Locked),
    // 3572, MySQL
    ("lock(s) could not be acquired immediately", ErrorKind::Locked),
    // 1969, MariaDB
    ("max_statement_time exceeded", ErrorKind::Locked),
    // 3024, MySQL
    ("maximum statement execution time exceeded", ErrorKind::Locked),
    // 1317
    ("Query execution was interrupted", ErrorKind::Locked),
    // 1040
    ("Too many connections", ErrorKind::Inaccessible),
    // 1203, and 1226 for the same limit
    ("max_user_connections", ErrorKind::Inaccessible),
    // 1226: MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR, MAX_CONNECTIONS_PER_HOUR and what other limits there may be
    ("has exceeded the '", ErrorKind::Inaccessible),
    // 1037, 1041
    ("Out of memory", ErrorKind::Inaccessible),
    // 1038
    ("Out of sort memory", ErrorKind::Inaccessible),
    // 1135
    ("Can't create a new thread", ErrorKind::Inaccessible),
    // 1206
    ("exceeds the lock table size", ErrorKind::Inaccessible),
    // 1637
    ("Too many active concurrent transactions", ErrorKind::Inaccessible),
    // 1042
    ("Can't get hostname for your address", ErrorKind::Inaccessible),
    // 1129
    ("is blocked because of many connection errors", ErrorKind::Inaccessible),
    // 1130
    ("is not allowed to connect to this", ErrorKind::Inaccessible),
    // 3032, MySQL
    ("The server is currently in offline mode", ErrorKind::Inaccessible),
    // 3168, MySQL
    ("Server isn't available", ErrorKind::Inaccessible),
    // 1044, 1045, 1227, 1698, 3118, 4151
    ("Access denied", ErrorKind::Inaccessible),
    // 1142, 1143, 1370
    ("command denied to user", ErrorKind::Inaccessible),
    // 1820: MySQL, MariaDB
    ("You must reset your password", ErrorKind::Inaccessible),
    ("You must SET PASSWORD", ErrorKind::Inaccessible),
    // 1862
    ("Your password has expired", ErrorKind::Inaccessible),
    // 1290, 1792, 1836
    ("read-only", ErrorKind::Inaccessible),
    ("read only", ErrorKind::Inaccessible),
    ("READ ONLY transaction", ErrorKind::Inaccessible),
    // 1021
    ("Disk full", ErrorKind::Inaccessible),
    // 1114
    ("is full", ErrorKind::Inaccessible),
    // 1026, 1030 with the operating system's 28
    ("No space left on device", ErrorKind::Inaccessible),
    // 1047, MariaDB: a Galera node without a quorum.
    ("WSREP has not yet prepared node", ErrorKind::Inaccessible),
    // 1180
    ("during COMMIT", ErrorKind::Inaccessible),
    // 3100, MySQL's group replication without a quorum
    ("Error on observer while running replication hook", ErrorKind::Inaccessible),
];

/// What a text says, for errors that have nothing but a text.
fn kind_in(message: &str) -> ErrorKind {
    TEXTS.iter().find(|(part, _)| message.contains(part)).map_or(ErrorKind::Other, |(_, kind)| *kind)
}

/// Of which kind an error is, from Diesel's kind or, where Diesel has none for it, from its text.
#[expect(clippy::wildcard_enum_match_arm, reason = "Diesel's errors are many and may become more")]
pub(crate) fn kind_of(error: &Error) -> ErrorKind {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => ErrorKind::Duplicate,
        Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => ErrorKind::MissingReference,
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => ErrorKind::Deadlock,
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => ErrorKind::Inaccessible,
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Error::BrokenTransactionManager => {
            ErrorKind::Lost
        }
        Error::DatabaseError(_, info) => kind_in(info.message()),
        // The commit failed, and then so did the rollback.
        Error::RollbackErrorOnCommit { commit_error, .. } => kind_of(commit_error),
        _ => ErrorKind::Other,
    }
}

/// The one place that says what a database error means to a use case.
pub(crate) fn classify(error: Error) -> RepositoryError {
    match kind_of(&error) {
        ErrorKind::Duplicate => RepositoryError::Taken,
        ErrorKind::MissingReference => RepositoryError::MissingReference,
        ErrorKind::Deadlock | ErrorKind::Lost | ErrorKind::Locked | ErrorKind::Inaccessible => {
            RepositoryError::Unavailable(error.into())
        }
        ErrorKind::Corrupt | ErrorKind::Other => RepositoryError::Backend(error.into()),
    }
}

/// The same errors when a SQLite file is being opened.
pub(crate) fn classify_open(path: &std::path::Path, cause: String) -> OpenError {
    let path = path.to_owned();
    match kind_in(&cause) {
        ErrorKind::Locked => OpenError::Locked { path },
        ErrorKind::Corrupt => OpenError::Corrupt { path, cause },
        ErrorKind::Duplicate
        | ErrorKind::MissingReference
        | ErrorKind::Deadlock
        | ErrorKind::Lost
        | ErrorKind::Inaccessible
        | ErrorKind::Other => OpenError::Inaccessible { path, cause },
    }
}

#[cfg(feature = "mysql")]
impl OpenError {
    /// Says why a server cannot be used, from the text of its or the client library's error.
    pub(crate) fn unreachable(url: &crate::url::MysqlUrl, cause: &str) -> Self {
        let advice = if cause.contains("to database") {
            "grant that user all privileges on the database"
        } else if cause.contains("Access denied") {
            "check the user and the password in MINITER_DATABASE_URL"
        } else if cause.contains("Unknown database") {
            "create it: CREATE DATABASE ... CHARACTER SET utf8mb4"
        } else if cause.contains("Unknown") && cause.contains("host") {
            "check the host in MINITER_DATABASE_URL"
        } else {
            "make sure that the server runs and that this machine may reach it"
        };
        Self::Unreachable { url: url.to_string(), cause: cause.to_owned(), advice }
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
        assert!(matches!(classify(unique), RepositoryError::Taken));
        assert!(matches!(classify(foreign), RepositoryError::MissingReference));
    }

    #[test]
    fn a_lock_a_full_disk_and_a_lost_file_pass() {
        for message in ["database is locked", "database or disk is full", "disk I/O error"] {
            let error = database_error(DatabaseErrorKind::Unknown, message);
            assert!(matches!(classify(error), RepositoryError::Unavailable(_)), "{message}");
        }
    }

    #[test]
    fn the_texts_of_servers_are_told_apart() {
        for (message, kind) in [
            ("Deadlock found when trying to get lock; try restarting transaction", ErrorKind::Deadlock),
            ("Lock wait timeout exceeded; try restarting transaction", ErrorKind::Locked),
            ("Query execution was interrupted (max_statement_time exceeded)", ErrorKind::Locked),
            ("Query execution was interrupted, maximum statement execution time exceeded", ErrorKind::Locked),
            ("MySQL server has gone away", ErrorKind::Lost),
            ("Server has gone away", ErrorKind::Lost),
            ("Lost connection to MySQL server during query", ErrorKind::Lost),
            ("Lost connection to server during query", ErrorKind::Lost),
            ("Can't connect to server on '127.0.0.1' (115)", ErrorKind::Lost),
            ("Connection was killed", ErrorKind::Lost),
            ("Too many connections", ErrorKind::Inaccessible),
            (
                "The MariaDB server is running with the --read-only option so it cannot execute this statement",
                ErrorKind::Inaccessible,
            ),
            ("The table 'tweets' is full", ErrorKind::Inaccessible),
            ("WSREP has not yet prepared node for application use", ErrorKind::Inaccessible),
            (
                "User 'miniter' has exceeded the 'max_queries_per_hour' resource (current value: 1)",
                ErrorKind::Inaccessible,
            ),
            (
                "User 'miniter' has exceeded the 'max_updates_per_hour' resource (current value: 1)",
                ErrorKind::Inaccessible,
            ),
            (
                "User miniter already has more than 'max_user_connections' active connections",
                ErrorKind::Inaccessible,
            ),
            ("Out of memory; restart server and try again (needed 65536 bytes)", ErrorKind::Inaccessible),
            ("Out of memory.", ErrorKind::Inaccessible),
            ("Out of sort memory, consider increasing server sort buffer size", ErrorKind::Inaccessible),
            (
                "Can't create a new thread (errno 11); if you are not out of available memory, you can consult the \
                 manual for a possible OS-dependent bug",
                ErrorKind::Inaccessible,
            ),
            (
                "Host '10.0.0.1' is blocked because of many connection errors; unblock with 'mysqladmin flush-hosts'",
                ErrorKind::Inaccessible,
            ),
            ("Host '10.0.0.1' is not allowed to connect to this MariaDB server", ErrorKind::Inaccessible),
            ("The total number of locks exceeds the lock table size", ErrorKind::Inaccessible),
            (
                "INSERT command denied to user 'miniter'@'%' for table `miniter`.`tweets`",
                ErrorKind::Inaccessible,
            ),
            ("Access denied for user 'miniter'@'%' (using password: YES)", ErrorKind::Inaccessible),
            ("You must SET PASSWORD before executing this statement", ErrorKind::Inaccessible),
            (
                "You must reset your password using ALTER USER statement before executing this statement.",
                ErrorKind::Inaccessible,
            ),
            ("Cannot execute statement in a READ ONLY transaction", ErrorKind::Inaccessible),
            ("The server is currently in offline mode", ErrorKind::Inaccessible),
            ("Got error 28 \"No space left on device\" from storage engine InnoDB", ErrorKind::Inaccessible),
            ("Error on observer while running replication hook 'before_commit'.", ErrorKind::Inaccessible),
            ("Plugin instructed the server to rollback the current transaction.", ErrorKind::Deadlock),
            ("Got timeout writing communication packets", ErrorKind::Lost),
            ("Session was killed", ErrorKind::Lost),
            ("Can't execute the query because you have a conflicting read lock", ErrorKind::Locked),
            ("Out of range value for column 'id' at row 1", ErrorKind::Other),
            ("Unknown column 'tweet' in 'field list'", ErrorKind::Other),
        ] {
            assert_eq!(kind_of(&database_error(DatabaseErrorKind::Unknown, message)), kind, "{message}");
        }
    }

    #[test]
    fn a_deadlock_that_shows_at_the_commit_is_one_even_if_the_rollback_fails() {
        let error = Error::RollbackErrorOnCommit {
            rollback_error: Box::new(database_error(DatabaseErrorKind::Unknown, "Server has gone away")),
            commit_error: Box::new(database_error(DatabaseErrorKind::SerializationFailure, "Deadlock found")),
        };
        assert_eq!(kind_of(&error), ErrorKind::Deadlock);
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
