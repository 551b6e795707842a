//! The check that what is in memory has all that was acknowledged before a request came.
//!
//! A request waits for a look at the database that began after it arrived. One look serves all who wait: a thread takes all of
//! them, looks, tells them, and takes those who came meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use miniter_domain::{OnFresh, RepositoryError};

use crate::backend::STUCK;

/// How many threads may be stuck at once, until others no longer take over.
const MOST_STUCK: usize = 3;

/// How long a store that is closed waits for a look that is under way.
const CLOSING: Duration = Duration::from_secs(1);

/// A look at the database, which applies what it finds.
type Look = dyn Fn() -> Result<(), RepositoryError> + Send + Sync;

/// Looks on behalf of all who wait.
pub(crate) struct Freshness {
    shared: Arc<Shared>,
    /// Disconnected when the first thread has ended.
    ended: Mutex<Receiver<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    look: Box<Look>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<OnFresh>,
    /// When the present thread's look began, if one is under way.
    began: Option<Instant>,
    /// The number of the thread whose turn it is; those before are stuck, and end when they no longer are.
    thread: u64,
    stuck: usize,
    is_closed: bool,
}

impl Freshness {
    /// Starts a thread that waits for requests.
    pub(crate) fn start(
        look: impl Fn() -> Result<(), RepositoryError> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), arrived: Condvar::new(), look: Box::new(look) });
        let (ending, ended) = mpsc::channel();
        Shared::spawn(&shared, 0, ending)?;
        Ok(Self { shared, ended: Mutex::new(ended) })
    }

    /// Calls `then` after a look that begins from now on.
    pub(crate) fn check(&self, then: OnFresh) {
        let mut queue = self.shared.queue();
        let is_stuck = queue.began.is_some_and(|began| began.elapsed() > STUCK);
        if is_stuck && queue.stuck >= MOST_STUCK {
            drop(queue);
            return then(Err(RepositoryError::Unavailable("the database does not answer".into())));
        }
        queue.waiting.push(then);
        if is_stuck {
            // It waits for the queue, which is locked here.
            match Shared::spawn(&self.shared, queue.thread + 1, mpsc::channel().0) {
                Ok(()) => {
                    queue.stuck += 1;
                    queue.thread += 1;
                    queue.began = None;
                }
                Err(error) => log::warn!("no thread can be started to look at the database: {error}"),
            }
        }
        drop(queue);
        self.shared.arrived.notify_all();
    }
}

impl Drop for Freshness {
    fn drop(&mut self) {
        self.shared.queue().is_closed = true;
        self.shared.arrived.notify_all();
        // What it looks at is closed with it.
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(CLOSING);
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(shared: &Arc<Self>, number: u64, ending: Sender<()>) -> std::io::Result<()> {
        let shared = Arc::clone(shared);
        let run = move || {
            shared.run(number);
            drop(shared);
            drop(ending);
        };
        thread::Builder::new().name("freshness".to_owned()).spawn(run).map(drop)
    }

    fn run(&self, number: u64) {
        loop {
            let mut queue = self.queue();
            while queue.waiting.is_empty() && queue.thread == number && !queue.is_closed {
                queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            if queue.thread != number || queue.is_closed {
                return;
            }
            // Those who come from now on wait for the next look.
            let waiting = std::mem::take(&mut queue.waiting);
            queue.began = Some(Instant::now());
            drop(queue);
            let outcome = catch_unwind(AssertUnwindSafe(|| (self.look)()))
                .unwrap_or_else(|_| Err(RepositoryError::Backend("a look at the database panicked".into())));
            let mut queue = self.queue();
            if queue.thread == number {
                queue.began = None;
            } else {
                queue.stuck -= 1;
            }
            drop(queue);
            for then in waiting {
                then(again(&outcome));
            }
        }
    }
}

/// The same outcome once more.
fn again(outcome: &Result<(), RepositoryError>) -> Result<(), RepositoryError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(RepositoryError::Unavailable(cause)) => {
            Err(RepositoryError::Unavailable(cause.to_string().into()))
        }
        Err(RepositoryError::Backend(cause)) => Err(RepositoryError::Backend(cause.to_string().into())),
        Err(
            error @ (RepositoryError::Taken
            | RepositoryError::KeyReused
            | RepositoryError::IdTaken
            | RepositoryError::MissingReference),
        ) => Err(RepositoryError::Backend(error.to_string().into())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_request_waits_for_a_look_that_begins_after_it_and_one_look_serves_all_who_wait() {
        let (begun, looks) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (count, may_go_on) = (AtomicU64::new(0), Mutex::new(may_go_on));
        let freshness = Freshness::start(move || {
            begun.send(count.fetch_add(1, Ordering::SeqCst) + 1).unwrap();
            may_go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            Ok(())
        })
        .unwrap();
        let (told, answers) = mpsc::channel();
        let ask = |name: &'static str| {
            let told = told.clone();
            freshness.check(Box::new(move |outcome| told.send((name, outcome.is_ok())).unwrap()));
        };
        ask("first");
        assert_eq!(looks.recv_timeout(PATIENCE), Ok(1));
        // While the first look is under way.
        ask("second");
        ask("third");
        go_on.send(()).unwrap();
        assert_eq!(answers.recv_timeout(PATIENCE), Ok(("first", true)));
        assert_eq!(looks.recv_timeout(PATIENCE), Ok(2));
        assert!(answers.try_recv().is_err(), "the look that began before them is not theirs");
        go_on.send(()).unwrap();
        assert_eq!(answers.recv_timeout(PATIENCE), Ok(("second", true)));
        assert_eq!(answers.recv_timeout(PATIENCE), Ok(("third", true)));
        assert!(looks.try_recv().is_err(), "one look was enough for both");
    }

    #[test]
    fn a_look_that_fails_or_panics_is_told_to_all_who_wait_and_the_next_one_is_made() {
        let count = AtomicU64::new(0);
        let freshness = Freshness::start(move || match count.fetch_add(1, Ordering::SeqCst) {
            0 => Err(RepositoryError::Unavailable("away".into())),
            1 => panic!("on purpose"),
            _ => Ok(()),
        })
        .unwrap();
        let outcomes: Vec<_> = (0..3)
            .map(|_| {
                let (told, answer) = mpsc::channel();
                freshness.check(Box::new(move |outcome| told.send(outcome).unwrap()));
                answer.recv_timeout(PATIENCE).unwrap()
            })
            .collect();
        assert!(
            matches!(
                outcomes[..],
                [Err(RepositoryError::Unavailable(_)), Err(RepositoryError::Backend(_)), Ok(())]
            ),
            "{outcomes:?}"
        );
    }

    #[test]
    fn a_look_that_is_stuck_holds_up_those_who_come_later_for_a_moment_only() {
        let (unstick, stuck) = mpsc::channel::<()>();
        let (count, stuck) = (AtomicU64::new(0), Mutex::new(stuck));
        let freshness = Freshness::start(move || {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                let _ = stuck.lock().unwrap().recv_timeout(PATIENCE);
            }
            Ok(())
        })
        .unwrap();
        let (told, first) = mpsc::channel();
        freshness.check(Box::new(move |outcome| told.send(outcome.is_ok()).unwrap()));
        let begun = Instant::now();
        let answered = loop {
            let (told, answer) = mpsc::channel();
            freshness.check(Box::new(move |outcome| {
                let _ = told.send(outcome.is_ok());
            }));
            if let Ok(answered) = answer.recv_timeout(Duration::from_millis(50)) {
                break answered;
            }
            assert!(begun.elapsed() < PATIENCE, "no other thread has taken over");
        };
        assert!(answered && first.try_recv().is_err());
        unstick.send(()).unwrap();
        assert_eq!(first.recv_timeout(PATIENCE), Ok(true));
    }
}
