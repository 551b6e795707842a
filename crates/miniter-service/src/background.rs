//! Threads for what takes long and may wait.
//!
//! They get the processor when nobody else wants it. On a machine whose cores are all hashing, a read that comes in would
//! have to wait until one of them is taken away from a hash, which among equals takes milliseconds. They do nothing else:
//! a thread of low priority that holds a lock holds up whoever wants it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// After which time without work a thread lets go of its memory.
const IDLE: Duration = Duration::from_secs(1);

/// A number of threads, each with a `T` to work with.
pub(crate) struct Background<T> {
    queue: Arc<Queue<T>>,
}

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

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
        let jobs = Mutex::new(Jobs { waiting: VecDeque::new(), is_closed: false });
        // From here on, those that have started end when this is dropped.
        let background = Self { queue: Arc::new(Queue { jobs, arrived: Condvar::new() }) };
        for _ in 0..threads {
            let queue = Arc::clone(&background.queue);
            thread::Builder::new().name(name.to_owned()).spawn(move || queue.work())?;
        }
        Ok(background)
    }

    /// Runs `work` on one of them and waits for what comes of it. `None` if it panicked.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Option<R> {
        let (reply, answer): (SyncSender<R>, _) = mpsc::sync_channel(1);
        let job = Box::new(move |memory: &mut T| {
            // Whoever asked is waiting below.
            let _ = reply.send(work(memory));
        });
        self.queue.lock().waiting.push_back(job);
        self.queue.arrived.notify_one();
        answer.recv().ok()
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.arrived.notify_all();
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Jobs<T>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Queue<T> {
    fn work(&self) {
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
            log::debug!("the priority of a thread cannot be lowered: {error}");
        }
        let mut memory = None;
        while let Some(job) = self.next(&mut memory) {
            // A panic is told to whoever waits, by the end of their channel.
            let run = AssertUnwindSafe(|| job(memory.get_or_insert_default()));
            if catch_unwind(run).is_err() {
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
        assert_eq!(running.lock().unwrap().1, 2);
    }
}
