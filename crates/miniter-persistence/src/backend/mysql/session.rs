//! What a session with a server states, so that no server's own settings matter.

use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::result::ConnectionError;
use diesel::sql_types::Text;

use crate::error::OpenError;
use crate::url::MysqlUrl;

/// How long a start waits for a server's first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// The oldest servers with defaults that are expressions and with generated columns as we use them.
const OLDEST_MARIADB: (u32, u32, u32) = (10, 6, 0);
const OLDEST_MYSQL: (u32, u32, u32) = (8, 0, 13);

/// Which of the two a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Mysql,
    Mariadb,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Requests: every wait is bounded.
    Serving,
    /// Migrations and the like, which may take as long as they take.
    Maintaining,
}

/// Sets what a server keeps per session. Its own settings may be any.
pub(super) fn set_up(connection: &mut MysqlConnection, flavour: Flavour, role: Role) -> QueryResult<()> {
    // Diesel states utf8mb4 and UTC at each connection. A value that does not fit is an error and never cut off; no quotes mean anything else than they do to Diesel.
    connection.batch_execute(
        "SET sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
         NO_ENGINE_SUBSTITUTION'",
    )?;
    // Errors are told apart by their English texts.
    connection.batch_execute("SET lc_messages = 'en_US'")?;
    // No gap locks, which readers do not need and writers deadlock on.
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
    match role {
        Role::Serving => {
            connection.batch_execute("SET innodb_lock_wait_timeout = 1, lock_wait_timeout = 1")?;
            // MariaDB bounds every statement; MySQL bounds SELECT only, and counts in milliseconds.
            connection.batch_execute(match flavour {
                Flavour::Mariadb => "SET max_statement_time = 1.4",
                Flavour::Mysql => "SET max_execution_time = 1400",
            })
        }
        Role::Maintaining => {
            // Long enough for what is being served to finish, rather than for ever.
            connection.batch_execute("SET innodb_lock_wait_timeout = 60, lock_wait_timeout = 60")?;
            connection.batch_execute(match flavour {
                Flavour::Mariadb => "SET max_statement_time = 0",
                Flavour::Mysql => "SET max_execution_time = 0",
            })
        }
    }
}

/// Connects. The client library has no way to insist on encryption, so that is looked at afterwards.
pub(super) fn establish(url: &MysqlUrl) -> Result<MysqlConnection, diesel::r2d2::Error> {
    #[derive(QueryableByName)]
    struct Status {
        #[diesel(sql_type = Text, column_name = "Value")]
        value: String,
    }
    let mut connection =
        MysqlConnection::establish(url.as_str()).map_err(diesel::r2d2::Error::ConnectionError)?;
    if url.wants_tls() {
        let cipher: Status = diesel::sql_query("SHOW STATUS LIKE 'Ssl_cipher'")
            .get_result(&mut connection)
            .map_err(diesel::r2d2::Error::QueryError)?;
        if cipher.value.is_empty() {
            return Err(diesel::r2d2::Error::ConnectionError(ConnectionError::BadConnection(
                "the connection is not encrypted, as ssl_ca in the URL demands".to_owned(),
            )));
        }
    }
    Ok(connection)
}

/// Connects for a look at the server: whether it is there, lets us in and is recent enough.
pub(super) fn open(url: &MysqlUrl) -> Result<(MysqlConnection, Flavour), OpenError> {
    let unreachable = |cause: String| OpenError::unreachable(url, &cause);
    // On a thread of its own: the client library waits for ever for a server that accepts and says nothing.
    let (sender, receiver) = mpsc::channel();
    let address = url.clone();
    std::thread::spawn(move || sender.send(establish(&address)));
    let mut connection = receiver
        .recv_timeout(FIRST_ANSWER)
        .map_err(|_| unreachable("it does not answer".to_owned()))?
        .map_err(|error| unreachable(error.to_string()))?;
    let version: String = sql::<Text>("SELECT VERSION()")
        .get_result(&mut connection)
        .map_err(|error| unreachable(error.to_string()))?;
    let flavour = flavour_of(&version).ok_or_else(|| OpenError::TooOld { version: version.clone() })?;
    set_up(&mut connection, flavour, Role::Maintaining).map_err(|error| unreachable(error.to_string()))?;
    Ok((connection, flavour))
}

/// What the answer to `SELECT VERSION()` says; `None` if that server is too old or none we know.
fn flavour_of(version: &str) -> Option<Flavour> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let mut next = || numbers.next().and_then(Result::ok);
    let number = (next()?, next()?, next().unwrap_or(0));
    if version.contains("MariaDB") {
        (number >= OLDEST_MARIADB).then_some(Flavour::Mariadb)
    } else {
        (number >= OLDEST_MYSQL).then_some(Flavour::Mysql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_version() {
        for (version, flavour) in [
            ("10.11.11-MariaDB-0+deb12u1", Some(Flavour::Mariadb)),
            ("11.8.2-MariaDB", Some(Flavour::Mariadb)),
            ("10.6.0-MariaDB-log", Some(Flavour::Mariadb)),
            ("10.5.29-MariaDB", None),
            ("8.0.13", Some(Flavour::Mysql)),
            ("8.4.6", Some(Flavour::Mysql)),
            ("9.7.0-commercial", Some(Flavour::Mysql)),
            ("8.0.12", None),
            ("5.7.44-log", None),
            ("nonsense", None),
        ] {
            assert_eq!(flavour_of(version), flavour, "{version}");
        }
    }
}
