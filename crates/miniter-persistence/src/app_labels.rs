//! The labels of applications, in memory: every status that an application wrote shows one. They never change.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use miniter_domain::{AppId, AppLabel};

/// How many are kept. They take some 2 MiB at most.
const MOST: NonZeroUsize = NonZeroUsize::new(1 << 12).unwrap();

/// Labels by the numbers of their applications.
pub(crate) struct AppLabels(Mutex<LruCache<AppId, Arc<AppLabel>>>);

impl AppLabels {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<AppId, Arc<AppLabel>>> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The labels of these applications, if all are known.
    pub(crate) fn cached(&self, apps: &[AppId]) -> Option<Vec<Arc<AppLabel>>> {
        let mut kept = self.kept();
        apps.iter().map(|app| kept.get(app).cloned()).collect()
    }

    /// Keeps labels.
    pub(crate) fn keep(&self, labels: &[Arc<AppLabel>]) {
        let mut kept = self.kept();
        for label in labels {
            kept.put(label.id, Arc::clone(label));
        }
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        self.kept().clear();
    }
}
