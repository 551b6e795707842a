//! How often something may be done.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// So many in so long: a bucket that holds `limit`, and that fills again at an even pace within `window`.
///
/// This is the generic cell rate algorithm: all there is to know of a bucket is its
/// theoretical arrival time ([`Tat`]), the moment at which it is full again.
/// So a caller who has done nothing for a window may do `limit` at once, and from then on one at each `window / limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    limit: NonZeroU32,
    window: Duration,
}

/// GCRA's theoretical arrival time: the moment at which a bucket is full again, in microseconds since 1970. One in the past
/// is as good as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tat(i64);

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How often it may be done at once.
    pub left: u32,
    /// After which time it may be done as often as ever.
    pub full_in: Duration,
}

/// Nothing is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// After which time it may be done once.
    pub retry_after: Duration,
}

impl Tat {
    /// A bucket that is full at `moment`.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_micros())
    }

    /// A number that was stored.
    #[must_use]
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// The number to store: microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl Quota {
    /// `limit` in `window`. `None` if that is less than a microsecond for each.
    #[must_use]
    pub fn new(limit: NonZeroU32, window: Duration) -> Option<Self> {
        let quota = Self { limit, window };
        (i64::try_from(window.as_micros()).is_ok() && quota.interval() > 0).then_some(quota)
    }

    /// How often, in a window.
    #[must_use]
    pub fn limit(self) -> NonZeroU32 {
        self.limit
    }

    /// How long it takes an empty bucket to fill.
    #[must_use]
    pub fn window(self) -> Duration {
        self.window
    }

    /// Microseconds for each.
    #[must_use]
    pub fn interval(self) -> i64 {
        i64::try_from(self.window.as_micros() / u128::from(self.limit.get())).unwrap_or(i64::MAX)
    }

    /// Takes one from a bucket in the state `tat` (`None`: a full one): the new state, which must be stored whatever the
    /// outcome is, and the outcome.
    ///
    /// A state later than `now` and a window was charged while a clock was ahead. It is cut down to that. The cut must be
    /// stored although nothing is taken: a cut that each call repeats moves on with `now`, and nothing is given for as long
    /// as the clock was ahead.
    #[must_use = "the new state must be stored"]
    pub fn take(self, tat: Option<Tat>, now: DateTime<Utc>) -> (Tat, Result<Allowance, Exhausted>) {
        let micros = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        let now = Tat::at(now).0;
        let capacity = self.interval().saturating_mul(self.limit.get().into());
        let tat = tat.map_or(now, |tat| tat.0.clamp(now, now.saturating_add(capacity)));
        let charged = tat.saturating_add(self.interval());
        let full_in = charged.saturating_sub(now);
        let room = capacity.saturating_sub(full_in);
        if room < 0 {
            return (Tat(tat), Err(Exhausted { retry_after: micros(-room) }));
        }
        let left = u32::try_from(room / self.interval()).unwrap_or(u32::MAX);
        (Tat(charged), Ok(Allowance { left: left.min(self.limit.get()), full_in: micros(full_in) }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quota(limit: u32, seconds: u64) -> Quota {
        Quota::new(NonZeroU32::new(limit).unwrap(), Duration::from_secs(seconds)).unwrap()
    }

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + milliseconds).unwrap()
    }

    /// A bucket in use.
    struct Bucket {
        quota: Quota,
        tat: Option<Tat>,
    }

    impl Bucket {
        fn full(quota: Quota) -> Self {
            Self { quota, tat: None }
        }

        fn take(&mut self, now: DateTime<Utc>) -> Result<Allowance, Exhausted> {
            let (tat, outcome) = self.quota.take(self.tat, now);
            self.tat = Some(tat);
            outcome
        }
    }

    #[test]
    fn a_full_bucket_gives_its_limit_at_once_and_then_one_at_each_interval() {
        let mut bucket = Bucket::full(quota(5, 10));
        for left in [4, 3, 2, 1, 0] {
            assert_eq!(bucket.take(at(0)).unwrap().left, left);
        }
        assert_eq!(bucket.take(at(0)).unwrap_err().retry_after, Duration::from_secs(2));
        assert!(bucket.take(at(1_999)).is_err());
        let allowance = bucket.take(at(2_000)).unwrap();
        assert_eq!(allowance, Allowance { left: 0, full_in: Duration::from_secs(10) });
        assert_eq!(bucket.take(at(12_000)).unwrap().left, 4, "it is full again");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut bucket = Bucket::full(quota(1, 10));
        bucket.take(at(1_000_000)).unwrap();
        assert_eq!(bucket.take(at(0)).unwrap_err().retry_after, Duration::from_secs(10));
        assert_eq!(bucket.take(at(4_000)).unwrap_err().retry_after, Duration::from_secs(6));
        bucket.take(at(10_000)).unwrap();
    }

    #[test]
    fn a_quota_is_at_least_a_microsecond_for_each() {
        let million = NonZeroU32::new(1_000_001).unwrap();
        assert_eq!(Quota::new(million, Duration::from_secs(1)), None);
        assert_eq!(Quota::new(NonZeroU32::MIN, Duration::ZERO), None);
        assert_eq!(Quota::new(NonZeroU32::MIN, Duration::MAX), None);
    }

    proptest! {
        #[test]
        fn whoever_waits_as_long_as_they_are_told_is_let_in_and_a_moment_earlier_is_not(
            limit in 1_u32..50, seconds in 1_u64..4_000, pauses in prop::collection::vec(0_i64..5_000, 1..200),
        ) {
            let mut bucket = Bucket::full(quota(limit, seconds));
            let mut now = at(0);
            for pause in pauses {
                now += chrono::Duration::milliseconds(pause);
                match bucket.take(now) {
                    Ok(allowance) => prop_assert!(allowance.left < limit),
                    Err(Exhausted { retry_after }) => {
                        prop_assert!(!retry_after.is_zero());
                        let then = now + retry_after;
                        prop_assert!(bucket.quota.take(bucket.tat, then).1.is_ok());
                        let earlier = then - chrono::Duration::microseconds(1);
                        prop_assert!(bucket.quota.take(bucket.tat, earlier).1.is_err());
                    }
                }
            }
        }

        /// Also if others ask meanwhile, and whichever way and however far the clock was set.
        #[test]
        fn after_any_step_of_the_clock_waiting_as_told_lets_in(
            limit in 1_u32..50, seconds in 1_u64..4_000,
            steps in prop::collection::vec((-400_000_000_000_i64..400_000_000_000, 1_usize..80), 1..6),
            asked in prop::collection::vec(0.0..1.0_f64, 0..8),
        ) {
            let mut bucket = Bucket::full(quota(limit, seconds));
            let mut now = at(0);
            for (step, calls) in steps {
                now += chrono::Duration::milliseconds(step);
                for _ in 0..calls {
                    let Err(Exhausted { retry_after }) = bucket.take(now) else { continue };
                    prop_assert!(retry_after <= bucket.quota.window());
                    for share in &asked {
                        // All of them earlier, so none is let in.
                        let moment = Duration::from_micros(1);
                        let meanwhile = now + retry_after.saturating_sub(moment).mul_f64(*share);
                        prop_assert!(bucket.take(meanwhile).is_err());
                    }
                    now += retry_after;
                    prop_assert!(bucket.take(now).is_ok());
                }
            }
        }
    }
}
