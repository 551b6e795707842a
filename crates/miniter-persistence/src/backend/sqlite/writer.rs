//! The one connection that writes to a SQLite file, and the thread that owns it.
//!
//! What many clients want written shares a commit, and so an fsync: while one commit is under way, the next batch
//! gathers. Each of a batch is undone on its own if it fails, and none is answered before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use miniter_domain::RepositoryError;

use crate::backend::prepared::prepared;
use crate::backend::sqlite::files::Files;
use crate::backend::sqlite::{LOCK_WAIT, data_version};
use crate::error::{Trouble, classify, trouble_of};

/// The most that share a commit.
const MAX_BATCH: usize = 256;

/// How often the lock is tried while another program holds it.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The size of the log in bytes from which it is emptied. SQLite moves what is in it into the database by itself, but begins it
/// anew only at a moment at which nobody reads from it: where one read overlaps the next, never.
const LOG_SIZE: u64 = 16 << 20;

/// How long writes wait until those who read from the log have ended.
const LOG_WAIT: Duration = Duration::from_millis(250);

/// How long they are left alone after that was in vain: a backup reads for minutes.
const LOG_PAUSE: Duration = Duration::from_secs(2);

/// Hands what is to be written to the thread that writes.
pub(crate) struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    file: Arc<Mutex<File>>,
}

/// The connection, and what it knows of other programs.
struct File {
    connection: SqliteConnection,
    files: Arc<Files>,
    /// Changes with every commit of another program, and only with those: no other connection of this one writes.
    /// <https://www.sqlite.org/pragma.html#pragma_data_version>
    data_version: i64,
    /// What to do when another program has written: whatever is derived from the file is in doubt.
    others_wrote: Box<dyn Fn() + Send>,
    reconnect: Box<dyn Fn() -> Result<SqliteConnection, RepositoryError> + Send>,
}

/// Something to be written.
trait Job: Send {
    /// Runs its statements in a transaction that others share, and keeps what comes of them.
    fn run(&mut self, connection: &mut SqliteConnection) -> QueryResult<()>;

    /// Answers whoever waits. `fate` is that of the transaction; `doubt` is for when what was to follow the commit is half
    /// done.
    fn answer(self: Box<Self>, fate: Result<(), RepositoryError>, doubt: &dyn Fn());
}

struct Write<F, A, T> {
    statements: Option<F>,
    /// Called after the commit and before the answer, in the order of commits.
    committed: A,
    outcome: Option<QueryResult<T>>,
    reply: SyncSender<Result<T, RepositoryError>>,
}

impl<F, A, T> Job for Write<F, A, T>
where
    F: FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send,
    A: FnOnce(&T) + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let Some(statements) = self.statements.take() else { return Ok(()) };
        // A savepoint, since the transaction has begun: what this one has done is undone if it fails.
        let run = |connection: &mut SqliteConnection| {
            catch_unwind(AssertUnwindSafe(|| statements(connection)))
                .unwrap_or_else(|_| Err(Error::QueryBuilderError("a write panicked".into())))
        };
        let outcome = connection.transaction(run);
        // These say that nothing more can be written, for whomever.
        let fatal = match outcome.as_ref().map_err(trouble_of) {
            Err(Trouble::Lost | Trouble::Locked | Trouble::Inaccessible | Trouble::Corrupt) => true,
            Ok(_)
            | Err(Trouble::Duplicate | Trouble::MissingReference | Trouble::Deadlock | Trouble::Other) => {
                false
            }
        };
        match outcome {
            Err(error) if fatal => Err(error),
            outcome => {
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, fate: Result<(), RepositoryError>, doubt: &dyn Fn()) {
        let committed = self.committed;
        let answer = match (fate, self.outcome) {
            (Ok(()), Some(Ok(written))) => {
                if catch_unwind(AssertUnwindSafe(|| committed(&written))).is_ok() {
                    Ok(written)
                } else {
                    doubt();
                    Err(RepositoryError::Backend("what follows a commit panicked".into()))
                }
            }
            (Ok(()), Some(Err(error))) => Err(classify(error)),
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(RepositoryError::Backend("a write was never run".into())),
        };
        // Whoever asked may have gone.
        let _ = self.reply.send(answer);
    }
}

impl Writer {
    /// Starts the thread. `others_wrote` is called when another program has written, before anything else is.
    pub(crate) fn start(
        files: Arc<Files>,
        reconnect: impl Fn() -> Result<SqliteConnection, RepositoryError> + Send + 'static,
        others_wrote: impl Fn() + Send + 'static,
    ) -> Result<Self, RepositoryError> {
        let mut connection = reconnect()?;
        let data_version = data_version(&mut connection).map_err(classify)?;
        let file = Arc::new(Mutex::new(File {
            connection,
            files,
            data_version,
            others_wrote: Box::new(others_wrote),
            reconnect: Box::new(reconnect),
        }));
        let (jobs, queue) = mpsc::channel();
        let writing = Arc::clone(&file);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_batches(&queue, &writing))
            .map_err(|error| RepositoryError::Unavailable(error.into()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), file })
    }

    /// Runs statements in a transaction. Once this returns `Ok` they are on the disk, and `committed` has been called
    /// with their result: before any later commit.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        statements: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
        committed: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let gone = || RepositoryError::Unavailable("the thread that writes is gone".into());
        let (reply, answer) = mpsc::sync_channel(1);
        let job = Write { statements: Some(statements), committed, outcome: None, reply };
        self.jobs.as_ref().ok_or_else(gone)?.send(Box::new(job)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }

    /// Looks whether another program has written. Where the writer is at work, it looks itself: as long as it holds
    /// the write lock nobody else writes, and it looks before its first statement.
    pub(crate) fn look_for_others(&self) -> bool {
        let mut file = match self.file.try_lock() {
            Ok(file) => file,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        file.look_for_others().is_ok()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Without a sender the thread ends, after what it has been given.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl File {
    fn look_for_others(&mut self) -> QueryResult<()> {
        let present = data_version(&mut self.connection)?;
        if present != self.data_version {
            self.data_version = present;
            (self.others_wrote)();
        }
        Ok(())
    }
}

/// Writes until nobody can send any more.
fn write_batches(queue: &Receiver<Box<dyn Job>>, file: &Mutex<File>) {
    let mut last_in_vain: Option<Instant> = None;
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        let (mut held, begun) = begin(file);
        let fate = begun.and_then(|()| write_batch(queue, &mut held, &mut batch));
        if let Err(error) = &fate {
            // Those who came meanwhile have waited as long, and would meet the same.
            batch.extend(queue.try_iter());
            let is_broken = AnsiTransactionManager::is_broken_transaction_manager(&mut held.connection);
            // Where the file is gone, another would be made in its place.
            if is_broken
                && held.files.check().is_ok()
                && let Ok(connection) = (held.reconnect)()
            {
                held.connection = connection;
                // Whatever was written meanwhile: a version says nothing about another connection's.
                held.data_version = i64::MIN;
            }
            let text = error.to_string();
            // Each of them is told of in its own request's line.
            log::debug!("nothing of {} writes was committed: {text}", batch.len());
        }
        let is_log_long = held.files.log_size() > LOG_SIZE;
        // Without the write lock we no longer know that nobody else writes: from now on others look for themselves.
        drop(held);
        let trouble = fate.as_ref().err().map(|error| (trouble_of(error), error.to_string()));
        for job in batch {
            let fate = match &trouble {
                None => Ok(()),
                Some((Trouble::Corrupt | Trouble::Other, text)) => {
                    Err(RepositoryError::Backend(text.clone().into()))
                }
                Some((
                    Trouble::Duplicate
                    | Trouble::MissingReference
                    | Trouble::Deadlock
                    | Trouble::Lost
                    | Trouble::Locked
                    | Trouble::Inaccessible,
                    text,
                )) => Err(RepositoryError::Unavailable(text.clone().into())),
            };
            // What others have written is treated so, too.
            job.answer(fate, &|| (file.lock().unwrap_or_else(PoisonError::into_inner).others_wrote)());
        }
        if is_log_long && last_in_vain.is_none_or(|moment| moment.elapsed() > LOG_PAUSE) {
            last_in_vain = if empty_log(file) { None } else { Some(Instant::now()) };
        }
    }
}

/// Empties the log, and says whether that was possible. Nobody who reads waits: as nothing is written meanwhile, those who begin
/// to read soon need the log no more, and the others end. <https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>
fn empty_log(file: &Mutex<File>) -> bool {
    let begun = Instant::now();
    loop {
        let mut held = file.lock().unwrap_or_else(PoisonError::into_inner);
        // First, since others cannot look while this goes on.
        let is_busy = held.look_for_others().and_then(|()| checkpoint(&mut held.connection));
        drop(held);
        match is_busy {
            Ok(false) => return true,
            Ok(true) if begun.elapsed() < LOG_WAIT => thread::sleep(LOCK_PAUSE),
            Ok(true) => return false,
            Err(error) => {
                log::debug!("the log is not emptied: {error}");
                return false;
            }
        }
    }
}

/// Moves what is in the log into the database and empties it, unless somebody reads from it: then it is busy.
fn checkpoint(connection: &mut SqliteConnection) -> QueryResult<bool> {
    // Busy, pages in the log, pages moved.
    type Outcome = (BigInt, BigInt, BigInt);
    let (busy, _, _): (i64, i64, i64) =
        prepared::<0, Outcome>("PRAGMA wal_checkpoint(TRUNCATE)", []).get_result(connection)?;
    Ok(busy != 0)
}

/// Begins a transaction, which is `IMMEDIATE`: it takes the lock before it reads anything. One that begins as a reader and
/// writes later can be refused halfway.
///
/// It waits here and not in SQLite: meanwhile others can look whether the program that holds the lock has written.
fn begin(file: &Mutex<File>) -> (MutexGuard<'_, File>, QueryResult<()>) {
    let begun = Instant::now();
    loop {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        match AnsiTransactionManager::begin_transaction_sql(&mut file.connection, "BEGIN IMMEDIATE") {
            Err(error) if trouble_of(&error) == Trouble::Locked && begun.elapsed() < LOCK_WAIT => {
                drop(file);
                thread::sleep(LOCK_PAUSE);
            }
            outcome => return (file, outcome),
        }
    }
}

/// Runs what is in the queue in the transaction that has begun, and commits it.
fn write_batch(
    queue: &Receiver<Box<dyn Job>>,
    file: &mut File,
    batch: &mut Vec<Box<dyn Job>>,
) -> QueryResult<()> {
    let run = (|| {
        file.files.check()?;
        // With the lock, and before anything is written: what other programs wrote comes before it.
        file.look_for_others()?;
        let mut next = 0;
        while let Some(job) = batch.get_mut(next) {
            job.run(&mut file.connection)?;
            next += 1;
            if next == batch.len() && batch.len() < MAX_BATCH {
                batch.extend(queue.try_recv());
            }
        }
        Ok(())
    })();
    match run {
        Ok(()) => {
            AnsiTransactionManager::commit_transaction(&mut file.connection)?;
            // What has gone into files that nobody will find is not acknowledged.
            file.files.check().inspect_err(|_| (file.others_wrote)())
        }
        Err(error) => {
            AnsiTransactionManager::rollback_transaction(&mut file.connection)?;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::dsl::sql;

    use super::*;

    /// A writer, and another connection to the same file.
    struct Fixture {
        writer: Writer,
        other: SqliteConnection,
        /// How often what is derived from the file came into doubt.
        in_doubt: Arc<Mutex<u32>>,
        folder: tempfile::TempDir,
    }

    fn open(path: &std::path::Path) -> SqliteConnection {
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
            let in_doubt = Arc::new(Mutex::new(0));
            let counter = Arc::clone(&in_doubt);
            let files = Arc::new(Files::of(&path).unwrap());
            let writer = Writer::start(files, move || Ok(open(&path)), move || *counter.lock().unwrap() += 1);
            Self { writer: writer.unwrap(), other, in_doubt, folder }
        }

        fn connect(&self) -> SqliteConnection {
            open(&self.folder.path().join("file.db"))
        }

        fn write(&self, statements: &'static str) -> Result<(), RepositoryError> {
            self.writer.write(move |connection| connection.batch_execute(statements), |()| ())
        }

        /// Has all of these written while they wait for a lock, so that they share a commit as far as they can.
        fn write_together(&mut self, jobs: &[&'static str]) -> Vec<Result<(), RepositoryError>> {
            self.other.batch_execute("BEGIN IMMEDIATE").unwrap();
            let (writer, other) = (&self.writer, &mut self.other);
            thread::scope(|scope| {
                let write = |statements: &'static str| {
                    writer.write(
                        move |connection| {
                            connection.batch_execute(statements)?;
                            assert!(!statements.contains("panic"), "on purpose");
                            Ok(())
                        },
                        |()| (),
                    )
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
                [Ok(()), Err(RepositoryError::Duplicate), Err(RepositoryError::Backend(_)), Ok(())]
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
    fn what_is_committed_to_a_file_that_is_gone_is_not_acknowledged() {
        let fixture = Fixture::new();
        let path = fixture.folder.path().join("file.db");
        let aside = fixture.folder.path().join("aside");
        let (from, to) = (path.clone(), aside.clone());
        let outcome = fixture.writer.write(
            move |connection| {
                std::fs::rename(from, to).unwrap();
                connection.batch_execute("INSERT INTO numbers VALUES (1)")
            },
            |()| panic!("it is not acknowledged"),
        );
        assert!(matches!(outcome, Err(RepositoryError::Unavailable(_))), "{outcome:?}");
        assert_eq!(*fixture.in_doubt.lock().unwrap(), 1);
        // From now on nothing is written at all.
        let refused = fixture.write("INSERT INTO numbers VALUES (2)");
        assert!(matches!(refused, Err(RepositoryError::Unavailable(_))), "{refused:?}");
        std::fs::rename(aside, path).unwrap();
        fixture.write("INSERT INTO numbers VALUES (3)").unwrap();
        let mut fixture = fixture;
        assert_eq!(fixture.numbers(), [1, 3]);
    }

    #[test]
    fn what_follows_a_commit_comes_in_the_order_of_commits_and_before_the_answer() {
        let fixture = Fixture::new();
        let order = Arc::new(Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let seen = Arc::clone(&order);
                        let number = fixture
                            .writer
                            .write(
                                |connection| {
                                    sql::<BigInt>("INSERT INTO numbers VALUES (NULL) RETURNING number")
                                        .get_result::<i64>(connection)
                                },
                                move |number| seen.lock().unwrap().push(*number),
                            )
                            .unwrap();
                        assert!(order.lock().unwrap().contains(&number));
                    }
                });
            }
        });
        assert_eq!(*order.lock().unwrap(), (1..=200).collect::<Vec<_>>());
    }

    #[test]
    fn what_another_program_writes_is_noticed_also_while_a_write_waits_for_its_lock() {
        let fixture = Fixture::new();
        let mut other = fixture.connect();
        let writer = &fixture.writer;
        other.batch_execute("BEGIN IMMEDIATE; INSERT INTO numbers VALUES (1)").unwrap();
        thread::scope(|scope| {
            let write = scope.spawn(move || {
                writer.write(|connection| connection.batch_execute("INSERT INTO numbers VALUES (2)"), |()| ())
            });
            let begun = Instant::now();
            thread::sleep(Duration::from_millis(100));
            assert!(!write.is_finished(), "it waits");
            // As somebody who reads would; the writer is in the way for moments only.
            while !writer.look_for_others() {
                assert!(begun.elapsed() < LOCK_WAIT, "the writer is always in the way");
                thread::yield_now();
            }
            assert!(!write.is_finished(), "it still waits");
            other.batch_execute("COMMIT").unwrap();
            write.join().unwrap().unwrap();
        });
        assert_eq!(*fixture.in_doubt.lock().unwrap(), 1);
    }

    #[test]
    fn the_log_is_emptied_also_where_one_read_overlaps_the_next() {
        let fixture = Fixture::new();
        let log = fixture.folder.path().join("file.db-wal");
        let log_size = || std::fs::metadata(&log).unwrap().len();
        fixture.write("CREATE TABLE blobs (content BLOB)").unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let mut readers = [fixture.connect(), fixture.connect()];
        let begin = |reader: &mut SqliteConnection| {
            reader.batch_execute("BEGIN; SELECT content FROM blobs LIMIT 1").unwrap();
        };
        begin(&mut readers[0]);
        thread::scope(|scope| {
            let is_over = &is_over;
            scope.spawn(move || {
                let [one, other] = &mut readers;
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
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
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(log_size() <= LOG_SIZE / 2, "{} bytes", log_size());
        assert_eq!(*fixture.in_doubt.lock().unwrap(), 0, "nobody else has written");
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
    fn a_panic_after_a_commit_leaves_the_thread_alive_and_what_is_derived_in_doubt() {
        let fixture = Fixture::new();
        let outcome = fixture.writer.write(
            |connection| connection.batch_execute("INSERT INTO numbers VALUES (1)"),
            |()| panic!("on purpose"),
        );
        assert!(matches!(outcome, Err(RepositoryError::Backend(_))), "{outcome:?}");
        assert_eq!(*fixture.in_doubt.lock().unwrap(), 1);
        fixture.write("INSERT INTO numbers VALUES (2)").unwrap();
    }

    #[test]
    fn what_another_connection_commits_is_noticed_and_what_this_one_does_is_not() {
        let fixture = Fixture::new();
        let mut other = fixture.connect();
        let noticed = || *fixture.in_doubt.lock().unwrap();
        fixture.write("INSERT INTO numbers VALUES (1)").unwrap();
        assert!(fixture.writer.look_for_others());
        assert_eq!(noticed(), 0);
        other.batch_execute("INSERT INTO numbers VALUES (2)").unwrap();
        assert!(fixture.writer.look_for_others());
        assert_eq!(noticed(), 1);
        other.batch_execute("INSERT INTO numbers VALUES (3)").unwrap();
        fixture.write("INSERT INTO numbers VALUES (4)").unwrap();
        assert_eq!(noticed(), 2);
    }
}
