//! The hop from an asynchronous handler to a blocking thread, and how many may take it at once.
//!
//! A handler makes one hop and calls one use case in it. A request that gets no permit within the queue timeout is refused and uses
//! no thread: threads never pile up behind a slow database, and password hashing never takes those that read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::web;
use miniter_domain::{Capacity, UserId};
use miniter_service::ServiceError;
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, Opts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::failure::Failure;

/// A number of use cases that may run at once, and how long a request waits.
#[derive(Clone)]
pub(crate) struct Bulkhead {
    pub(crate) name: &'static str,
    permits: Arc<Semaphore>,
    /// How many there are.
    size: usize,
    /// How many may wait for a permit.
    queue: Arc<Semaphore>,
    queue_size: usize,
    /// For a permit.
    pub(crate) queue_timeout: Duration,
    /// For the use case, once it runs.
    use_case_timeout: Duration,
    /// How many more threads may be stuck, in a database that does not answer, while others take their permits.
    abandoned: Arc<Semaphore>,
    /// How many threads there may be in all.
    threads: usize,
    /// Of one account, by account.
    shares: Arc<Mutex<HashMap<UserId, Weak<Semaphore>>>>,
    waits: Histogram,
    refusals: IntCounter,
}

/// Which part of the permits one account may hold.
const SHARE_OF_ONE: usize = 4;

/// For how many hashes on each core a request may wait: they take some 20 ms each, and a later request is better refused at
/// once.
const HASHES_AHEAD: usize = 4;

/// How long a question after the database's health waits for its permit, and for the answer: a balancer does not wait long.
const HEALTH_QUEUE: Duration = Duration::from_millis(200);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// How many may wait where that is bounded by time.
const MANY: usize = Semaphore::MAX_PERMITS;

/// From a tenth of a millisecond to five seconds.
const WAITS: &[f64] = &[0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The bulkheads, shared by all workers.
pub struct Bulkheads {
    /// What only reads from the database.
    pub(crate) read: Bulkhead,
    /// What writes to it.
    pub(crate) write: Bulkhead,
    /// What hashes a password, and may read and write as well.
    pub(crate) hash: Bulkhead,
    /// Health checks of the database, beside all other work.
    pub(crate) health: Bulkhead,
    /// How long a request waits for a freshness check, which takes no permit.
    pub(crate) freshness_timeout: Duration,
}

impl Bulkheads {
    /// In front of a store of this capacity. So many hashes are computed at once.
    ///
    /// # Errors
    /// If a counter cannot be made, which no input causes.
    pub fn new(capacity: &Capacity, hashers: usize) -> Result<Self, prometheus::Error> {
        Ok(Self {
            read: Bulkhead::new("read", capacity.reads, MANY, capacity)?,
            write: Bulkhead::new("write", capacity.writes, MANY, capacity)?,
            hash: Bulkhead::new("hash", hashers, hashers * HASHES_AHEAD, capacity)?,
            health: Bulkhead::new(
                "health",
                1,
                1,
                &Capacity { queue_timeout: HEALTH_QUEUE, use_case_timeout: HEALTH_TIMEOUT, ..*capacity },
            )?,
            freshness_timeout: capacity.freshness_timeout,
        })
    }

    /// How many blocking threads use cases may hold at once, those that were given up included.
    pub(crate) fn threads(&self) -> usize {
        self.all().iter().map(|bulkhead| bulkhead.threads).sum()
    }

    /// Each of them once.
    pub(crate) fn all(&self) -> [&Bulkhead; 4] {
        [&self.read, &self.write, &self.hash, &self.health]
    }
}

impl Bulkhead {
    fn new(
        name: &'static str,
        permits: usize,
        queue: usize,
        capacity: &Capacity,
    ) -> Result<Self, prometheus::Error> {
        let abandoned = permits * capacity.abandoned;
        let wait =
            HistogramOpts::new("miniter_bulkhead_wait_seconds", "How long requests waited for a permit.");
        let refused =
            Opts::new("miniter_bulkhead_refused_total", "Requests that got no permit, or no answer in time.");
        Ok(Self {
            name,
            permits: Arc::new(Semaphore::new(permits)),
            size: permits,
            queue: Arc::new(Semaphore::new(queue)),
            queue_size: queue,
            queue_timeout: capacity.queue_timeout,
            use_case_timeout: capacity.use_case_timeout,
            abandoned: Arc::new(Semaphore::new(abandoned)),
            threads: permits + abandoned,
            shares: Arc::default(),
            waits: Histogram::with_opts(wait.const_label("bulkhead", name).buckets(WAITS.to_vec()))?,
            refusals: IntCounter::with_opts(refused.const_label("bulkhead", name))?,
        })
    }

    /// How many are at work for it.
    pub(crate) fn running(&self) -> usize {
        self.size.saturating_sub(self.permits.available_permits())
    }

    /// How many wait for a permit.
    pub(crate) fn waiting(&self) -> usize {
        self.queue_size.saturating_sub(self.queue.available_permits())
    }

    /// What it counts.
    pub(crate) fn collectors(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.waits.clone()), Box::new(self.refusals.clone())]
    }

    /// Runs a use case on a blocking thread and gives back what comes of it.
    ///
    /// # Errors
    /// `Overloaded` if there was no permit, `Unavailable` if there was no answer in time (what was to be written may then be
    /// written or not), `Internal` if the use case panicked, and its own.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Failure> {
        // The permit goes with the work: if the client leaves, it is held until the thread is free again.
        let permit = Arc::new(Mutex::new(self.take_permit().await?));
        let held = Arc::clone(&permit);
        let work = web::block(move || {
            let outcome = use_case();
            drop(held);
            outcome
        });
        let Ok(outcome) = timeout(self.use_case_timeout, work).await else {
            // The thread may be stuck for long, in a connection that has died without a word. Other requests get its permit,
            // as long as few threads are abandoned; it counts among those until it is free.
            if let Ok(abandoned) = Arc::clone(&self.abandoned).try_acquire_owned()
                && let Ok(mut permit) = permit.lock()
            {
                *permit = abandoned;
            }
            self.refusals.inc();
            return Err(Failure::unavailable("no answer from the database in time"));
        };
        outcome.map_err(Failure::internal)?.map_err(Failure::from)
    }

    /// Does the same on behalf of an account, which may hold a part of the permits: others find one, however many requests it
    /// sends.
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn run_for<T: Send + 'static>(
        &self,
        account: UserId,
        use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Failure> {
        let share = self.share_of(account);
        let own = timeout(self.queue_timeout, share.acquire_owned()).await.map_err(|_| self.refuse())?;
        let _own = own.map_err(|_| self.refuse())?;
        self.run(use_case).await
    }

    /// The permits of an account. They are kept while one of its requests is there.
    fn share_of(&self, account: UserId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&account).and_then(Weak::upgrade) {
            return share;
        }
        if shares.len() > 2 * self.size {
            shares.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new((self.size / SHARE_OF_ONE).max(1)));
        shares.insert(account, Arc::downgrade(&share));
        share
    }

    /// Waits for a permit, if the queue is not too long.
    async fn take_permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let arrived = Instant::now();
        let permits = Arc::clone(&self.permits);
        let permit = if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            permit
        } else {
            // Refusals are many, when there are any: they are counted, and not logged one by one.
            let _queued = self.queue.try_acquire().map_err(|_| self.refuse())?;
            let permit =
                timeout(self.queue_timeout, permits.acquire_owned()).await.map_err(|_| self.refuse())?;
            permit.map_err(|_| self.refuse())?
        };
        self.waits.observe(arrived.elapsed().as_secs_f64());
        Ok(permit)
    }

    /// A refusal for want of a permit, which is counted.
    pub(crate) fn refuse(&self) -> Failure {
        self.refusals.inc();
        Failure::Overloaded
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn capacity(queue_timeout: Duration, use_case_timeout: Duration) -> Capacity {
        let freshness_timeout = use_case_timeout;
        Capacity { reads: 1, writes: 1, abandoned: 3, queue_timeout, use_case_timeout, freshness_timeout }
    }

    #[actix_web::test]
    async fn beyond_its_queue_a_bulkhead_refuses_at_once_and_when_a_place_is_free_it_goes_on() {
        let capacity = capacity(Duration::from_mins(1), Duration::from_mins(1));
        let bulkhead = Bulkhead::new("test", 1, 2, &capacity).unwrap();
        let (finish, finished) = mpsc::channel::<()>();
        let first = bulkhead.clone();
        let first = actix_web::rt::spawn(async move {
            first.run(move || finished.recv().map_err(|error| ServiceError::Internal(error.into()))).await
        });
        let mut queued = Vec::new();
        while bulkhead.running() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..2 {
            let bulkhead = bulkhead.clone();
            queued.push(actix_web::rt::spawn(async move { bulkhead.run(|| Ok(())).await }));
        }
        while bulkhead.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        let refused = bulkhead.run(|| Ok(())).await.unwrap_err();
        assert!(matches!(refused, Failure::Overloaded));
        assert_eq!((bulkhead.running(), bulkhead.waiting(), bulkhead.refusals.get()), (1, 2, 1));
        finish.send(()).unwrap();
        first.await.unwrap().unwrap();
        for queued in queued {
            queued.await.unwrap().unwrap();
        }
        bulkhead.run(|| Ok(())).await.unwrap();
        assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
    }

    #[actix_web::test]
    async fn one_account_holds_a_part_of_the_places_and_others_find_theirs() {
        let capacity = capacity(Duration::from_millis(50), Duration::from_mins(1));
        let bulkhead = Bulkhead::new("test", 8, MANY, &capacity).unwrap();
        let (busy, other) = (UserId::new(1), UserId::new(2));
        let is_over = Arc::new(AtomicBool::new(false));
        let wait = || {
            let is_over = Arc::clone(&is_over);
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            }
        };
        let held: Vec<_> = (0..8 / SHARE_OF_ONE)
            .map(|_| {
                let (bulkhead, work) = (bulkhead.clone(), wait());
                actix_web::rt::spawn(async move { bulkhead.run_for(busy, work).await })
            })
            .collect();
        while bulkhead.running() < 8 / SHARE_OF_ONE {
            tokio::task::yield_now().await;
        }
        assert!(matches!(bulkhead.run_for(busy, || Ok(())).await, Err(Failure::Overloaded)));
        bulkhead.run_for(other, || Ok(())).await.unwrap();
        is_over.store(true, Ordering::Relaxed);
        for held in held {
            held.await.unwrap().unwrap();
        }
        bulkhead.run_for(busy, || Ok(())).await.unwrap();
    }

    #[actix_web::test]
    async fn threads_that_are_stuck_are_replaced_up_to_a_bound() {
        let capacity = capacity(Duration::from_millis(50), Duration::from_millis(50));
        let bulkhead = Bulkhead::new("test", 1, MANY, &capacity).unwrap();
        let (begun, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for _ in 0..8 {
            let (begun, is_over) = (Arc::clone(&begun), Arc::clone(&is_over));
            let work = move || {
                begun.fetch_add(1, Ordering::Relaxed);
                while !is_over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            };
            let refused = bulkhead.run(work).await;
            // The first get no answer, the others no permit.
            let is_refused =
                matches!(refused, Err(Failure::Overloaded | Failure::Service(ServiceError::Unavailable(_))));
            assert!(is_refused);
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1 + capacity.abandoned);
        is_over.store(true, Ordering::Relaxed);
        while bulkhead.running() > 0 {
            tokio::task::yield_now().await;
        }
        bulkhead.run(|| Ok(())).await.unwrap();
    }
}
