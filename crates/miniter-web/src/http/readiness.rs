//! Whether this node should get requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Mutex;

/// Whether this node should get requests.
#[derive(Default)]
pub(crate) struct Readiness {
    is_draining: AtomicBool,
    /// What the database said last, and when.
    pub(crate) last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// From now on it should not.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Whether it is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }
}
