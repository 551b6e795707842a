//! How often something may be done.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// So many in so long: a bucket that holds `limit`, and that fills again at an even pace within `window`.
///
/// This is the generic cell rate algorithm: all there is to know of a bucket is its
/// theoretical arrival time ([`Tat`]), the moment at which it is full again.
/// So whoever has done nothing for a window may do `limit` at once, and from then on one at each `window / limit`.
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

    /// The state of a bucket from which one more is taken than it was in at `tat`, whether it may be or not.
    #[must_use]
    pub fn charge(self, tat: Option<Tat>, now: DateTime<Utc>) -> Tat {
        let now = Tat::at(now).0;
        // It cannot be full later than this, unless the clock was set back.
        let latest = now.saturating_add(self.interval().saturating_mul(self.limit.get().into()));
        Tat(tat.map_or(now, |tat| tat.0.clamp(now, latest)).saturating_add(self.interval()))
    }

    /// What is left of a bucket that is in the state `charged`.
    ///
    /// # Errors
    /// [`Exhausted`] if more was taken than there was.
    pub fn check(self, charged: Tat, now: DateTime<Utc>) -> Result<Allowance, Exhausted> {
        let micros = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        let full_in = charged.0.saturating_sub(Tat::at(now).0);
        let room = self.interval().saturating_mul(self.limit.get().into()).saturating_sub(full_in);
        if room < 0 {
            return Err(Exhausted { retry_after: micros(-room) });
        }
        let left = u32::try_from(room / self.interval()).unwrap_or(u32::MAX);
        Ok(Allowance { left: left.min(self.limit.get()), full_in: micros(full_in) })
    }

    /// Takes one from a bucket: its new state, and what is left.
    ///
    /// # Errors
    /// [`Exhausted`] if there is none; the bucket stays as it was.
    pub fn take(self, tat: Option<Tat>, now: DateTime<Utc>) -> Result<(Tat, Allowance), Exhausted> {
        let charged = self.charge(tat, now);
        self.check(charged, now).map(|allowance| (charged, allowance))
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

    #[test]
    fn a_full_bucket_gives_its_limit_at_once_and_then_one_at_each_interval() {
        let quota = quota(5, 10);
        let mut tat = None;
        for left in [4, 3, 2, 1, 0] {
            let (charged, allowance) = quota.take(tat, at(0)).unwrap();
            assert_eq!(allowance.left, left);
            tat = Some(charged);
        }
        let refused = quota.take(tat, at(0)).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(2));
        assert!(quota.take(tat, at(1_999)).is_err());
        let (tat, allowance) = quota.take(tat, at(2_000)).unwrap();
        assert_eq!(allowance, Allowance { left: 0, full_in: Duration::from_secs(10) });
        assert_eq!(quota.take(Some(tat), at(12_000)).unwrap().1.left, 4, "it is full again");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let quota = quota(5, 10);
        let (tat, _) = quota.take(None, at(3_600_000)).unwrap();
        assert_eq!(quota.take(Some(tat), at(0)).unwrap_err().retry_after, Duration::from_secs(2));
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
            let quota = quota(limit, seconds);
            let (mut tat, mut now) = (None, at(0));
            for pause in pauses {
                now += chrono::Duration::milliseconds(pause);
                match quota.take(tat, now) {
                    Ok((charged, allowance)) => {
                        prop_assert!(allowance.left < limit);
                        tat = Some(charged);
                    }
                    Err(Exhausted { retry_after }) => {
                        prop_assert!(!retry_after.is_zero());
                        let then = now + retry_after;
                        prop_assert!(quota.take(tat, then).is_ok());
                        prop_assert!(quota.take(tat, then - chrono::Duration::microseconds(1)).is_err());
                    }
                }
            }
        }
    }
}
