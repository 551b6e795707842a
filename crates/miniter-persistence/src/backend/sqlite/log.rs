//! Emptying the write-ahead log, so that it stays short also where one read overlaps the next.

use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use crate::backend::prepared::prepared;
use crate::backend::sqlite::files::Files;

/// The size of the log in bytes from which it is emptied. SQLite moves its pages into the database by itself, but restarts
/// the log only in a moment without readers: while reads overlap, never.
pub(crate) const LOG_SIZE: u64 = 16 << 20;

/// How long writes wait until those who read from the log have ended.
const LOG_WAIT: Duration = Duration::from_millis(250);

/// How often it is tried meanwhile.
const LOG_RETRY: Duration = Duration::from_millis(5);

/// How long they are left alone after that was in vain: a backup reads for minutes.
const LOG_PAUSE: Duration = Duration::from_secs(2);

/// Empties the log when it is long.
#[derive(Default)]
pub(crate) struct LogKeeping {
    last_in_vain: Option<Instant>,
}

impl LogKeeping {
    /// Empties the log if it is long. `checkpoint` tries it and returns whether it is busy.
    ///
    /// Readers do not wait: as nothing is written meanwhile, those who begin to read soon need the log no more, and the others
    /// end. <https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>
    pub(crate) fn run(&mut self, files: &Files, mut checkpoint: impl FnMut() -> QueryResult<bool>) {
        if files.log_size() <= LOG_SIZE
            || self.last_in_vain.is_some_and(|moment| moment.elapsed() <= LOG_PAUSE)
        {
            return;
        }
        let started_at = Instant::now();
        self.last_in_vain = loop {
            match checkpoint() {
                Ok(false) => break None,
                Ok(true) if started_at.elapsed() < LOG_WAIT => thread::sleep(LOG_RETRY),
                Ok(true) => break Some(Instant::now()),
                Err(error) => {
                    log::debug!("the log is not emptied: {error}");
                    break Some(Instant::now());
                }
            }
        };
    }
}

/// Moves what is in the log into the database and empties it, unless a connection reads from it: then it is busy.
pub(crate) fn checkpoint(connection: &mut SqliteConnection) -> QueryResult<bool> {
    // Busy, pages in the log, pages moved.
    type Outcome = (BigInt, BigInt, BigInt);
    let (busy, _, _): (i64, i64, i64) =
        prepared::<0, Outcome>("PRAGMA wal_checkpoint(TRUNCATE)", []).get_result(connection)?;
    Ok(busy != 0)
}
