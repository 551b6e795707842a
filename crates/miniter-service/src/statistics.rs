//! How much there is on this server, counted now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use miniter_domain::{Clock, Statistics, StatisticsRepository};

use crate::error::ServiceError;

/// How long a user counts as active after the newest status.
const ACTIVE: TimeDelta = TimeDelta::days(30);

/// Counting may take one part in so many of the time.
const PAUSE_FACTOR: u32 = 100;

/// How long numbers are kept at least, and at most.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_mins(10);

/// The use case of counting. Numbers are kept for a time that follows from what counting takes: from a second to ten minutes.
pub struct InstanceStatistics {
    repository: Arc<dyn StatisticsRepository>,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Counted>>,
}

#[derive(Clone, Copy)]
struct Counted {
    statistics: Statistics,
    /// Until when the numbers are kept.
    until: Instant,
}

impl InstanceStatistics {
    /// Puts the use case together.
    #[must_use]
    pub fn new(repository: Arc<dyn StatisticsRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { repository, clock, last: Mutex::new(None) }
    }

    /// The numbers, if they are in memory: this never waits. `None` if [`Self::count`] must find them. Of requests that come
    /// at once when the numbers are old, one counts.
    #[must_use]
    pub fn cached(&self) -> Option<Statistics> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = last.as_mut()?;
        let now = Instant::now();
        if now < counted.until {
            return Some(counted.statistics);
        }
        counted.until = now + MIN_PAUSE;
        None
    }

    /// Counts. Where the database fails, the last numbers are returned.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`, if there are no numbers yet.
    pub fn count(&self) -> Result<Statistics, ServiceError> {
        let begun = Instant::now();
        match self.repository.count(self.clock.now() - ACTIVE) {
            Ok(statistics) => {
                let pause = (begun.elapsed() * PAUSE_FACTOR).clamp(MIN_PAUSE, MAX_PAUSE);
                let counted = Counted { statistics, until: Instant::now() + pause };
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
                Ok(statistics)
            }
            Err(error) => {
                let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.map(|counted| counted.statistics).ok_or_else(|| error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{MockStatisticsRepository, RepositoryError, SystemClock};

    use super::*;

    const NUMBERS: Statistics = Statistics { users: 3, active_users: 2, statuses: 9 };

    #[test]
    fn numbers_are_kept_for_a_while_and_where_the_database_fails() {
        let mut repository = MockStatisticsRepository::new();
        repository.expect_count().times(1).returning(|_| Ok(NUMBERS));
        repository.expect_count().returning(|_| Err(RepositoryError::Unavailable("away".into())));
        let statistics = InstanceStatistics::new(Arc::new(repository), Arc::new(SystemClock));
        assert_eq!(statistics.cached(), None);
        assert_eq!(statistics.count().unwrap(), NUMBERS);
        assert_eq!(statistics.cached(), Some(NUMBERS));
        assert_eq!(statistics.count().unwrap(), NUMBERS);
        statistics.last.lock().unwrap().as_mut().unwrap().until = Instant::now();
        assert_eq!((statistics.cached(), statistics.cached()), (None, Some(NUMBERS)), "one counts");
    }

    #[test]
    fn without_numbers_the_failure_is_told() {
        let mut repository = MockStatisticsRepository::new();
        repository.expect_count().returning(|_| Err(RepositoryError::Unavailable("away".into())));
        let statistics = InstanceStatistics::new(Arc::new(repository), Arc::new(SystemClock));
        assert!(matches!(statistics.count(), Err(ServiceError::Unavailable(_))));
    }
}
