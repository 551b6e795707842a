//! The connection of the thread that writes to a server.
//!
//! It holds the lock of the feed's head for a batch: from the first statement to the commit, for milliseconds. So that nodes wait
//! for each other at one place and in no other order, this is the first lock of every transaction that writes.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use r2d2::ManageConnection;

use crate::backend::STUCK;
use crate::backend::mysql::{self, DEADLOCK_RETRIES, Pool};
use crate::backend::prepared::execute;
use crate::error::{ErrorKind, kind_of};
use crate::feed::Event;
use crate::feed::mysql::{Head, Holder};
use crate::writer::{Batch, WriteConnection};

/// How often the lock of the head is waited for, a second each time.
const LOCK_WAITS: u32 = 3;

/// A connection that writes, made when it is needed and when the one before is lost.
pub(crate) struct FeedConnection {
    /// For looks at what holds the lock.
    pool: Arc<Pool>,
    connection: Option<mysql::ServerConnection>,
}

/// What ended an attempt.
struct Failure {
    error: diesel::result::Error,
    /// Whether anything was sent that may have been done: the commit.
    is_in_doubt: bool,
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self { error, is_in_doubt: false }
    }
}

impl FeedConnection {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, connection: None }
    }

    /// The connection. Its transactions begin by themselves: `START TRANSACTION` cannot be prepared, and would cost a round trip.
    fn connection(&mut self) -> QueryResult<&mut MysqlConnection> {
        self.connection.take_if(|connection| self.pool.is_suspect(connection.opened));
        if self.connection.is_none() {
            let mut connection = self.pool.manager.connect().map_err(|error| match error {
                diesel::r2d2::Error::QueryError(error) => error,
                diesel::r2d2::Error::ConnectionError(error) => {
                    let kind = diesel::result::DatabaseErrorKind::ClosedConnection;
                    diesel::result::Error::DatabaseError(kind, Box::new(error.to_string()))
                }
            })?;
            connection.inner.batch_execute("SET autocommit = 0")?;
            self.connection = Some(connection);
        }
        self.connection
            .as_mut()
            .map(|connection| &mut connection.inner)
            .ok_or(diesel::result::Error::NotFound)
    }

    fn attempt(
        &mut self,
        work: &mut dyn FnMut(&mut Batch<'_, MysqlConnection>) -> QueryResult<()>,
    ) -> Result<(), Failure> {
        let mut head = self.lock_head()?;
        let Some(mysql::ServerConnection { inner: connection, .. }) = &mut self.connection else {
            return Err(diesel::result::Error::NotFound.into());
        };
        let (mut events, mut published) = (Vec::new(), Vec::new());
        if head.has_foreign_tweets {
            events.push(Event::ForeignWrites);
        }
        work(&mut Batch {
            connection: &mut *connection,
            events: &mut events,
            published: &mut published,
            greatest: &mut head.greatest,
            lock_waits: &mut 0,
        })?;
        head.append(connection, &events)?;
        execute(connection, "COMMIT", []).map_err(|error| Failure { error, is_in_doubt: true })?;
        Ok(())
    }

    /// Waits for the lock of the head. A connection that has held it for more than a second when it is looked at twice is ended: its
    /// node was stopped, or cannot be reached.
    fn lock_head(&mut self) -> QueryResult<Head> {
        let mut seen = None;
        for _ in 1..LOCK_WAITS {
            match Head::lock(self.connection()?) {
                Err(error) if kind_of(&error) == ErrorKind::Locked => {
                    let holder = self.pool.read(Holder::find).ok().flatten();
                    if let Some(holder) = holder
                        && seen == Some(holder)
                    {
                        // Where that is refused, the lock is waited for once more.
                        let _ = self.pool.read(|connection| holder.end(connection));
                    }
                    seen = holder;
                }
                outcome => return outcome,
            }
        }
        Head::lock(self.connection()?)
    }
}

impl WriteConnection for FeedConnection {
    type Connection = MysqlConnection;

    const PATIENCE: Option<Duration> = Some(STUCK);

    fn transaction(
        &mut self,
        work: &mut dyn FnMut(&mut Batch<'_, MysqlConnection>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let (mut deadlocks, mut losses) = (0, 0);
        loop {
            let Failure { error, is_in_doubt } = match self.attempt(work) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            match kind_of(&error) {
                ErrorKind::Deadlock if deadlocks < DEADLOCK_RETRIES => {
                    deadlocks += 1;
                    self.roll_back();
                    // The other transaction gets ahead; the jitter keeps two victims from meeting again.
                    std::thread::sleep(Duration::from_millis(fastrand::u64(5..25) * u64::from(deadlocks)));
                }
                // Without its commit nothing of a transaction is left.
                ErrorKind::Lost if !is_in_doubt && losses == 0 => {
                    losses += 1;
                    self.connection = None;
                }
                // This server may have become a replica, or have lost its quorum; another connection may lead to another one.
                ErrorKind::Lost | ErrorKind::Inaccessible => {
                    self.connection = None;
                    return Err(error);
                }
                ErrorKind::Duplicate
                | ErrorKind::MissingReference
                | ErrorKind::Deadlock
                | ErrorKind::Locked
                | ErrorKind::Corrupt
                | ErrorKind::Other => {
                    self.roll_back();
                    return Err(error);
                }
            }
        }
    }
}

impl FeedConnection {
    /// Undoes a transaction. A connection that cannot is given up, which undoes it as well.
    fn roll_back(&mut self) {
        if let Some(connection) = &mut self.connection
            && connection.inner.batch_execute("ROLLBACK").is_err()
        {
            self.connection = None;
        }
    }
}
