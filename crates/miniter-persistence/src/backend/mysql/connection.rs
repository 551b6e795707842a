//! How a connection is made, and what it states of its session, so that no server's own settings matter.

use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::result::ConnectionError;
use diesel::sql_types::{BigInt, Text};

use crate::backend::ANSWER_TIMEOUT;
use crate::error::OpenError;
use crate::url::MysqlUrl;

/// How long a start waits for a server's first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// The oldest servers with defaults that are expressions and with generated columns as we use them.
const OLDEST_MARIADB: (u32, u32, u32) = (10, 6, 0);
const OLDEST_MYSQL: (u32, u32, u32) = (8, 0, 13);

/// Which of the two a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Mysql,
    Mariadb,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Requests: every wait is bounded.
    Serving,
    /// Migrations and the like, which may take as long as they take.
    Maintaining,
}

/// What every connection states, since a server may have set anything for all of them: this is the one place. What a table
/// depends on stands in its `CREATE TABLE`.
///
/// A `DEFAULT` would be the server's. None of these wants a privilege.
const STATED: &str = "SET \
    autocommit = 1, completion_type = 'NO_CHAIN', \
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
    lc_messages = 'en_US', time_zone = '+00:00', \
    sql_select_limit = 18446744073709551615, max_join_size = 18446744073709551615, sql_big_selects = 1, \
    sql_safe_updates = 0, sql_auto_is_null = 0, foreign_key_checks = 1, unique_checks = 1, \
    default_storage_engine = InnoDB, sql_quote_show_create = 1, group_concat_max_len = 1048576";

/// States what a server keeps for each connection. Its own settings may be any: a value that does not fit is an error and never cut
/// off, no quotes mean anything else than they do to Diesel, and errors come in English, by which they are told apart.
pub(crate) fn set_up(
    connection: &mut MysqlConnection,
    flavour: Flavour,
    purpose: Purpose,
) -> QueryResult<()> {
    // Diesel states utf8mb4 as soon as it is connected.
    connection.batch_execute(STATED)?;
    // No gap locks, which readers do not need and writers deadlock on.
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")?;
    // Serving, every wait is bounded. Maintaining, a lock is waited for until what is being served has finished, rather
    // than for ever, and a statement takes as long as it takes.
    let (lock_wait, statement) = match purpose {
        Purpose::Serving => (1, ANSWER_TIMEOUT),
        Purpose::Maintaining => (60, Duration::ZERO),
    };
    connection.batch_execute(&format!(
        "SET innodb_lock_wait_timeout = {lock_wait}, lock_wait_timeout = {lock_wait}"
    ))?;
    // MariaDB bounds every statement; MySQL bounds SELECT only, and counts in milliseconds.
    connection.batch_execute(&match flavour {
        Flavour::Mariadb => format!("SET max_statement_time = {}", statement.as_secs_f64()),
        Flavour::Mysql => format!("SET max_execution_time = {}", statement.as_millis()),
    })
}

/// The setting of a server that is in our way, if there is one.
fn unfit_setting(connection: &mut MysqlConnection) -> QueryResult<Option<&'static str>> {
    // As numbers: in a text, MariaDB and MySQL spell what is on in their own ways.
    let (logs_statements, rolls_back): (i64, i64) = diesel::select((
        sql::<BigInt>("CAST(@@GLOBAL.log_bin = 1 AND @@SESSION.binlog_format = 'STATEMENT' AS SIGNED)"),
        sql::<BigInt>("CAST(@@GLOBAL.innodb_rollback_on_timeout = 1 AS SIGNED)"),
    ))
    .get_result(connection)?;
    Ok(if logs_statements == 1 {
        Some(
            "with binlog_format STATEMENT it refuses writes of sessions that read committed rows; set it to ROW or MIXED",
        )
    } else if rolls_back == 1 {
        // Many writes share a transaction.
        Some(
            "with innodb_rollback_on_timeout one write that waits for a lock in vain undoes others with it; set it to OFF",
        )
    } else {
        None
    })
}

/// Connects. The client library has no way to insist on encryption, so that is looked at afterwards.
pub(crate) fn establish(url: &MysqlUrl) -> Result<MysqlConnection, diesel::r2d2::Error> {
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
pub(crate) fn open(url: &MysqlUrl) -> Result<(MysqlConnection, Flavour), OpenError> {
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
    set_up(&mut connection, flavour, Purpose::Maintaining).map_err(|error| unreachable(error.to_string()))?;
    if let Some(setting) = unfit_setting(&mut connection).map_err(|error| unreachable(error.to_string()))? {
        return Err(OpenError::Unfit { url: url.to_string(), setting });
    }
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
