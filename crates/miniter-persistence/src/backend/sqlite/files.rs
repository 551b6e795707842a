//! The files of an open database: whether the next start will find them, and how long the log is.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};

use crate::backend::sqlite::with_suffix;

/// The database, its log and the log's index.
pub(crate) struct Files {
    database: File,
    log: File,
    index: File,
}

/// A name, and the file that it led to when the database was opened.
struct File {
    path: PathBuf,
    identity: Identity,
}

/// Device and inode.
type Identity = (u64, u64);

impl Files {
    /// The files of a database that this process has open.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        // SQLite keeps the log beside the file itself, wherever a link to it is. The next start goes by the link.
        let file = fs::canonicalize(path)?;
        Ok(Self {
            database: File::at(path.to_owned())?,
            log: File::at(with_suffix(&file, "-wal"))?,
            index: File::at(with_suffix(&file, "-shm"))?,
        })
    }

    /// Makes sure that the names still lead to the files that are open. Takes microseconds.
    ///
    /// # Errors
    /// That the connection is lost: to what the next start would find there is none.
    pub(crate) fn check(&self) -> QueryResult<()> {
        let Some(lost) = [&self.database, &self.log, &self.index].into_iter().find(|file| !file.is_there())
        else {
            return Ok(());
        };
        let message = format!(
            "{} was removed or replaced while this server has it open, so that whatever it writes would be lost: move the \
             files of the database back, or stop this server; docs/OPERATIONS.md says how to save what it has",
            lost.path.display()
        );
        Err(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message)))
    }

    /// The size of the log in bytes.
    pub(crate) fn log_size(&self) -> u64 {
        fs::metadata(&self.log.path).map_or(0, |log| log.len())
    }
}

impl File {
    fn at(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }

    fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|present| present == self.identity)
    }
}

/// Asked by name: to open and close the file would end the locks that this process has on it.
/// <https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>
fn identity(path: &Path) -> io::Result<Identity> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}
