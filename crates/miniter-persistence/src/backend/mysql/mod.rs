//! MySQL and MariaDB: how a connection is set up, and a pool that outlives restarts of the server.

pub(crate) mod connection;
pub(crate) mod leases;
pub(crate) mod migration_lock;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use miniter_domain::{Capacity, Connections, RepositoryError};
use r2d2::ManageConnection;

use crate::backend::mysql::connection::{Flavour, Purpose, establish, open, set_up};
use crate::backend::{ANSWER_TIMEOUT, STUCK};
use crate::error::{ErrorKind, OpenError, classify, kind_of};
use crate::url::MysqlUrl;

/// The migrations, compiled in. The `diesel` command line tool runs the same files.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// The history of migrations. Diesel would make the same table, as the server's defaults have it.
const CREATE_HISTORY: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (\
    version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\
    ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/// Makes the table of the migrations that have been run.
pub(crate) fn make_history(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute(CREATE_HISTORY)
}

/// How long a request waits for a connection, in a pool that is exhausted or cannot reach the server.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);

/// How many connections to spare there are for each that works: for requests that come while others are stuck in connections
/// that died without a word.
const SPARE: u32 = 3;

/// How many writes may wait for the one connection that writes. Commits take longer than on a file.
const WRITES: usize = 64;

/// How long a request waits until it may ask the server. With the answer that makes less than two seconds.
const QUEUE_TIMEOUT: Duration = Duration::from_millis(400);

/// How much is asked of a server at once, of which so many connections read.
pub(crate) fn capacity(connections: u32) -> Capacity {
    Capacity {
        reads: connections as usize,
        writes: WRITES,
        abandoned: SPARE as usize,
        queue_timeout: QUEUE_TIMEOUT,
        use_case_timeout: ANSWER_TIMEOUT,
        freshness_timeout: ANSWER_TIMEOUT,
    }
}

/// How often a transaction is run again that the database chose as the victim of a deadlock.
pub(crate) const DEADLOCK_RETRIES: u32 = 3;

/// Makes connections for requests.
#[derive(Clone)]
pub(crate) struct Manager {
    url: MysqlUrl,
    flavour: Flavour,
}

/// A connection that knows when it is lost. Asking the server before each use would cost a round trip.
pub(crate) struct ServerConnection {
    pub(crate) inner: MysqlConnection,
    pub(crate) opened: Instant,
    is_lost: bool,
}

impl ManageConnection for Manager {
    type Connection = ServerConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<ServerConnection, Self::Error> {
        let mut connection = establish(&self.url)?;
        set_up(&mut connection, self.flavour, Purpose::Serving).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(ServerConnection { inner: connection, opened: Instant::now(), is_lost: false })
    }

    fn is_valid(&self, _: &mut ServerConnection) -> Result<(), Self::Error> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut ServerConnection) -> bool {
        connection.is_lost || AnsiTransactionManager::is_broken_transaction_manager(&mut connection.inner)
    }
}

/// The connections to a server.
pub(crate) struct Pool {
    pub(crate) manager: Manager,
    connections: r2d2::Pool<Manager>,
    under_way: UnderWay,
}

/// When what is being done was started. A server ends each statement in time; what takes longer is stuck, in a connection
/// that has died without a word or with a server that hangs.
#[derive(Default)]
struct UnderWay(Mutex<BTreeMap<u64, Instant>>, AtomicU64);

impl UnderWay {
    /// Records that something is under way, until the guard is dropped.
    fn begin(&self) -> impl Drop + '_ {
        struct Guard<'a>(&'a UnderWay, u64);

        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
            }
        }

        let number = self.1.fetch_add(1, Ordering::Relaxed);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Instant::now());
        Guard(self, number)
    }

    /// When the latest of what is stuck was started. Connections that were open by then are likely to be dead, too.
    fn stuck_since(&self) -> Option<Instant> {
        let under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.values().filter(|started_at| started_at.elapsed() > STUCK).max().copied()
    }
}

impl Pool {
    /// Connects to a server that [`migrate`] has found fit.
    pub(crate) fn connect(url: &MysqlUrl, connections: u32) -> Result<Self, OpenError> {
        let (_, flavour) = open(url)?;
        let manager = Manager { url: url.clone(), flavour };
        let pool = r2d2::Pool::builder()
            .max_size(connections.saturating_mul(1 + SPARE))
            // Opened as they are needed.
            .min_idle(Some(0))
            .connection_timeout(CONNECTION_WAIT)
            .test_on_check_out(false)
            // What goes wrong is told to the request that it goes wrong for.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(manager.clone())
            .map_err(|error| OpenError::unreachable(url, &error.to_string()))?;
        Ok(Self { manager, connections: pool, under_way: UnderWay::default() })
    }

    /// The connections that are open; more are opened as they are needed.
    pub(crate) fn connections(&self) -> Connections {
        let r2d2::State { connections, idle_connections, .. } = self.connections.state();
        Connections { open: connections, idle: idle_connections }
    }

    /// Runs a query. If the connection turns out to be lost, it is run again on another.
    pub(crate) fn read<T>(
        &self,
        query: impl Fn(&mut MysqlConnection) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        self.run(|connection, _| query(connection))
    }

    /// Runs statements in one transaction.
    ///
    /// It is run again if it was the victim of a deadlock, also if that turns out only at its commit (as with Galera);
    /// and on another connection if the one it got was lost before it began.
    pub(crate) fn write<T>(
        &self,
        statements: impl Fn(&mut MysqlConnection) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        self.run(|connection, begun| {
            connection.transaction(|connection| {
                begun.set(true);
                statements(connection)
            })
        })
    }

    /// Whether a connection that was opened then is likely to be dead: another one has been stuck since.
    pub(crate) fn is_suspect(&self, opened: Instant) -> bool {
        self.under_way.stuck_since().is_some_and(|started_at| opened <= started_at)
    }

    /// Borrows a connection that is not known to be dead.
    fn connection(&self) -> Result<r2d2::PooledConnection<Manager>, RepositoryError> {
        loop {
            let mut connection =
                self.connections.get().map_err(|error| RepositoryError::Unavailable(error.into()))?;
            if !self.is_suspect(connection.opened) {
                return Ok(connection);
            }
            connection.is_lost = true;
        }
    }

    /// Runs `work`, which notes in its second argument when it has begun what must not be done twice.
    fn run<T>(
        &self,
        work: impl Fn(&mut MysqlConnection, &Cell<bool>) -> QueryResult<T>,
    ) -> Result<T, RepositoryError> {
        let mut deadlocks = 0;
        // As many may be lost as there are, after a restart of the server.
        let mut lost = 0..self.connections.max_size();
        loop {
            let mut connection = self.connection()?;
            let _under_way = self.under_way.begin();
            let begun = Cell::new(false);
            let error = match work(&mut connection.inner, &begun) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            match kind_of(&error) {
                ErrorKind::Deadlock if deadlocks < DEADLOCK_RETRIES => {
                    deadlocks += 1;
                    drop(connection);
                    // The other transaction gets ahead; the jitter keeps two victims from meeting again.
                    std::thread::sleep(Duration::from_millis(fastrand::u64(5..25) * u64::from(deadlocks)));
                }
                ErrorKind::Lost => {
                    connection.is_lost = true;
                    if begun.get() || lost.next().is_none() {
                        return Err(classify(error));
                    }
                }
                // This server may have become a replica, or have lost its quorum; another connection may lead to another one.
                ErrorKind::Inaccessible => {
                    connection.is_lost = true;
                    return Err(classify(error));
                }
                ErrorKind::Duplicate
                | ErrorKind::MissingReference
                | ErrorKind::Deadlock
                | ErrorKind::Locked
                | ErrorKind::Corrupt
                | ErrorKind::Other => return Err(classify(error)),
            }
        }
    }
}
