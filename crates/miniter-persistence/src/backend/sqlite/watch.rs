//! Connections that notice every commit to a file, without waiting.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::backend::sqlite::{Access, connect, data_version};
use crate::error::{OpenError, classify_open};

/// As many watches as there are cores, so that threads rarely wait for each other.
pub(crate) struct Watches(Box<[Mutex<Watch>]>);

/// A connection that sees every commit, and up to which it is known whether it was ours.
pub(crate) struct Watch {
    connection: SqliteConnection,
    data_version: i64,
}

impl Watches {
    /// Connects to a file that [`migrate`](super::migrate) has found sound.
    pub(crate) fn connect(path: &Path) -> Result<Self, OpenError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let watches = (0..cores)
            .map(|_| Watch::connect(path).map(Mutex::new))
            .collect::<Result<_, _>>()
            .map_err(|error| classify_open(path, error.to_string()))?;
        Ok(Self(watches))
    }

    /// A watch that no other thread is at, if there is one.
    pub(crate) fn borrow(&self) -> MutexGuard<'_, Watch> {
        let mut watches = self.0.iter();
        let free = watches.find_map(|watch| match watch.try_lock() {
            Ok(watch) => Some(watch),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| self.0[0].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watch {
    fn connect(path: &Path) -> Result<Self, diesel::r2d2::Error> {
        let mut connection = connect(path, Access::Reader)?;
        // It is asked where nothing may wait.
        connection.batch_execute("PRAGMA busy_timeout = 0").map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Self { connection, data_version: i64::MIN })
    }

    /// The present version of the data, and whether it is another one than was [accepted](Self::accept). Takes microseconds.
    pub(crate) fn look(&mut self) -> QueryResult<(i64, bool)> {
        let present = data_version(&mut self.connection)?;
        Ok((present, present != self.data_version))
    }

    /// Up to this version it is known who has written.
    pub(crate) fn accept(&mut self, data_version: i64) {
        self.data_version = data_version;
    }
}
