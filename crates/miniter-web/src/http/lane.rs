//! The hop from an asynchronous handler to a blocking thread, and how many may take it at once.
//!
//! A handler makes one hop and calls one use case in it. Whoever finds no place within a bounded wait is refused while
//! still asynchronous: threads never pile up behind a slow database, and password hashing never takes those that read.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use miniter_service::ServiceError;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::http::problem::{ApiError, Code};

/// How long a request waits for its turn before it is refused.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A number of use cases that may run at once.
#[derive(Clone)]
pub(crate) struct Lane(Arc<Semaphore>);

/// The lanes, shared by all workers.
pub struct Lanes {
    /// What only reads from the database.
    pub(crate) read: Lane,
    /// What writes to it.
    pub(crate) write: Lane,
    /// What hashes a password, and may write as well.
    pub(crate) hash: Lane,
}

impl Lanes {
    /// As many at once as the database has connections for, and hashing on as many cores as there are.
    #[must_use]
    pub fn new(readers: usize, writers: usize, hashers: usize) -> Self {
        let lane = |permits: usize| Lane(Arc::new(Semaphore::new(permits)));
        Self { read: lane(readers), write: lane(writers), hash: lane(hashers) }
    }
}

impl Lane {
    /// Runs a use case on a blocking thread and gives back what `respond` makes of its success.
    ///
    /// # Errors
    /// `unavailable` if there was no place in time, `internal` if the use case panicked, and what `E` makes of a
    /// [`ServiceError`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = timeout(MAX_WAIT, Arc::clone(&self.0).acquire_owned())
            .await
            .map_err(|elapsed| ApiError::from(Code::Unavailable).with_cause(Box::new(elapsed)))?
            .map_err(|closed| ApiError::from(Code::Unavailable).with_cause(Box::new(closed)))?;
        // The place goes with the work: if the client leaves, it is held until the thread is free again.
        let outcome = web::block(move || {
            let _place = place;
            use_case()
        })
        .await
        .map_err(|panicked| ApiError::from(Code::Internal).with_cause(Box::new(panicked)))?;
        outcome.map_err(ApiError::from)
    }
}
