//! Backups of a file that is being served, and putting one in its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

use crate::backend::sqlite::inspection::check_schema;
use crate::backend::sqlite::{LOCK_WAIT, folder_of, locator, lock_folder, with_suffix};
use crate::error::{ErrorKind, OpenError, kind_of};
use crate::schema::{tweets, users};

/// Why a backup could not be made or put in place. Each message is a sentence for the person who asked for it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is overwritten.
    #[error("{file} exists already; name a new file")]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// There is nothing to back up, or to restore.
    #[error("there is no file {file}")]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot write or read {file}: {cause}")]
    Inaccessible {
        /// The file.
        file: PathBuf,
        /// What the operating system or SQLite said.
        cause: String,
    },
    /// The backup is none.
    #[error("{file} is no sound backup of a miniter: {cause}; nothing was changed")]
    Unsound {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        cause: String,
    },
    /// The backup is of another program, or of a newer miniter.
    #[error("cannot restore {file}, and nothing was changed: {cause}")]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why this program cannot work with it.
        cause: Box<OpenError>,
    },
    /// Another program uses the database.
    #[error(
        "the database {path} is in use: stop the miniter that serves it, and try again; nothing was changed"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The database is gone and its log is not.
    #[error(
        "{log} is the log of a database that is gone, and would be taken for that of the restored one: move it elsewhere, \
         and try again; nothing was changed"
    )]
    LeftLog {
        /// The log.
        log: PathBuf,
    },
    /// The folder of the database cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
}

/// What a backup has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupContents {
    /// How many users.
    pub users: i64,
    /// How many tweets.
    pub tweets: i64,
}

/// A restored database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it has.
    pub contents: BackupContents,
    /// Where the one is that was there before.
    pub replaced: Option<PathBuf>,
}

/// Writes all that is committed now into a new file, which no other user can read; servers may run meanwhile, and wait for
/// nothing. The file is there only once it is whole and on the disk.
///
/// # Errors
/// [`BackupError`].
pub fn back_up(database: &Path, file: &Path) -> Result<BackupContents, BackupError> {
    if !database.exists() {
        return Err(BackupError::Missing { file: database.to_owned() });
    }
    if file.exists() {
        return Err(BackupError::Exists { file: file.to_owned() });
    }
    let partial = Partial::beside(file)?;
    let failed = |error: diesel::result::Error| partial.inaccessible(&error.to_string());
    let mut connection = connect(database)?;
    // One reading transaction. <https://www.sqlite.org/lang_vacuum.html#vacuuminto>
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(partial.locator())
        .execute(&mut connection)
        .map_err(failed)?;
    drop(connection);
    let contents = examine(&partial.0).map_err(|cause| partial.inaccessible(&cause))?;
    partial.put_in_place(file)?;
    Ok(contents)
}

/// A backup that is sound and ready to take the place of a database. Until [`Restoration::finish`] nothing is changed; no
/// miniter starts meanwhile.
pub struct Restoration {
    partial: Partial,
    database: PathBuf,
    contents: BackupContents,
    _lock: File,
}

impl Restoration {
    /// Copies a backup to where the database is, and makes sure that it is sound, that this program can work with it, and
    /// that no program uses the database.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn prepare(file: &Path, database: &Path) -> Result<Self, BackupError> {
        // A log is beside the file itself, wherever a link to it is.
        if !file.exists() {
            return Err(BackupError::Missing { file: file.to_owned() });
        }
        let file = fs::canonicalize(file)
            .map_err(|error| BackupError::Inaccessible { file: file.to_owned(), cause: error.to_string() })?;
        if with_suffix(&file, "-wal").exists() {
            let cause =
                "it has a write-ahead log beside it, as a database that is being served has".to_owned();
            return Err(BackupError::Unsound { file, cause });
        }
        // Makes the folder; a server that starts waits.
        let lock = lock_folder(database)?;
        // What is replaced is the file itself, wherever a link leads to it.
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        if with_suffix(&database, PARTIAL) == file {
            let cause = "this is written under its name; give the backup another".to_owned();
            return Err(BackupError::Inaccessible { file, cause });
        }
        let partial = Partial::beside(&database)?;
        partial.fill_from(&file)?;
        partial.give_to_owner_of(if database.exists() { &database } else { folder_of(&database) })?;
        let contents = match examine(&partial.0) {
            Ok(contents) => contents,
            Err(cause) => return Err(BackupError::Unsound { file, cause }),
        };
        check_schema(&mut connect(&partial.0)?, &file)
            .map_err(|cause| BackupError::Unusable { file, cause: Box::new(cause) })?;
        if database.exists() {
            refuse_in_use(&database)?;
        } else {
            refuse_left_log(&database)?;
        }
        Ok(Self { partial, database, contents, _lock: lock })
    }

    /// Puts the backup in its place; what was there is kept beside it. If this is cut off, either of the two is there as a
    /// whole.
    ///
    /// # Errors
    /// [`BackupError::Inaccessible`].
    pub fn finish(self) -> Result<Restored, BackupError> {
        let replaced = if self.database.exists() { Some(set_aside(&self.database)?) } else { None };
        self.partial.put_in_place(&self.database)?;
        Ok(Restored { contents: self.contents, replaced })
    }
}

/// What the name of a file ends with that is not whole yet.
const PARTIAL: &str = ".partial";

/// A file that is not whole yet; removed unless it is put in place.
struct Partial(PathBuf);

impl Partial {
    fn beside(file: &Path) -> Result<Self, BackupError> {
        let partial = Self(with_suffix(file, PARTIAL));
        // SQLite's names are.
        if file.to_str().is_none() {
            return Err(partial.inaccessible("its name is not UTF-8"));
        }
        // From one that was cut off.
        match fs::remove_file(&partial.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(partial.inaccessible(&error.to_string()));
            }
            _ => {}
        }
        // Empty, which SQLite takes, and this user's alone.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial.0)
            .map_err(|error| partial.inaccessible(&error.to_string()))?;
        Ok(partial)
    }

    fn locator(&self) -> String {
        locator(&self.0)
    }

    fn inaccessible(&self, cause: &str) -> BackupError {
        BackupError::Inaccessible { file: self.0.clone(), cause: cause.to_owned() }
    }

    fn fill_from(&self, file: &Path) -> Result<(), BackupError> {
        let copy = || -> io::Result<()> {
            let mut source = File::open(file)?;
            let mut target = OpenOptions::new().write(true).open(&self.0)?;
            io::copy(&mut source, &mut target)?;
            Ok(())
        };
        copy().map_err(|error| self.inaccessible(&error.to_string()))
    }

    /// Lets the user have it who has another file, so that the service can open what its administrator restores.
    fn give_to_owner_of(&self, other: &Path) -> Result<(), BackupError> {
        let give = || -> io::Result<()> {
            let (own, wanted) = (fs::metadata(&self.0)?, fs::metadata(other)?);
            if (own.uid(), own.gid()) == (wanted.uid(), wanted.gid()) {
                return Ok(());
            }
            chown(&self.0, Some(wanted.uid()), Some(wanted.gid()))
        };
        give().map_err(|error| {
            self.inaccessible(&format!("cannot give it to the owner of the database: {error}"))
        })
    }

    /// Renames it, once it is on the disk.
    fn put_in_place(self, file: &Path) -> Result<(), BackupError> {
        let place = || -> io::Result<()> {
            File::open(&self.0)?.sync_all()?;
            fs::rename(&self.0, file)?;
            File::open(folder_of(file))?.sync_all()
        };
        place().map_err(|error| BackupError::Inaccessible { file: file.to_owned(), cause: error.to_string() })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
        }
    }
}

/// A connection that changes nothing of how the file is set up.
fn connect(file: &Path) -> Result<SqliteConnection, BackupError> {
    let inaccessible = |cause: String| BackupError::Inaccessible { file: file.to_owned(), cause };
    let mut connection =
        SqliteConnection::establish(&locator(file)).map_err(|error| inaccessible(error.to_string()))?;
    connection
        .batch_execute(&format!("PRAGMA busy_timeout = {}", LOCK_WAIT.as_millis()))
        .map_err(|error| inaccessible(error.to_string()))?;
    Ok(connection)
}

/// Reads all of a file and says what is in it, or what is wrong with it.
fn examine(file: &Path) -> Result<BackupContents, String> {
    let mut connection = connect(file).map_err(|error| error.to_string())?;
    let mut look = || -> QueryResult<(String, BackupContents)> {
        let verdict = sql::<Text>("PRAGMA integrity_check(1)").get_result(&mut connection)?;
        let users = users::table.count().get_result(&mut connection)?;
        let tweets = tweets::table.count().get_result(&mut connection)?;
        Ok((verdict, BackupContents { users, tweets }))
    };
    match look() {
        Ok((verdict, contents)) if verdict == "ok" => Ok(contents),
        Ok((verdict, _)) => Err(verdict),
        Err(error) => Err(error.to_string()),
    }
}

/// Makes sure that no log is left of a database that is gone: SQLite would take it for the new file's.
fn refuse_left_log(database: &Path) -> Result<(), BackupError> {
    let mut logs = ["-wal", "-journal"].map(|suffix| with_suffix(database, suffix)).into_iter();
    logs.find(|log| log.exists()).map_or(Ok(()), |log| Err(BackupError::LeftLog { log }))
}

/// Makes sure that no program uses a database.
fn refuse_in_use(database: &Path) -> Result<(), BackupError> {
    let mut connection = connect(database)?;
    // Possible only for a program that has the file alone; the log is then in the file, and gone.
    match sql::<Text>("PRAGMA journal_mode = DELETE").get_result::<String>(&mut connection) {
        Ok(mode) if mode == "delete" => {}
        Ok(_) => return Err(BackupError::InUse { path: database.to_owned() }),
        Err(error) => match kind_of(&error) {
            // That may be why it is to be replaced.
            ErrorKind::Corrupt => {}
            ErrorKind::Locked => return Err(BackupError::InUse { path: database.to_owned() }),
            ErrorKind::Duplicate
            | ErrorKind::MissingReference
            | ErrorKind::Deadlock
            | ErrorKind::Lost
            | ErrorKind::Inaccessible
            | ErrorKind::Other => {
                let cause = error.to_string();
                return Err(BackupError::Inaccessible { file: database.to_owned(), cause });
            }
        },
    }
    drop(connection);
    // The last program to close a file leaves no log behind. Were there one, it would be taken for the new file's.
    if with_suffix(database, "-wal").exists() {
        return Err(BackupError::InUse { path: database.to_owned() });
    }
    Ok(())
}

/// Gives a database a second name. Returns that.
fn set_aside(database: &Path) -> Result<PathBuf, BackupError> {
    let mut aside = with_suffix(database, ".replaced");
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = with_suffix(database, &format!(".replaced-{number}"));
    }
    fs::hard_link(database, &aside)
        .map_err(|error| BackupError::Inaccessible { file: aside.clone(), cause: error.to_string() })?;
    Ok(aside)
}
