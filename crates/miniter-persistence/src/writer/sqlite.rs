//! The one connection that writes to a SQLite file, and what it knows of other programs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sqlite::SqliteConnection;
use miniter_domain::{RepositoryError, StatusId};

use crate::backend::sqlite::files::Files;
use crate::backend::sqlite::log::{LogKeeping, checkpoint};
use crate::backend::sqlite::{LOCK_WAIT, data_version};
use crate::error::{ErrorKind, classify, kind_of};
use crate::feed::Derived;
use crate::writer::{Batch, WriteConnection};

/// How often the lock is tried while another program holds it.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The file as the thread that writes and those who look for other programs share it.
#[derive(Clone)]
pub(crate) struct File(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    /// Held by those who look for other programs: of two, none takes the other for the writer.
    looking: Mutex<()>,
    /// Whether the writer holds the file's write lock and has looked for other programs.
    is_writing: AtomicBool,
}

/// What is known of other programs' writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignWrites {
    /// All were noticed.
    Noticed,
    /// All were noticed that can matter: the writer has looked, and as long as it holds the write lock no other program writes.
    WriterLooked,
    /// The connection is in use: a check would have to wait for it.
    Unknown,
}

struct Inner {
    connection: SqliteConnection,
    files: Arc<Files>,
    /// Changes with every commit of another program, and only with those: no other connection of this one writes.
    /// <https://www.sqlite.org/pragma.html#pragma_data_version>
    data_version: i64,
    /// How often what is derived from the file was forgotten.
    forgotten: u64,
    derived: Arc<dyn Derived>,
    reconnect: Box<dyn Fn() -> Result<SqliteConnection, RepositoryError> + Send>,
}

impl File {
    /// Connects.
    pub(crate) fn open(
        files: Arc<Files>,
        reconnect: impl Fn() -> Result<SqliteConnection, RepositoryError> + Send + 'static,
        derived: Arc<dyn Derived>,
    ) -> Result<Self, RepositoryError> {
        let mut connection = reconnect()?;
        let data_version = data_version(&mut connection).map_err(classify)?;
        let reconnect = Box::new(reconnect);
        let inner = Inner { connection, files, data_version, forgotten: 0, derived, reconnect };
        let (inner, looking) = (Mutex::new(inner), Mutex::default());
        Ok(Self(Arc::new(Shared { inner, looking, is_writing: AtomicBool::new(false) })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether another program has written, without waiting for the writer.
    pub(crate) fn check_foreign_writes(&self) -> ForeignWrites {
        let _looking = self.0.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inner = match self.0.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if self.0.is_writing.load(Ordering::Acquire) => {
                return ForeignWrites::WriterLooked;
            }
            Err(TryLockError::WouldBlock) => return ForeignWrites::Unknown,
        };
        match inner.check_foreign_writes() {
            Ok(()) => ForeignWrites::Noticed,
            Err(_) => ForeignWrites::Unknown,
        }
    }

    /// The same, and waits for the writer.
    pub(crate) fn await_foreign_writes(&self) -> QueryResult<()> {
        self.inner().check_foreign_writes()
    }

    /// Begins a transaction, which is `IMMEDIATE`: it takes the lock before it reads anything. One that begins as a reader and
    /// writes later can be refused halfway.
    ///
    /// It waits here and not in SQLite: meanwhile others can look whether the program that holds the lock has written.
    fn begin(&self) -> (MutexGuard<'_, Inner>, QueryResult<()>) {
        let started_at = Instant::now();
        loop {
            let mut inner = self.inner();
            match inner.connection.batch_execute("BEGIN IMMEDIATE") {
                Err(error) if kind_of(&error) == ErrorKind::Locked && started_at.elapsed() < LOCK_WAIT => {
                    drop(inner);
                    thread::sleep(LOCK_PAUSE);
                }
                outcome => return (inner, outcome),
            }
        }
    }
}

impl Inner {
    fn check_foreign_writes(&mut self) -> QueryResult<()> {
        let present = data_version(&mut self.connection)?;
        if present != self.data_version {
            self.data_version = present;
            self.forgotten += 1;
            self.derived.invalidate();
        }
        Ok(())
    }

    /// Undoes a transaction. A connection that cannot is replaced.
    fn roll_back(&mut self) {
        if self.connection.batch_execute("ROLLBACK").is_err()
            // Where the file is gone, another would be made in its place.
            && self.files.check().is_ok()
            && let Ok(connection) = (self.reconnect)()
        {
            self.connection = connection;
            // For what was written meanwhile: a version says nothing about another connection's.
            self.data_version = i64::MIN;
        }
    }
}

/// The connection, as the thread that writes uses it.
pub(crate) struct FileConnection {
    file: File,
    /// The greatest id of a tweet so far.
    greatest: StatusId,
    log_keeping: LogKeeping,
}

impl FileConnection {
    pub(crate) fn new(file: File) -> Self {
        Self { file, greatest: StatusId::new(0), log_keeping: LogKeeping::default() }
    }
}

impl WriteConnection for FileConnection {
    type Connection = SqliteConnection;

    const PATIENCE: Option<Duration> = None;

    fn transaction(
        &mut self,
        work: &mut dyn FnMut(&mut Batch<'_, SqliteConnection>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let (mut events, mut published) = (Vec::new(), Vec::new());
        let is_writing = &self.file.0.is_writing;
        let (mut inner, begun) = self.file.begin();
        begun?;
        let run = (|| {
            inner.files.check()?;
            // With the lock, and before anything is written: what other programs wrote comes before it.
            inner.check_foreign_writes()?;
            is_writing.store(true, Ordering::Release);
            work(&mut Batch {
                connection: &mut inner.connection,
                events: &mut events,
                published: &mut published,
                greatest: &mut self.greatest,
                lock_waits: &mut 0,
            })?;
            inner.connection.batch_execute("COMMIT")
        })();
        // Without the write lock it is no longer known that no other program writes: from now on others look for themselves.
        is_writing.store(false, Ordering::Release);
        if run.is_err() {
            inner.roll_back();
            return run;
        }
        // What has gone into files that the next start will not find is not acknowledged.
        inner.files.check().inspect_err(|_| inner.derived.invalidate())?;
        let (derived, forgotten) = (Arc::clone(&inner.derived), inner.forgotten);
        drop(inner);
        if catch_unwind(AssertUnwindSafe(|| derived.apply(&events, &published))).is_err() {
            derived.invalidate();
            return Err(Error::QueryBuilderError("what follows a commit panicked".into()));
        }
        // Another program may have deleted meanwhile what was applied just now.
        let mut inner = self.file.inner();
        if inner.check_foreign_writes().is_err() || inner.forgotten != forgotten {
            derived.invalidate();
        }
        Ok(())
    }

    fn after_delivery(&mut self) {
        let files = Arc::clone(&self.file.inner().files);
        let file = &self.file;
        self.log_keeping.run(&files, || {
            let mut inner = file.inner();
            // First, since others cannot look while this goes on.
            inner.check_foreign_writes()?;
            checkpoint(&mut inner.connection)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    use miniter_domain::Status;

    use super::*;
    use crate::backend::sqlite::log::LOG_SIZE;
    use crate::feed::Event;
    use crate::writer::Writer;

    /// A writer, and another connection to the same file.
    struct Fixture {
        writer: Writer<FileConnection>,
        file: File,
        other: SqliteConnection,
        seen: Arc<Seen>,
        folder: tempfile::TempDir,
    }

    /// What was committed.
    #[derive(Default)]
    struct Seen {
        events: Mutex<Vec<Event>>,
        forgotten: Mutex<u32>,
    }

    impl Derived for Seen {
        fn apply(&self, events: &[Event], _: &[Arc<Status>]) {
            assert!(!events.contains(&PANIC), "on purpose");
            self.events.lock().unwrap().extend(events);
        }

        fn invalidate(&self) {
            *self.forgotten.lock().unwrap() += 1;
        }
    }

    /// An event that cannot be applied.
    const PANIC: Event = Event::AccountDeleted { user: -1 };

    fn open(path: &Path) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection
            .batch_execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON")
            .unwrap();
        connection
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file.db");
            let mut other = open(&path);
            other
                .batch_execute(
                    "CREATE TABLE numbers (number INTEGER PRIMARY KEY); \
                     CREATE TABLE children (of INTEGER REFERENCES numbers (number))",
                )
                .unwrap();
            let seen = Arc::new(Seen::default());
            let files = Arc::new(Files::of(&path).unwrap());
            let file = File::open(files, move || Ok(open(&path)), seen.clone()).unwrap();
            let session = file.clone();
            let make = move || FileConnection::new(session.clone());
            Self { writer: Writer::start(make).unwrap(), file, other, seen, folder }
        }

        fn connect(&self) -> SqliteConnection {
            open(&self.folder.path().join("file.db"))
        }

        fn write(&self, statements: &'static str) -> Result<(), RepositoryError> {
            self.writer.write(move |connection, _| connection.batch_execute(statements))
        }

        /// Has all of these written while they wait for a lock, so that they share a commit as far as they can.
        fn write_together(&mut self, jobs: &[&'static str]) -> Vec<Result<(), RepositoryError>> {
            self.other.batch_execute("BEGIN IMMEDIATE").unwrap();
            let (writer, other) = (&self.writer, &mut self.other);
            thread::scope(|scope| {
                let write = |statements: &'static str| {
                    writer.write(move |connection, _| {
                        connection.batch_execute(statements)?;
                        assert!(!statements.contains("panic"), "on purpose");
                        Ok(())
                    })
                };
                let threads: Vec<_> =
                    jobs.iter().map(|statements| scope.spawn(move || write(statements))).collect();
                // Until all are in the queue; the first may have left it for the lock.
                thread::sleep(Duration::from_millis(200));
                other.batch_execute("COMMIT").unwrap();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            })
        }

        fn numbers(&mut self) -> Vec<i64> {
            sql::<BigInt>("SELECT number FROM numbers ORDER BY number").load(&mut self.other).unwrap()
        }

        fn forgotten(&self) -> u32 {
            *self.seen.forgotten.lock().unwrap()
        }
    }

    #[test]
    fn of_those_who_share_a_commit_one_that_fails_or_panics_undoes_itself_alone() {
        let mut fixture = Fixture::new();
        let outcomes = fixture.write_together(&[
            "INSERT INTO numbers VALUES (1)",
            "INSERT INTO numbers VALUES (2); INSERT INTO numbers VALUES (2)",
            "INSERT INTO numbers VALUES (3) /* panic */",
            "INSERT INTO numbers VALUES (4)",
        ]);
        assert!(
            matches!(
                outcomes[..],
                [Ok(()), Err(RepositoryError::Taken), Err(RepositoryError::Backend(_)), Ok(())]
            ),
            "{outcomes:?}"
        );
        assert_eq!(fixture.numbers(), [1, 4]);
        fixture.write("INSERT INTO numbers VALUES (5)").unwrap();
        assert_eq!(fixture.numbers(), [1, 4, 5]);
    }

    #[test]
    fn nobody_is_told_that_something_is_written_before_the_commit_has_succeeded() {
        let mut fixture = Fixture::new();
        // Found out only at the commit.
        let orphan = "PRAGMA defer_foreign_keys = ON; INSERT INTO children VALUES (77); \
                      INSERT INTO numbers VALUES (2)";
        let outcomes = fixture.write_together(&[orphan, orphan, orphan]);
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert_eq!(fixture.numbers(), Vec::<i64>::new());
        fixture.write("INSERT INTO numbers VALUES (5)").unwrap();
        assert_eq!(fixture.numbers(), [5]);
    }

    #[test]
    fn events_are_applied_in_the_order_of_commits_and_before_the_answer_and_only_those_of_what_was_written() {
        let Fixture { writer, seen, folder: _folder, .. } = Fixture::new();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for i in 0..50 {
                        let written = writer.write(move |connection, events| {
                            let number: i64 =
                                sql::<BigInt>("INSERT INTO numbers VALUES (NULL) RETURNING number")
                                    .get_result(connection)?;
                            events.push(Event::AccountDeleted { user: number });
                            if i % 5 == 4 { Err(Error::NotFound) } else { Ok(number) }
                        });
                        let seen = seen.events.lock().unwrap();
                        if let Ok(number) = written {
                            assert!(seen.contains(&Event::AccountDeleted { user: number }));
                        }
                    }
                });
            }
        });
        let seen = seen.events.lock().unwrap();
        let written: Vec<_> = (1..=160).map(|user| Event::AccountDeleted { user }).collect();
        assert_eq!(*seen, written);
    }

    #[test]
    fn what_another_program_writes_is_noticed_also_while_a_write_waits_for_its_lock() {
        let fixture = Fixture::new();
        let mut other = fixture.connect();
        let (writer, file) = (&fixture.writer, &fixture.file);
        other.batch_execute("BEGIN IMMEDIATE; INSERT INTO numbers VALUES (1)").unwrap();
        thread::scope(|scope| {
            let write = scope.spawn(move || {
                writer.write(|connection, _| connection.batch_execute("INSERT INTO numbers VALUES (2)"))
            });
            let begun = Instant::now();
            thread::sleep(Duration::from_millis(100));
            assert!(!write.is_finished(), "it waits");
            // As a reader would; the writer is in the way for moments only.
            while file.check_foreign_writes() != ForeignWrites::Noticed {
                assert!(begun.elapsed() < LOCK_WAIT, "the writer is always in the way");
                thread::yield_now();
            }
            assert!(!write.is_finished(), "it still waits");
            other.batch_execute("COMMIT").unwrap();
            write.join().unwrap().unwrap();
        });
        assert_eq!(fixture.forgotten(), 1);
    }

    #[test]
    fn what_is_committed_to_a_file_that_is_gone_is_not_acknowledged() {
        let fixture = Fixture::new();
        let path = fixture.folder.path().join("file.db");
        let aside = fixture.folder.path().join("aside");
        let (from, to) = (path.clone(), aside.clone());
        let outcome = fixture.writer.write(move |connection, events| {
            std::fs::rename(&from, &to).unwrap();
            events.push(Event::AccountDeleted { user: 1 });
            connection.batch_execute("INSERT INTO numbers VALUES (1)")
        });
        assert!(matches!(outcome, Err(RepositoryError::Unavailable(_))), "{outcome:?}");
        assert_eq!((fixture.forgotten(), fixture.seen.events.lock().unwrap().len()), (1, 0));
        // From now on nothing is written at all.
        let refused = fixture.write("INSERT INTO numbers VALUES (2)");
        assert!(matches!(refused, Err(RepositoryError::Unavailable(_))), "{refused:?}");
        std::fs::rename(aside, path).unwrap();
        fixture.write("INSERT INTO numbers VALUES (3)").unwrap();
        let mut fixture = fixture;
        assert_eq!(fixture.numbers(), [1, 3]);
    }

    #[test]
    fn the_log_is_emptied_also_where_one_read_overlaps_the_next() {
        let fixture = Fixture::new();
        let log = fixture.folder.path().join("file.db-wal");
        let log_size = || std::fs::metadata(&log).unwrap().len();
        fixture.write("CREATE TABLE blobs (content BLOB)").unwrap();
        let is_over = AtomicBool::new(false);
        let mut readers = [fixture.connect(), fixture.connect()];
        let begin = |reader: &mut SqliteConnection| {
            reader.batch_execute("BEGIN; SELECT content FROM blobs LIMIT 1").unwrap();
        };
        begin(&mut readers[0]);
        thread::scope(|scope| {
            let is_over = &is_over;
            scope.spawn(move || {
                let [one, other] = &mut readers;
                while !is_over.load(Ordering::Relaxed) {
                    // At every moment one of the two is reading.
                    begin(other);
                    one.batch_execute("COMMIT").unwrap();
                    thread::sleep(Duration::from_millis(2));
                    begin(one);
                    other.batch_execute("COMMIT").unwrap();
                    thread::sleep(Duration::from_millis(2));
                }
            });
            let mut longest = 0;
            while longest <= LOG_SIZE {
                fixture.write("INSERT INTO blobs VALUES (zeroblob(1000000))").unwrap();
                longest = log_size();
            }
            let begun = Instant::now();
            while log_size() > LOG_SIZE / 2 && begun.elapsed() < Duration::from_secs(30) {
                fixture.write("INSERT INTO blobs VALUES ('')").unwrap();
                thread::sleep(Duration::from_millis(20));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(log_size() <= LOG_SIZE / 2, "{} bytes", log_size());
        assert_eq!(fixture.forgotten(), 0, "nobody else has written");
        // Somebody who goes on reading is in nobody's way.
        let mut reader = fixture.connect();
        begin(&mut reader);
        while log_size() <= LOG_SIZE {
            fixture.write("INSERT INTO blobs VALUES (zeroblob(1000000))").unwrap();
        }
        fixture.write("INSERT INTO numbers VALUES (1)").unwrap();
        let mut fixture = fixture;
        assert_eq!(fixture.numbers(), [1]);
    }

    #[test]
    fn a_panic_after_a_commit_leaves_the_thread_alive_and_what_is_derived_forgotten() {
        let fixture = Fixture::new();
        let outcome = fixture.writer.write(|connection, events| {
            events.push(PANIC);
            connection.batch_execute("INSERT INTO numbers VALUES (1)")
        });
        assert!(matches!(outcome, Err(RepositoryError::Backend(_))), "{outcome:?}");
        assert_eq!(fixture.forgotten(), 1);
        fixture.write("INSERT INTO numbers VALUES (2)").unwrap();
    }

    #[test]
    fn what_another_connectideriveds_is_noticed_and_what_this_one_does_is_not() {
        let fixture = Fixture::new();
        let mut other = fixture.connect();
        fixture.write("INSERT INTO numbers VALUES (1)").unwrap();
        assert_eq!(fixture.file.check_foreign_writes(), ForeignWrites::Noticed);
        assert_eq!(fixture.forgotten(), 0);
        other.batch_execute("INSERT INTO numbers VALUES (2)").unwrap();
        assert_eq!(fixture.file.check_foreign_writes(), ForeignWrites::Noticed);
        assert_eq!(fixture.forgotten(), 1);
        other.batch_execute("INSERT INTO numbers VALUES (3)").unwrap();
        fixture.write("INSERT INTO numbers VALUES (4)").unwrap();
        assert_eq!(fixture.forgotten(), 2);
    }
}
