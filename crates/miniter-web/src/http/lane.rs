//! The hop from an asynchronous handler to a blocking thread, and how many may take it at once.
//!
//! A handler makes one hop and calls one use case in it. Whoever finds no place within a bounded wait is refused while
//! still asynchronous: threads never pile up behind a slow database, and password hashing never takes those that read.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use miniter_service::ServiceError;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::http::problem::{ApiError, Code};

/// A number of use cases that may run at once, and how long a request waits.
#[derive(Clone)]
pub(crate) struct Lane {
    places: Arc<Semaphore>,
    /// For a place.
    turn: Duration,
    /// For the use case, once it runs.
    answer: Duration,
    /// How many more threads may be stuck, in a database that does not answer, while others take their places.
    spare: Arc<Semaphore>,
}

/// How many times the places of a lane there may be threads. A database's pool has as many connections to spare.
const SPARE: usize = 3;

/// How many may wait for the one connection that writes, to share its next commit.
const SHARING: usize = 16;

/// The lanes, shared by all workers.
pub struct Lanes {
    /// What only reads from the database.
    pub(crate) read: Lane,
    /// What writes to it.
    pub(crate) write: Lane,
    /// What hashes a password, and may read and write as well.
    pub(crate) hash: Lane,
}

impl Lanes {
    /// For a database of which many connections read and one writes, for many at a time. Its locks may be held by other
    /// programs: a request waits for them, for up to 12 seconds in all.
    #[must_use]
    pub fn beside_one_writer(readers: usize, hashers: usize) -> Self {
        let lane = |places| Lane::new(places, Duration::from_secs(5), Duration::from_secs(7));
        Self { read: lane(readers), write: lane(SHARING), hash: lane(hashers) }
    }

    /// For a database server with a pool of connections, which may be gone or hang: a request waits for up to 2.4
    /// seconds in all.
    #[must_use]
    pub fn of_a_pool(connections: usize, hashers: usize) -> Self {
        let answer = Duration::from_millis(1_400);
        let query = Lane::new(connections, Duration::from_millis(500), answer);
        let hash = Lane::new(hashers, Duration::from_secs(1), answer);
        Self { read: query.clone(), write: query, hash }
    }
}

impl Lane {
    fn new(places: usize, turn: Duration, answer: Duration) -> Self {
        let spare = Arc::new(Semaphore::new(places * SPARE));
        Self { places: Arc::new(Semaphore::new(places)), turn, answer, spare }
    }

    /// Runs a use case on a blocking thread and gives back what `respond` makes of its success.
    ///
    /// # Errors
    /// `unavailable` if there was no place or no answer in time (what was to be written may then be written or not),
    /// `internal` if the use case panicked, and what `E` makes of a
    /// [`ServiceError`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = timeout(self.turn, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| unavailable("no place in time"))?
            .map_err(unavailable)?;
        // The place goes with the work: if the client leaves, it is held until the thread is free again.
        let place = Arc::new(Mutex::new(place));
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
            return Err(unavailable("no answer from the database in time"));
        };
        outcome
            .map_err(|panicked| ApiError::from(Code::Internal).with_cause(Box::new(panicked)))?
            .map_err(ApiError::from)
    }
}

fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
    ApiError::from(Code::Unavailable).with_cause(cause.into())
}
