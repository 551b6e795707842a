//! Threads for what takes long and may wait.
//!
//! They get the processor when no other thread wants it. On a machine whose cores are all hashing, a read that comes in would
//! have to wait until one of them is taken away from a hash, which among equals takes milliseconds. They do nothing else:
//! a thread of low priority that holds a lock holds up all that want it.
//!
//! Beside other programs that compute all the time they would get next to nothing, for ever. So what takes them too long is
//! done again by one thread of ordinary priority. (A nicer priority for all would not do: among threads of the ordinary policy
//! the one that runs may finish its slice, however nice it is. And the system lets no thread leave the idle policy.)

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// After which time without work a thread lets go of its memory.
const IDLE: Duration = Duration::from_secs(1);

/// How long work may take before the thread of ordinary priority does it: longer than a hash takes, which is 20 ms, or 250 ms
/// for a bcrypt hash of an older database.
const PATIENCE: Duration = Duration::from_millis(300);

/// A number of threads that yield to all others, and one that does not, each with a `T` to work with.
pub(crate) struct Background<T> {
    yielding: Arc<Queue<T>>,
    ordinary: Arc<Queue<T>>,
}

/// Says whether the `T` may be used again.
type Job<T> = Box<dyn FnOnce(&mut T) -> bool + Send>;

struct Queue<T> {
    jobs: Mutex<Jobs<T>>,
    arrived: Condvar,
}

struct Jobs<T> {
    waiting: VecDeque<Job<T>>,
    is_closed: bool,
}

impl<T: Default + 'static> Background<T> {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives none.
    pub(crate) fn start(name: &str, threads: usize) -> std::io::Result<Self> {
        // From here on, those that have started end when this is dropped.
        let background = Self { yielding: Arc::new(Queue::new()), ordinary: Arc::new(Queue::new()) };
        let start = |work: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
        };
        for _ in 0..threads {
            let queue = Arc::clone(&background.yielding);
            start(Box::new(move || {
                yield_to_others();
                queue.work();
            }))?;
        }
        let queue = Arc::clone(&background.ordinary);
        start(Box::new(move || queue.work()))?;
        Ok(background)
    }

    /// Runs `work` on one of them and waits for what comes of it. `None` if it panicked. It may be run twice, where the first
    /// takes too long.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        work: impl Fn(&mut T) -> R + Send + Sync + 'static,
    ) -> Option<R> {
        // With room for both answers: the second is not waited for.
        let (reply, answer) = mpsc::sync_channel(2);
        let work = Arc::new(work);
        let is_overdue = Arc::new(AtomicBool::new(false));
        let again = (Arc::clone(&work), reply.clone());
        let has_passed_on = Arc::clone(&is_overdue);
        self.yielding.push(Box::new(move |memory| {
            has_passed_on.load(Ordering::Relaxed) || run_and_reply(&*work, memory, &reply)
        }));
        match answer.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                // One that has not begun need not.
                is_overdue.store(true, Ordering::Relaxed);
                let (work, reply) = again;
                self.ordinary.push(Box::new(move |memory| run_and_reply(&*work, memory, &reply)));
                answer.recv().ok().flatten()
            }
        }
    }
}

/// Does the work and says whether the memory may be used again: not after a panic, which is told as `None`.
fn run_and_reply<T, R>(work: &impl Fn(&mut T) -> R, memory: &mut T, reply: &SyncSender<Option<R>>) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(|| work(memory))).ok();
    let is_done = outcome.is_some();
    // The caller may have the other answer already.
    let _ = reply.send(outcome);
    is_done
}

/// Has this thread run only while no other thread wants the processor.
fn yield_to_others() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
        log::debug!("cannot lower the priority of a thread: {error}");
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.yielding.close();
        self.ordinary.close();
    }
}

impl<T> Queue<T> {
    fn new() -> Self {
        let jobs = Mutex::new(Jobs { waiting: VecDeque::new(), is_closed: false });
        Self { jobs, arrived: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs<T>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job<T>) {
        self.lock().waiting.push_back(job);
        self.arrived.notify_one();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_all();
    }
}

impl<T: Default> Queue<T> {
    fn work(&self) {
        let mut memory = None;
        while let Some(job) = self.next(&mut memory) {
            if !job(memory.get_or_insert_default()) {
                memory = None;
            }
        }
    }

    /// Waits for work. `None` if there will be no more.
    fn next(&self, memory: &mut Option<T>) -> Option<Job<T>> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            if memory.is_none() {
                jobs = self.arrived.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (woken, wait) = self.arrived.wait_timeout(jobs, IDLE).unwrap_or_else(PoisonError::into_inner);
            jobs = woken;
            if wait.timed_out() && jobs.waiting.is_empty() {
                // Not while holding the lock: to give memory back takes time.
                drop(jobs);
                *memory = None;
                jobs = self.lock();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_is_answered_and_a_panic_harms_nobody_else() {
        let background = Background::<Vec<u8>>::start("test", 2).unwrap();
        thread::scope(|scope| {
            for i in 0..20 {
                let background = &background;
                scope.spawn(move || {
                    let ran = background.run(move |_| {
                        assert!(i % 5 != 0, "on purpose");
                        i
                    });
                    assert_eq!(ran, (i % 5 != 0).then_some(i));
                });
            }
        });
        assert_eq!(background.run(|memory| memory.len()), Some(0));
    }

    #[test]
    fn what_takes_too_long_is_done_by_another_thread_and_what_has_not_begun_is_not_done_twice() {
        let background = Background::<()>::start("test", 1).unwrap();
        let (has_begun, is_over) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
        let runs = Arc::new(Mutex::new(0));
        // The first time as on a thread that gets no processor: it goes on when all of this is over.
        let stuck = Arc::clone(&is_over);
        let ran = background.run(move |()| {
            let is_first = !has_begun.swap(true, Ordering::Relaxed);
            while is_first && !stuck.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
        });
        assert_eq!(ran, Some(()));
        let counted = Arc::clone(&runs);
        assert_eq!(background.run(move |()| *counted.lock().unwrap() += 1), Some(()));
        is_over.store(true, Ordering::Relaxed);
        // After those that it had before.
        background.run(|()| ());
        assert_eq!(*runs.lock().unwrap(), 1);
    }

    #[test]
    fn no_more_run_at_once_than_there_are_threads() {
        let background = Background::<()>::start("test", 2).unwrap();
        let running = Arc::new(Mutex::new((0, 0)));
        thread::scope(|scope| {
            for _ in 0..8 {
                let (background, running) = (&background, Arc::clone(&running));
                scope.spawn(move || {
                    background.run(move |()| {
                        let mut count = running.lock().unwrap();
                        count.0 += 1;
                        count.1 = count.1.max(count.0);
                        drop(count);
                        thread::sleep(Duration::from_millis(10));
                        running.lock().unwrap().0 -= 1;
                    })
                });
            }
        });
        // And the one of ordinary priority, should these take too long.
        assert!((2..=3).contains(&running.lock().unwrap().1));
    }
}
