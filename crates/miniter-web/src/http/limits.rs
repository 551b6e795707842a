//! How often a client may call: the limit of each route stands beside it in the list of endpoints.
//!
//! A node counts what it sees itself. Wrong passwords, of which every single one matters, are counted in the database, by
//! `miniter_service::LoginThrottle`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use chrono::{SecondsFormat, TimeDelta};
use lru::LruCache;
use miniter_domain::{Allowance, Clock, Exhausted, Quota, Subscriber, Tat, UserId};

/// What is left (draft-ietf-httpapi-ratelimit-headers).
pub(crate) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What there is.
pub(crate) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How many callers are remembered for each limit. Beyond that, who has called longest ago is forgotten.
const CALLERS: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// The same, in the headers that clients of Mastodon read.
pub(crate) const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
pub(crate) const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
pub(crate) const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// How a presentation tells clients what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateLimitHeaders {
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    Standard,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, which is a moment (RFC 3339).
    Prefixed,
}

/// What limits a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Trying a password: for each address.
    LogIn,
    /// Making an account: for each address.
    SignUp,
    /// Changing something: for each user, or for each address where no good token is shown.
    Write,
    /// Reading something: likewise.
    Read,
    /// None: for those who run the server, whose checks must not fail because others call.
    Unlimited,
}

/// How much each limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Log-ins, and changes of a password.
    pub log_in: Quota,
    /// Sign-ups.
    pub sign_up: Quota,
    /// Tweets, follows and unfollows.
    pub write: Quota,
    /// Everything else.
    pub read: Quota,
}

/// Counts the calls.
pub struct Limits(Option<[Buckets; 4]>);

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    User(UserId),
    Address(Subscriber),
}

/// The buckets of all callers under one limit.
pub(crate) struct Buckets {
    pub(crate) name: &'static str,
    /// Whether each user has a bucket, from all addresses together.
    pub(crate) by_user: bool,
    quota: Quota,
    policy: HeaderValue,
    clock: Arc<dyn Clock>,
    tats: Mutex<LruCache<Caller, Tat>>,
}

impl Limits {
    /// Limits calls.
    #[must_use]
    pub fn new(quotas: Quotas, clock: &Arc<dyn Clock>) -> Self {
        let Quotas { log_in, sign_up, write, read } = quotas;
        Self(Some([
            Buckets::new("log-in", false, log_in, clock),
            Buckets::new("sign-up", false, sign_up, clock),
            Buckets::new("write", true, write, clock),
            Buckets::new("read", true, read, clock),
        ]))
    }

    /// Limits nothing.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// The buckets of a limit, if it limits anything.
    pub(crate) fn buckets(&self, limit: Limit) -> Option<&Buckets> {
        let [log_in, sign_up, write, read] = self.0.as_ref()?;
        match limit {
            Limit::LogIn => Some(log_in),
            Limit::SignUp => Some(sign_up),
            Limit::Write => Some(write),
            Limit::Read => Some(read),
            Limit::Unlimited => None,
        }
    }
}

impl Buckets {
    fn new(name: &'static str, by_user: bool, quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let policy = format!("\"{name}\";q={};w={}", quota.limit(), quota.window().as_secs());
        Self {
            name,
            by_user,
            quota,
            // Of digits and letters.
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("")),
            clock: Arc::clone(clock),
            tats: Mutex::new(LruCache::new(CALLERS)),
        }
    }

    /// Takes one from the caller's bucket.
    ///
    /// # Errors
    /// [`Exhausted`] if there is none.
    pub(crate) fn take(&self, caller: Caller) -> Result<Allowance, Exhausted> {
        let now = self.clock.now();
        let mut buckets = self.tats.lock().unwrap_or_else(PoisonError::into_inner);
        let (tat, outcome) = self.quota.take(buckets.get(&caller).copied(), now);
        buckets.put(caller, tat);
        outcome
    }

    /// What the headers say of an outcome.
    pub(crate) fn headers(
        &self,
        style: RateLimitHeaders,
        outcome: Result<Allowance, Exhausted>,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let (left, time) = match outcome {
            Ok(Allowance { left, full_in }) => (left, full_in),
            Err(Exhausted { retry_after }) => (0, retry_after),
        };
        let headers = match style {
            RateLimitHeaders::Standard => self.standard_headers(left, time).map(Vec::from),
            RateLimitHeaders::Prefixed => self.prefixed_headers(left, time).map(Vec::from),
        };
        headers.unwrap_or_default()
    }

    /// `time` is that until the bucket is full or, if nothing is left, until there is a call again.
    fn prefixed_headers(&self, left: u32, time: Duration) -> Option<[(HeaderName, HeaderValue); 3]> {
        let reset = self.clock.now().checked_add_signed(TimeDelta::from_std(time).ok()?)?;
        let reset = reset.to_rfc3339_opts(SecondsFormat::Micros, true);
        Some([
            (X_RATELIMIT_LIMIT, HeaderValue::from(self.quota.limit().get())),
            (X_RATELIMIT_REMAINING, HeaderValue::from(left)),
            (X_RATELIMIT_RESET, HeaderValue::from_str(&reset).ok()?),
        ])
    }

    /// The same.
    fn standard_headers(&self, left: u32, time: Duration) -> Option<[(HeaderName, HeaderValue); 2]> {
        let state = format!("\"{}\";r={left};t={}", self.name, time.as_micros().div_ceil(1_000_000));
        let state = HeaderValue::from_str(&state).ok()?;
        Some([(RATELIMIT, state), (RATELIMIT_POLICY, self.policy.clone())])
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::atomic::{AtomicI64, Ordering};

    use chrono::{DateTime, Utc};

    use super::*;

    /// A clock that is set.
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
        }
    }

    #[test]
    fn prefixed_headers_tell_what_is_left_and_when_it_is_as_before() {
        let clock: Arc<dyn Clock> = Arc::new(SetClock(AtomicI64::new(1_000)));
        let quota = Quota::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(10)).unwrap();
        let buckets = Buckets::new("test", true, quota, &clock);
        let caller = Caller::User(UserId::new(1));
        for (remaining, reset) in [("1", "05.000000Z"), ("0", "10.000000Z"), ("0", "05.000000Z")] {
            let headers = buckets.headers(RateLimitHeaders::Prefixed, buckets.take(caller));
            let values: Vec<_> = headers.iter().map(|(_, value)| value.to_str().unwrap()).collect();
            let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]);
            let shifted = |seconds: &str| {
                DateTime::parse_from_rfc3339(&format!("1970-01-01T00:16:{seconds}")).unwrap()
                    + TimeDelta::seconds(40)
            };
            assert_eq!((values[0], values[1]), ("2", remaining));
            assert_eq!(DateTime::parse_from_rfc3339(values[2]).unwrap(), shifted(reset));
            assert!(values[2].ends_with(".000000Z"), "{values:?}");
        }
    }

    #[test]
    fn after_a_step_of_the_clock_whoever_waits_as_told_may_call() {
        let clock = Arc::new(SetClock(AtomicI64::new(1_000)));
        let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(10)).unwrap();
        let buckets = Buckets::new("test", true, quota, &(Arc::clone(&clock) as Arc<dyn Clock>));
        let call = |second| {
            clock.0.store(second, Ordering::Relaxed);
            buckets.take(Caller::User(UserId::new(1))).map_err(|exhausted| exhausted.retry_after.as_secs())
        };
        assert!(call(1_000).is_ok());
        assert_eq!(call(0), Err(10));
        assert!(call(10).is_ok());
    }
}
