//! The hop from an asynchronous handler to a blocking thread, and how many may take it at once.
//!
//! A handler makes one hop and calls one use case in it. Whoever finds no place within a bounded wait is refused while
//! still asynchronous: threads never pile up behind a slow database, and password hashing never takes those that read.

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
pub(crate) struct Lane {
    pub(crate) name: &'static str,
    places: Arc<Semaphore>,
    /// How many there are.
    size: usize,
    /// How many may wait for a place.
    queue: Arc<Semaphore>,
    queue_size: usize,
    /// For a place.
    pub(crate) turn: Duration,
    /// For the use case, once it runs.
    answer: Duration,
    /// How many more threads may be stuck, in a database that does not answer, while others take their places.
    spare: Arc<Semaphore>,
    /// How many threads there may be in all.
    threads: usize,
    /// Of one account, by account.
    shares: Arc<Mutex<HashMap<UserId, Weak<Semaphore>>>>,
    waits: Histogram,
    refusals: IntCounter,
}

/// Which part of the places one account may hold.
const SHARE_OF_ONE: usize = 4;

/// For how many hashes on each core a request may wait: they take some 20 ms each, and who comes later is better told so at
/// once.
const HASHES_AHEAD: usize = 4;

/// How long a question after the database's health waits for its place, and for the answer: a balancer does not wait long.
const HEALTH_QUEUE: Duration = Duration::from_millis(200);
const HEALTH_ANSWER: Duration = Duration::from_secs(1);

/// How many may wait where that is bounded by time.
const MANY: usize = Semaphore::MAX_PERMITS;

/// From a tenth of a millisecond to five seconds.
const WAITS: &[f64] = &[0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The lanes, shared by all workers.
pub struct Lanes {
    /// What only reads from the database.
    pub(crate) read: Lane,
    /// What writes to it.
    pub(crate) write: Lane,
    /// What hashes a password, and may read and write as well.
    pub(crate) hash: Lane,
    /// What looks how the database is, whatever else there is to do.
    pub(crate) health: Lane,
    /// How long a request waits for a freshness check, which takes no place.
    pub(crate) freshness_timeout: Duration,
}

impl Lanes {
    /// In front of a store of this capacity. So many hashes are computed at once.
    ///
    /// # Errors
    /// If a counter cannot be made, which no input causes.
    pub fn new(capacity: &Capacity, hashers: usize) -> Result<Self, prometheus::Error> {
        Ok(Self {
            read: Lane::new("read", capacity.reads, MANY, capacity)?,
            write: Lane::new("write", capacity.writes, MANY, capacity)?,
            hash: Lane::new("hash", hashers, hashers * HASHES_AHEAD, capacity)?,
            health: Lane::new(
                "health",
                1,
                1,
                &Capacity { queue_timeout: HEALTH_QUEUE, use_case_timeout: HEALTH_ANSWER, ..*capacity },
            )?,
            freshness_timeout: capacity.freshness_timeout,
        })
    }

    /// How many blocking threads use cases may hold at once, those that were given up included.
    pub(crate) fn threads(&self) -> usize {
        self.all().iter().map(|lane| lane.threads).sum()
    }

    /// Each of them once.
    pub(crate) fn all(&self) -> [&Lane; 4] {
        [&self.read, &self.write, &self.hash, &self.health]
    }
}

impl Lane {
    fn new(
        name: &'static str,
        places: usize,
        queue: usize,
        capacity: &Capacity,
    ) -> Result<Self, prometheus::Error> {
        let spare = places * capacity.abandoned;
        let wait = HistogramOpts::new(
            "miniter_lane_wait_seconds",
            "How long requests waited for a place on a blocking thread.",
        );
        let refused = Opts::new(
            "miniter_lane_refused_total",
            "Requests that found no place there, or no answer in time.",
        );
        Ok(Self {
            name,
            places: Arc::new(Semaphore::new(places)),
            size: places,
            queue: Arc::new(Semaphore::new(queue)),
            queue_size: queue,
            turn: capacity.queue_timeout,
            answer: capacity.use_case_timeout,
            spare: Arc::new(Semaphore::new(spare)),
            threads: places + spare,
            shares: Arc::default(),
            waits: Histogram::with_opts(wait.const_label("lane", name).buckets(WAITS.to_vec()))?,
            refusals: IntCounter::with_opts(refused.const_label("lane", name))?,
        })
    }

    /// How many are at work for it.
    pub(crate) fn running(&self) -> usize {
        self.size.saturating_sub(self.places.available_permits())
    }

    /// How many wait for a place.
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
    /// `Overloaded` if there was no place, `Unavailable` if there was no answer in time (what was to be written may then be
    /// written or not), `Internal` if the use case panicked, and its own.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Failure> {
        // The place goes with the work: if the client leaves, it is held until the thread is free again.
        let place = Arc::new(Mutex::new(self.take_place().await?));
        let held = Arc::clone(&place);
        let work = web::block(move || {
            let outcome = use_case();
            drop(held);
            outcome
        });
        let Ok(outcome) = timeout(self.answer, work).await else {
            // The thread may be stuck for long, in a connection that has died without a word. Others go on in its place,
            // as long as there are threads to spare; it holds one of those until it is free.
            if let Ok(spare) = Arc::clone(&self.spare).try_acquire_owned()
                && let Ok(mut place) = place.lock()
            {
                *place = spare;
            }
            self.refusals.inc();
            return Err(Failure::unavailable("no answer from the database in time"));
        };
        outcome.map_err(Failure::internal)?.map_err(Failure::from)
    }

    /// Does the same on behalf of an account, which may hold a part of the places: others find one, however many requests it
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
        let own = timeout(self.turn, share.acquire_owned()).await.map_err(|_| self.turn_away())?;
        let _own = own.map_err(|_| self.turn_away())?;
        self.run(use_case).await
    }

    /// The places of an account. They are kept while one of its requests is there.
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

    /// Waits for a place, if the queue is not too long.
    async fn take_place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let arrived = Instant::now();
        let places = Arc::clone(&self.places);
        let place = if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            place
        } else {
            // Those who are turned away are many, when there are any: they are counted, and not told one by one.
            let _queued = self.queue.try_acquire().map_err(|_| self.turn_away())?;
            let place = timeout(self.turn, places.acquire_owned()).await.map_err(|_| self.turn_away())?;
            place.map_err(|_| self.turn_away())?
        };
        self.waits.observe(arrived.elapsed().as_secs_f64());
        Ok(place)
    }

    /// A refusal for want of a place, which is counted.
    pub(crate) fn turn_away(&self) -> Failure {
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
    async fn beyond_its_queue_a_lane_refuses_at_once_and_when_a_place_is_free_it_goes_on() {
        let capacity = capacity(Duration::from_mins(1), Duration::from_mins(1));
        let lane = Lane::new("test", 1, 2, &capacity).unwrap();
        let (finish, finished) = mpsc::channel::<()>();
        let first = lane.clone();
        let first = actix_web::rt::spawn(async move {
            first.run(move || finished.recv().map_err(|error| ServiceError::Internal(error.into()))).await
        });
        let mut queued = Vec::new();
        while lane.running() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..2 {
            let lane = lane.clone();
            queued.push(actix_web::rt::spawn(async move { lane.run(|| Ok(())).await }));
        }
        while lane.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        let refused = lane.run(|| Ok(())).await.unwrap_err();
        assert!(matches!(refused, Failure::Overloaded));
        assert_eq!((lane.running(), lane.waiting(), lane.refusals.get()), (1, 2, 1));
        finish.send(()).unwrap();
        first.await.unwrap().unwrap();
        for queued in queued {
            queued.await.unwrap().unwrap();
        }
        lane.run(|| Ok(())).await.unwrap();
        assert_eq!((lane.running(), lane.waiting()), (0, 0));
    }

    #[actix_web::test]
    async fn one_account_holds_a_part_of_the_places_and_others_find_theirs() {
        let capacity = capacity(Duration::from_millis(50), Duration::from_mins(1));
        let lane = Lane::new("test", 8, MANY, &capacity).unwrap();
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
                let (lane, work) = (lane.clone(), wait());
                actix_web::rt::spawn(async move { lane.run_for(busy, work).await })
            })
            .collect();
        while lane.running() < 8 / SHARE_OF_ONE {
            tokio::task::yield_now().await;
        }
        assert!(matches!(lane.run_for(busy, || Ok(())).await, Err(Failure::Overloaded)));
        lane.run_for(other, || Ok(())).await.unwrap();
        is_over.store(true, Ordering::Relaxed);
        for held in held {
            held.await.unwrap().unwrap();
        }
        lane.run_for(busy, || Ok(())).await.unwrap();
    }

    #[actix_web::test]
    async fn threads_that_are_stuck_are_replaced_up_to_a_bound() {
        let capacity = capacity(Duration::from_millis(50), Duration::from_millis(50));
        let lane = Lane::new("test", 1, MANY, &capacity).unwrap();
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
            let refused = lane.run(work).await;
            // The first get no answer, the others no place.
            let is_refused =
                matches!(refused, Err(Failure::Overloaded | Failure::Service(ServiceError::Unavailable(_))));
            assert!(is_refused);
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1 + capacity.abandoned);
        is_over.store(true, Ordering::Relaxed);
        while lane.running() > 0 {
            tokio::task::yield_now().await;
        }
        lane.run(|| Ok(())).await.unwrap();
    }
}
