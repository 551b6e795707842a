//! A SQLite file that is open.

use std::path::Path;
use std::sync::Arc;

use miniter_domain::RepositoryError;

use crate::backend::sqlite::files::Files;
use crate::backend::sqlite::watch::Watches;
use crate::backend::sqlite::{Readers, connect_writer};
use crate::error::{OpenError, classify, classify_open};
use crate::feed::Derived;
use crate::writer::Writer;
use crate::writer::sqlite::{File, FileConnection, ForeignWrites};

/// Many connections that read, one that writes, and some that notice when others do.
pub(crate) struct SqliteDatabase {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer<FileConnection>,
    file: File,
    watches: Watches,
    derived: Arc<dyn Derived>,
    files: Arc<Files>,
}

impl SqliteDatabase {
    /// Connects to a file that was migrated. What is committed is applied to `derived`.
    pub(crate) fn connect(path: &Path, readers: u32, derived: Arc<dyn Derived>) -> Result<Self, OpenError> {
        let fail = |cause: String| classify_open(path, cause);
        let readers = Readers::connect(path, readers)?;
        // Now that the log is there.
        let files = Arc::new(Files::of(path).map_err(|error| fail(error.to_string()))?);
        let own_path = path.to_owned();
        let reconnect = move || connect_writer(&own_path);
        let file = File::open(Arc::clone(&files), reconnect, Arc::clone(&derived))
            .map_err(|error| fail(error.to_string()))?;
        let written = file.clone();
        let connection = move || FileConnection::new(written.clone());
        let writer = Writer::start(connection).map_err(|error| fail(error.to_string()))?;
        let watches = Watches::connect(path)?;
        Ok(Self { readers, writer, file, watches, derived, files })
    }

    /// Makes sure that the next start will find the files that are open.
    pub(crate) fn check_files(&self) -> Result<(), RepositoryError> {
        self.files.check().map_err(classify)
    }

    /// Makes sure that what other programs have written by now is not missing in what is derived from the file, and returns
    /// whether that could be done without waiting. Takes microseconds.
    pub(super) fn check_foreign_writes(&self) -> bool {
        let mut watch = self.watches.borrow();
        match watch.look() {
            Ok((_, false)) => true,
            // Something was committed; whether by us, only the connection that writes can tell.
            Ok((present, true)) => match self.file.check_foreign_writes() {
                ForeignWrites::Noticed => {
                    watch.accept(present);
                    true
                }
                ForeignWrites::WriterLooked => true,
                ForeignWrites::Unknown => false,
            },
            // The next request that asks the file will be told what is wrong.
            Err(_) => {
                self.derived.invalidate();
                true
            }
        }
    }

    /// The same, and waits for the writer.
    pub(super) fn await_foreign_writes(&self) -> Result<(), RepositoryError> {
        self.file.await_foreign_writes().map_err(classify)
    }
}
