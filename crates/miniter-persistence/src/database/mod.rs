//! An open database: the connections that read, the thread that writes, and how it is noticed what others have written.
//!
//! A query is written once, in the files of the repositories, as the body of [`read!`] or [`write!`]: the macros put it
//! into a closure per database, so that it is type-checked and compiled for each of them.

#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

use miniter_domain::{Connections, RepositoryError};

#[cfg(feature = "mysql")]
pub(crate) use mysql::MysqlDatabase;
pub(crate) use sqlite::SqliteDatabase;

use crate::feed::Derived;

/// One of the two.
pub(crate) enum Database {
    Sqlite(SqliteDatabase),
    #[cfg(feature = "mysql")]
    Mysql(MysqlDatabase),
}

/// Runs a query on a connection of a store's or another's `database` that need not be able to write.
macro_rules! read {
    ($owner:expr, |$connection:ident| $query:expr) => {
        match &*$owner.database {
            crate::database::Database::Sqlite(file) => file.readers.read(|$connection| $query),
            #[cfg(feature = "mysql")]
            crate::database::Database::Mysql(server) => server.pool.read(|$connection| $query),
        }
    };
}

/// Runs statements in a transaction of a store's `database`; durable once this returns `Ok`. They own what they use, as
/// another thread runs them; and they may be run again, if the database chooses the transaction as the victim of a
/// deadlock. They push what they change of what nodes keep in memory to `$events`.
macro_rules! write {
    ($owner:expr, |$connection:ident, $events:ident| $statements:expr) => {
        match &*$owner.database {
            crate::database::Database::Sqlite(file) => {
                file.writer.write(move |$connection, $events| $statements)
            }
            #[cfg(feature = "mysql")]
            crate::database::Database::Mysql(server) => {
                server.writer.write(move |$connection, $events| $statements)
            }
        }
    };
}

/// Does what [`write!`] does with statements that publish something, on a [`Batch`](crate::writer::Batch).
macro_rules! write_in_batch {
    ($owner:expr, |$batch:ident| $statements:expr) => {
        match &*$owner.database {
            crate::database::Database::Sqlite(file) => file.writer.write_in_batch(move |$batch| $statements),
            #[cfg(feature = "mysql")]
            crate::database::Database::Mysql(server) => {
                server.writer.write_in_batch(move |$batch| $statements)
            }
        }
    };
}

pub(crate) use {read, write, write_in_batch};

impl Database {
    /// Brings what is derived from the database up to date, where that can be done without waiting, and returns whether it could.
    pub(crate) fn catch_up_now(&self) -> bool {
        match self {
            Self::Sqlite(file) => file.check_foreign_writes(),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => false,
        }
    }

    /// Does the same, and waits for it.
    #[cfg_attr(
        not(feature = "mysql"),
        expect(unused_variables, reason = "a file's writer applies what it commits itself")
    )]
    pub(crate) fn catch_up(&self, derived: &dyn Derived) -> Result<(), RepositoryError> {
        match self {
            Self::Sqlite(file) => file.await_foreign_writes(),
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.feed.catch_up(&server.pool, derived),
        }
    }

    /// The connections that read, and the one that writes.
    pub(crate) fn connections(&self) -> Connections {
        let Connections { open, idle } = match self {
            Self::Sqlite(file) => file.readers.connections(),
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.pool.connections(),
        };
        Connections { open: open + 1, idle }
    }
}
