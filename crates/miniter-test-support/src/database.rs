//! A fresh database for a test: a SQLite file or, where `MINITER_TEST_MYSQL_URL` names a server, a database there. The
//! same tests run on both.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};
use miniter_persistence::DatabaseUrl;

/// A database of its own, gone when it is dropped.
pub enum TestDatabase {
    /// A file in a folder of its own.
    Sqlite {
        /// Where the file is.
        path: PathBuf,
        /// Removes the folder when it is dropped.
        _folder: tempfile::TempDir,
    },
    /// A database on a server.
    #[cfg(feature = "mysql")]
    Mysql {
        /// The server's URL.
        server: String,
        /// The name of the database.
        name: String,
    },
}

/// A connection as another program has it.
pub enum OtherConnection {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To a server.
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Texts {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

macro_rules! on {
    ($connection:expr, |$inner:ident| $body:expr) => {
        match $connection {
            OtherConnection::Sqlite($inner) => $body,
            #[cfg(feature = "mysql")]
            OtherConnection::Mysql($inner) => $body,
        }
    };
}

impl TestDatabase {
    /// Makes a database.
    #[expect(clippy::new_without_default, reason = "it makes a file or a database")]
    pub fn new() -> Self {
        #[cfg(feature = "mysql")]
        if let Ok(server) = std::env::var("MINITER_TEST_MYSQL_URL") {
            return Self::on_server(server);
        }
        let folder = tempfile::tempdir().unwrap();
        Self::Sqlite { path: folder.path().join("miniter.db"), _folder: folder }
    }

    /// Makes a database on this server.
    #[cfg(feature = "mysql")]
    pub fn on_server(server: String) -> Self {
        let mut connection = MysqlConnection::establish(&format!("{server}/mysql")).unwrap();
        let name = format!("miniter_test_{:016x}", fastrand::u64(..));
        // Its defaults are not ours, so that whatever relies on them shows.
        let create = format!("CREATE DATABASE {name} CHARACTER SET latin1 COLLATE latin1_swedish_ci");
        // A server's defaults may forbid it.
        connection.batch_execute("SET autocommit = 1; SET SESSION TRANSACTION READ WRITE").unwrap();
        connection.batch_execute(&create).unwrap();
        Self::Mysql { server, name }
    }

    /// Where it is.
    pub fn url(&self) -> DatabaseUrl {
        self.url_text().parse().unwrap()
    }

    /// [`TestDatabase::url`] as text.
    pub fn url_text(&self) -> String {
        match self {
            Self::Sqlite { path, .. } => format!("sqlite:{}", path.display()),
            #[cfg(feature = "mysql")]
            Self::Mysql { server, name } => format!("{server}/{name}"),
        }
    }

    /// Whether it is a file.
    pub fn is_sqlite(&self) -> bool {
        self.url().sqlite_path().is_some()
    }

    /// Connects as another program does.
    pub fn connect(&self) -> OtherConnection {
        match self {
            Self::Sqlite { path, .. } => {
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON").unwrap();
                OtherConnection::Sqlite(connection)
            }
            #[cfg(feature = "mysql")]
            Self::Mysql { .. } => {
                let mut connection = MysqlConnection::establish(&self.url_text()).unwrap();
                // As a program in Seoul has it.
                connection.batch_execute("SET time_zone = '+09:00'").unwrap();
                OtherConnection::Mysql(connection)
            }
        }
    }

    /// Runs statements as another program would.
    pub fn execute(&self, statements: &str) {
        self.connect().execute(statements);
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        #[cfg(feature = "mysql")]
        if let Self::Mysql { server, name } = self {
            // The server may be gone on purpose.
            if let Ok(mut connection) = MysqlConnection::establish(&format!("{server}/mysql")) {
                let _ = connection.batch_execute(&format!("DROP DATABASE {name}"));
            }
        }
    }
}

impl OtherConnection {
    /// Runs statements.
    pub fn execute(&mut self, statements: &str) {
        on!(self, |connection| connection.batch_execute(statements).unwrap());
    }

    /// The number that a query calls `value`.
    pub fn number(&mut self, query: &str) -> i64 {
        on!(self, |connection| sql_query(query).get_result::<Number>(connection).unwrap().value)
    }

    /// The texts that a query calls `value`.
    pub fn texts(&mut self, query: &str) -> Vec<Option<String>> {
        let rows: Vec<Texts> = on!(self, |connection| sql_query(query).load(connection).unwrap());
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The one text that a query calls `value`.
    pub fn text(&mut self, query: &str) -> String {
        self.texts(query).remove(0).unwrap()
    }

    /// Takes a lock that every tweet has to wait for, until [`OtherConnection::unlock`].
    pub fn lock(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute("BEGIN IMMEDIATE").unwrap(),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                connection.batch_execute("START TRANSACTION; SELECT id FROM users FOR UPDATE").unwrap();
            }
        }
    }

    /// Gives back what [`OtherConnection::lock`] has taken.
    pub fn unlock(&mut self) {
        self.execute("ROLLBACK");
    }
}
