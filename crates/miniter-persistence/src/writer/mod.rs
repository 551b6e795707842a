//! The thread that writes. It owns a connection; what many clients want written shares a commit.
//!
//! While one commit is under way, the next batch gathers. Each write of a batch is undone on its own if it fails, and no
//! outcome is delivered before the commit. A write records what it changes as events, which are committed with it.

#[cfg(feature = "mysql")]
pub(crate) mod mysql;
pub(crate) mod sqlite;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use miniter_domain::{NewStatus, RepositoryError, Status, StatusId};

use crate::error::{ErrorKind, classify, kind_of};
use crate::feed::Event;
use crate::idempotency::StoredResponse;

/// The most writes that share a commit.
const MOST_IN_BATCH: usize = 256;

/// How long a batch takes up further writes. A lock that other programs hold may make one of them slow.
const GATHERING: Duration = Duration::from_millis(300);

/// The most writes that wait. As many callers wait with them, so that there are more only while the database hangs.
const MOST_WAITING: usize = 1_024;

/// How many locks of other programs a batch waits for in vain, a second each, until the rest of it is refused. Everyone waits
/// meanwhile.
const MOST_LOCK_WAITS: u32 = 2;

/// How many threads may be stuck at once, until others no longer take over.
const MOST_STUCK: usize = 3;

/// How long a store that is closed waits for what was begun.
const CLOSING: Duration = Duration::from_secs(5);

/// A connection that writes.
pub(crate) trait WriteConnection: Send + 'static {
    /// What statements run on.
    type Connection: Publish;

    /// How long a write may take until its caller gives it up and another thread takes over. `None` where there can be only one
    /// thread.
    const PATIENCE: Option<Duration>;

    /// Runs `work` in one transaction and commits it with its events. Runs it again if the database has undone the transaction
    /// and nothing was wrong with it.
    fn transaction(
        &mut self,
        work: &mut dyn FnMut(&mut Batch<'_, Self::Connection>) -> QueryResult<()>,
    ) -> QueryResult<()>;

    /// Does what can wait until the outcomes are delivered.
    fn after_delivery(&mut self) {}
}

/// A transaction that many writes share.
pub(crate) struct Batch<'a, C> {
    pub(crate) connection: &'a mut C,
    /// What the writes change, in their order.
    pub(crate) events: &'a mut Vec<Event>,
    /// The tweets that they publish.
    pub(crate) published: &'a mut Vec<Arc<Status>>,
    /// The greatest id of a tweet so far.
    pub(crate) greatest: &'a mut StatusId,
    /// How many locks were waited for in vain.
    pub(crate) lock_waits: &'a mut u32,
}

/// How a database publishes tweets.
pub(crate) trait Publish: SimpleConnection + Sized + 'static {
    /// Whether an error of one write ends the whole transaction.
    fn is_fatal(trouble: ErrorKind) -> bool;

    /// Publishes tweets and gives each its outcome.
    ///
    /// # Errors
    /// Those that are fatal.
    fn publish(batch: &mut Batch<'_, Self>, posts: &mut [&mut Post]) -> QueryResult<()>;
}

/// A tweet to be published.
pub(crate) struct Post {
    pub(crate) tweet: NewStatus,
    pub(crate) outcome: Option<Result<StoredResponse, RepositoryError>>,
    reply: Reply<StoredResponse>,
}

/// Statements of another kind.
trait Statements<C>: Send {
    fn run(&mut self, batch: &mut Batch<'_, C>) -> QueryResult<()>;
    fn fail(&mut self, error: RepositoryError);
    fn is_given_up(&self) -> bool;
    fn deliver(self: Box<Self>, commit: Result<(), RepositoryError>);
}

struct Run<F, T> {
    statements: F,
    outcome: Option<Result<T, RepositoryError>>,
    reply: Reply<T>,
}

/// Where the caller waits.
struct Reply<T> {
    delivery: SyncSender<Result<T, RepositoryError>>,
    is_given_up: Arc<AtomicBool>,
}

enum Job<C> {
    Post(Box<Post>),
    Statements(Box<dyn Statements<C>>),
}

impl<T> Reply<T> {
    /// Delivers the outcome, if it was committed.
    fn send(self, commit: Result<(), RepositoryError>, outcome: Option<Result<T, RepositoryError>>) {
        let delivered = match (commit, outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(RepositoryError::Backend("a write was never run".into())),
        };
        // The caller may have gone.
        let _ = self.delivery.send(delivered);
    }
}

impl<C, F, T> Statements<C> for Run<F, T>
where
    F: FnMut(&mut Batch<'_, C>) -> QueryResult<T> + Send,
    T: Send,
{
    fn run(&mut self, batch: &mut Batch<'_, C>) -> QueryResult<()> {
        let written = catch_unwind(AssertUnwindSafe(|| (self.statements)(batch)))
            .unwrap_or_else(|_| Err(Error::QueryBuilderError("a write panicked".into())))?;
        self.outcome = Some(Ok(written));
        Ok(())
    }

    fn fail(&mut self, error: RepositoryError) {
        self.outcome = Some(Err(error));
    }

    fn is_given_up(&self) -> bool {
        self.reply.is_given_up.load(Ordering::Relaxed)
    }

    fn deliver(self: Box<Self>, commit: Result<(), RepositoryError>) {
        self.reply.send(commit, self.outcome);
    }
}

impl<C> Job<C> {
    fn is_given_up(&self) -> bool {
        match self {
            Self::Post(post) => post.reply.is_given_up.load(Ordering::Relaxed),
            Self::Statements(statements) => statements.is_given_up(),
        }
    }

    fn deliver(self, commit: Result<(), RepositoryError>) {
        match self {
            Self::Post(post) => post.reply.send(commit, post.outcome),
            Self::Statements(statements) => statements.deliver(commit),
        }
    }
}

impl<C: Publish> Batch<'_, C> {
    /// Runs statements in a savepoint: if they fail, or refuse, what they did is undone and the transaction goes on. The outer
    /// result is an error if it cannot.
    pub(crate) fn in_savepoint<T>(
        &mut self,
        statements: impl FnOnce(&mut Batch<'_, C>) -> QueryResult<Result<T, RepositoryError>>,
    ) -> QueryResult<Result<T, RepositoryError>> {
        if *self.lock_waits >= MOST_LOCK_WAITS {
            return Ok(Err(RepositoryError::Unavailable(
                "others of the same batch have waited for locks in vain".into(),
            )));
        }
        let (events, published) = (self.events.len(), self.published.len());
        self.connection.batch_execute("SAVEPOINT one")?;
        let outcome = match statements(&mut Batch {
            connection: self.connection,
            events: self.events,
            published: self.published,
            greatest: self.greatest,
            lock_waits: self.lock_waits,
        }) {
            Ok(outcome) => outcome,
            Err(error) if C::is_fatal(kind_of(&error)) => return Err(error),
            Err(error) => {
                if kind_of(&error) == ErrorKind::Locked {
                    *self.lock_waits += 1;
                }
                Err(classify(error))
            }
        };
        if outcome.is_ok() {
            self.connection.batch_execute("RELEASE SAVEPOINT one")?;
        } else {
            self.connection.batch_execute("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")?;
            self.events.truncate(events);
            self.published.truncate(published);
        }
        Ok(outcome)
    }
}

/// Hands what is to be written to the thread that writes.
pub(crate) struct Writer<S: WriteConnection> {
    shared: Arc<Shared<S>>,
    /// Disconnected when the first thread has ended.
    ended: Mutex<mpsc::Receiver<()>>,
}

struct Shared<S: WriteConnection> {
    queue: Mutex<Queue<S::Connection>>,
    arrived: Condvar,
    make: Box<dyn Fn() -> S + Send + Sync>,
}

struct Queue<C> {
    jobs: VecDeque<Job<C>>,
    /// When the present thread's batch began, if one is under way.
    started_at: Option<Instant>,
    /// The number of the present thread; those before are stuck, and end when they no longer are.
    thread: u64,
    stuck: usize,
    is_closed: bool,
}

impl<S: WriteConnection> Writer<S> {
    /// Starts the thread. `make` makes a session; for another thread another one.
    pub(crate) fn start(make: impl Fn() -> S + Send + Sync + 'static) -> std::io::Result<Self> {
        let queue = Queue { jobs: VecDeque::new(), started_at: None, thread: 0, stuck: 0, is_closed: false };
        let shared =
            Arc::new(Shared { queue: Mutex::new(queue), arrived: Condvar::new(), make: Box::new(make) });
        let (ending, ended) = mpsc::channel();
        Shared::spawn(&shared, 0, ending)?;
        Ok(Self { shared, ended: Mutex::new(ended) })
    }

    /// Runs statements in a transaction that others may share. Once this returns `Ok` they are durable.
    ///
    /// They may be run again, if the database has undone the transaction.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        mut statements: impl FnMut(&mut S::Connection, &mut Vec<Event>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        self.write_in_batch(move |batch| statements(&mut *batch.connection, &mut *batch.events))
    }

    /// Does the same with statements that publish something: they draw its id.
    pub(crate) fn write_in_batch<T: Send + 'static>(
        &self,
        statements: impl FnMut(&mut Batch<'_, S::Connection>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        self.submit(|reply| Job::Statements(Box::new(Run { statements, outcome: None, reply })))
    }

    /// Publishes a tweet, unless there is a response to its request already.
    pub(crate) fn publish(&self, tweet: NewStatus) -> Result<StoredResponse, RepositoryError> {
        self.submit(|reply| Job::Post(Box::new(Post { tweet, outcome: None, reply })))
    }

    fn submit<T>(&self, job: impl FnOnce(Reply<T>) -> Job<S::Connection>) -> Result<T, RepositoryError> {
        let (delivery, delivered) = mpsc::sync_channel(1);
        let is_given_up = Arc::new(AtomicBool::new(false));
        let job = job(Reply { delivery, is_given_up: Arc::clone(&is_given_up) });
        let mut queue = self.shared.queue();
        if queue.jobs.len() >= MOST_WAITING {
            queue.jobs.retain(|job| !job.is_given_up());
            if queue.jobs.len() >= MOST_WAITING {
                return Err(RepositoryError::Unavailable("too many writes wait".into()));
            }
        }
        queue.jobs.push_back(job);
        if let Some(patience) = S::PATIENCE
            && queue.started_at.is_some_and(|started_at| started_at.elapsed() > patience)
            && queue.stuck < MOST_STUCK
        {
            // It waits for the queue, which is locked here.
            match Shared::spawn(&self.shared, queue.thread + 1, mpsc::channel().0) {
                Ok(()) => {
                    queue.stuck += 1;
                    queue.thread += 1;
                    queue.started_at = None;
                }
                Err(error) => log::warn!("no thread can be started to write to the database: {error}"),
            }
        }
        drop(queue);
        self.shared.arrived.notify_all();
        let gone = || RepositoryError::Unavailable("the thread that writes is gone".into());
        match S::PATIENCE {
            None => delivered.recv().map_err(|_| gone())?,
            Some(patience) => match delivered.recv_timeout(patience) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Disconnected) => Err(gone()),
                Err(RecvTimeoutError::Timeout) => {
                    is_given_up.store(true, Ordering::Relaxed);
                    Err(RepositoryError::Unavailable("no answer from the database in time".into()))
                }
            },
        }
    }
}

impl<S: WriteConnection> Drop for Writer<S> {
    fn drop(&mut self) {
        self.shared.queue().is_closed = true;
        self.shared.arrived.notify_all();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(CLOSING);
    }
}

impl<S: WriteConnection> Shared<S> {
    fn queue(&self) -> MutexGuard<'_, Queue<S::Connection>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(shared: &Arc<Self>, number: u64, ending: mpsc::Sender<()>) -> std::io::Result<()> {
        let shared = Arc::clone(shared);
        let run = move || {
            shared.run(number);
            // Its connection is closed before it is known to have ended.
            drop(shared);
            drop(ending);
        };
        thread::Builder::new().name("writer".to_owned()).spawn(run).map(drop)
    }

    /// Writes until nothing can come any more.
    fn run(&self, number: u64) {
        let mut session = (self.make)();
        loop {
            let mut queue = self.queue();
            while queue.jobs.is_empty() && queue.thread == number && !queue.is_closed {
                queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            if queue.thread != number || (queue.is_closed && queue.jobs.is_empty()) {
                return;
            }
            queue.started_at = Some(Instant::now());
            drop(queue);
            self.write_batch(&mut session, number);
            let mut queue = self.queue();
            if queue.thread == number {
                queue.started_at = None;
            } else {
                queue.stuck -= 1;
            }
        }
    }

    fn write_batch(&self, session: &mut S, number: u64) {
        let mut batch = Vec::new();
        let commit = session.transaction(&mut |transaction| {
            catch_unwind(AssertUnwindSafe(|| self.run_jobs(transaction, &mut batch)))
                .unwrap_or_else(|_| Err(Error::QueryBuilderError("a batch of writes panicked".into())))
        });
        if let Err(error) = &commit {
            let mut queue = self.queue();
            if queue.thread == number && matches!(failure(error), RepositoryError::Unavailable(_)) {
                // Those who came meanwhile have waited as long, and would meet the same.
                batch.extend(queue.jobs.drain(..));
            }
            drop(queue);
            // Each of them is told of in its own request's line.
            log::debug!("nothing of {} writes was committed: {error}", batch.len());
        }
        for job in batch {
            job.deliver(match &commit {
                Ok(()) => Ok(()),
                Err(error) => Err(failure(error)),
            });
        }
        session.after_delivery();
    }

    /// Runs what is in the queue, and what comes while it runs. What has been in the batch before is run again.
    fn run_jobs(
        &self,
        transaction: &mut Batch<'_, S::Connection>,
        batch: &mut Vec<Job<S::Connection>>,
    ) -> QueryResult<()> {
        let started_at = Instant::now();
        // Of an earlier attempt nothing is left. A write whose caller was told that it is in vain is not done later.
        batch.retain(|job| !job.is_given_up());
        let mut next = 0;
        loop {
            if batch.len() < MOST_IN_BATCH && started_at.elapsed() < GATHERING {
                let mut queue = self.queue();
                let count = queue.jobs.len().min(MOST_IN_BATCH - batch.len());
                let (given_up, wanted): (Vec<_>, Vec<_>) =
                    queue.jobs.drain(..count).partition(Job::is_given_up);
                drop(queue);
                drop(given_up);
                batch.extend(wanted);
            }
            let arrived = &mut batch[next..];
            if arrived.is_empty() {
                return Ok(());
            }
            next += arrived.len();
            run_together(transaction, arrived)?;
        }
    }
}

/// Publishes the tweets among some jobs together, and runs the others one by one.
fn run_together<C: Publish>(transaction: &mut Batch<'_, C>, jobs: &mut [Job<C>]) -> QueryResult<()> {
    let mut posts = Vec::new();
    let mut others = Vec::new();
    for job in jobs {
        match job {
            Job::Post(post) => posts.push(&mut **post),
            Job::Statements(statements) => others.push(statements),
        }
    }
    if !posts.is_empty() {
        C::publish(transaction, &mut posts)?;
    }
    for statements in others {
        let outcome = transaction.in_savepoint(|batch| statements.run(batch).map(Ok))?;
        if let Err(error) = outcome {
            statements.fail(error);
        }
    }
    Ok(())
}

/// What a transaction that failed means to each of its writes.
fn failure(error: &Error) -> RepositoryError {
    let text = error.to_string().into();
    match kind_of(error) {
        ErrorKind::Corrupt | ErrorKind::Other => RepositoryError::Backend(text),
        ErrorKind::Duplicate
        | ErrorKind::MissingReference
        | ErrorKind::Deadlock
        | ErrorKind::Lost
        | ErrorKind::Locked
        | ErrorKind::Inaccessible => RepositoryError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::Receiver;

    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use diesel::sqlite::SqliteConnection;

    use super::*;

    /// How long a test waits for what must come.
    const DEADLINE: Duration = Duration::from_secs(20);

    /// A connection whose first transaction is undone, and run again when that is said.
    struct Undone {
        connection: SqliteConnection,
        go_on: Arc<Mutex<Option<Receiver<()>>>>,
    }

    fn open(path: &Path) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000").unwrap();
        connection
    }

    impl Undone {
        fn attempt(&mut self, work: &mut dyn FnMut(&mut Batch<'_, SqliteConnection>) -> QueryResult<()>) {
            self.connection.batch_execute("BEGIN IMMEDIATE").unwrap();
            work(&mut Batch {
                connection: &mut self.connection,
                events: &mut Vec::new(),
                published: &mut Vec::new(),
                greatest: &mut StatusId::new(0),
                lock_waits: &mut 0,
            })
            .unwrap();
        }
    }

    impl WriteConnection for Undone {
        type Connection = SqliteConnection;

        const PATIENCE: Option<Duration> = Some(Duration::from_millis(200));

        fn transaction(
            &mut self,
            work: &mut dyn FnMut(&mut Batch<'_, SqliteConnection>) -> QueryResult<()>,
        ) -> QueryResult<()> {
            let go_on = self.go_on.lock().unwrap().take();
            if let Some(go_on) = go_on {
                self.attempt(work);
                self.connection.batch_execute("ROLLBACK")?;
                go_on.recv_timeout(DEADLINE).unwrap();
            }
            self.attempt(work);
            self.connection.batch_execute("COMMIT")
        }
    }

    #[test]
    fn a_write_that_was_given_up_is_not_done_when_its_batch_is_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("file.db");
        let mut other = open(&path);
        other.batch_execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)").unwrap();
        let (tell, go_on) = mpsc::channel();
        let go_on = Arc::new(Mutex::new(Some(go_on)));
        let make = move || Undone { connection: open(&path), go_on: Arc::clone(&go_on) };
        let writer = Writer::start(make).unwrap();
        let insert = |number: i64| {
            writer.write(move |connection, _| {
                connection.batch_execute(&format!("INSERT OR IGNORE INTO numbers VALUES ({number})"))
            })
        };
        let refused = insert(1);
        assert!(matches!(refused, Err(RepositoryError::Unavailable(_))), "{refused:?}");
        tell.send(()).unwrap();
        // By another thread, which has taken over, or by the first.
        let deadline = Instant::now() + DEADLINE;
        while insert(2).is_err() {
            assert!(Instant::now() < deadline, "nothing is written any more");
        }
        drop(writer);
        let numbers: Vec<i64> = diesel::dsl::sql::<BigInt>("SELECT number FROM numbers ORDER BY number")
            .load(&mut other)
            .unwrap();
        assert_eq!(numbers, [2]);
    }
}
