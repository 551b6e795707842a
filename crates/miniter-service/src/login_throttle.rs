//! The limit of wrong passwords for one account. Strangers who try passwords should keep its owner out as little as possible.
//!
//! All addresses that an account was never used from share one bucket, however many they are. Each of the few that it was
//! used from has one of its own, which strangers elsewhere cannot empty.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use blake2::{Blake2s256, Digest};
use chrono::{DateTime, Utc};
use miniter_domain::{
    AccountKey, AddressKey, BucketKey, CanonicalEmail, Clock, Exhausted, KnownAddressRepository,
    LoginThrottleRepository, OriginKey, Quota, Subscriber, UserId,
};

use crate::error::ServiceError;

/// How often it is recorded at most that an account is still used from an address.
const RECORDED_EVERY: Duration = Duration::from_hours(24);

/// A user who does not exist: no database gives this number.
const NOBODY: UserId = UserId::new(-1);

/// Counts wrong passwords for each account, and refuses to look at another one when there were too many.
pub struct LoginThrottle {
    buckets: Arc<dyn LoginThrottleRepository>,
    addresses: Arc<dyn KnownAddressRepository>,
    /// `None`: without a bound.
    quota: Option<Quota>,
    clock: Arc<dyn Clock>,
}

/// What wrong passwords are counted for.
pub(crate) enum Account<'a> {
    /// Logging in with an address, whether an account has it or not: to refuse only those that exist would tell which do.
    LogIn(&'a CanonicalEmail),
    /// Logging in with the username of an account. Counted apart from its address: else it could be found out that they belong
    /// together.
    LogInByName(UserId),
    /// A change of the password. Counted apart: failed log-ins of strangers must not keep the owner from it.
    ChangePassword(UserId),
}

impl Account<'_> {
    fn key(&self) -> AccountKey {
        AccountKey(match self {
            Self::LogIn(email) => digest(&[b"log-in:", email.as_bytes()]),
            Self::LogInByName(user) => digest(&[b"log-in-by-name:", &user.get().to_be_bytes()]),
            Self::ChangePassword(user) => digest(&[b"change-password:", &user.get().to_be_bytes()]),
        })
    }
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) from: Subscriber,
    /// The token that came with it. At one address each token has a bucket of its own: with a new one the owner gets through
    /// also where a stolen one is used, and only who knows the password gets new ones.
    pub(crate) token: Option<&'a str>,
}

impl Origin<'_> {
    /// The bucket that this origin has for itself.
    fn key(&self) -> OriginKey {
        let token = self.token.unwrap_or_default();
        OriginKey(digest(&[b"from:", &octets(self.from), token.as_bytes()]))
    }
}

/// The bucket of all origins that are not known.
fn elsewhere() -> OriginKey {
    OriginKey(digest(&[b"elsewhere"]))
}

/// The address of a subscriber, for one user: the digests of two users do not show that they share it.
fn address_key(user: UserId, from: Subscriber) -> AddressKey {
    AddressKey(digest(&[b"address:", &user.get().to_be_bytes(), &octets(from)]))
}

/// All addresses have one length, so that none can be taken for the beginning of something else.
fn octets(from: Subscriber) -> [u8; 16] {
    match from.address() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Blake2s256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

/// A password that may be tried. Then it is either [wrong](Self::fail) or [right](Self::succeed).
#[must_use]
pub(crate) struct Attempt<'a> {
    throttle: &'a LoginThrottle,
    /// `None` if nothing is counted.
    counted: Option<Counted>,
}

struct Counted {
    quota: Quota,
    bucket: BucketKey,
    user: UserId,
    address: AddressKey,
    /// When the password was last right from there.
    seen_at: Option<DateTime<Utc>>,
}

impl LoginThrottle {
    /// Allows `quota` for each account, on all nodes together; without one, there is no bound.
    #[must_use]
    pub fn new(
        buckets: Arc<dyn LoginThrottleRepository>,
        addresses: Arc<dyn KnownAddressRepository>,
        quota: Option<Quota>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { buckets, addresses, quota, clock }
    }

    /// Makes sure that another password may be tried on an account, which is that of `user` if there is one.
    ///
    /// # Errors
    /// [`ServiceError::TooManyFailures`], and the general `Unavailable` and `Internal`.
    pub(crate) fn check(
        &self,
        account: &Account<'_>,
        user: Option<UserId>,
        origin: Origin<'_>,
    ) -> Result<Attempt<'_>, ServiceError> {
        let Some(quota) = self.quota else { return Ok(Attempt { throttle: self, counted: None }) };
        let now = self.clock.now();
        // Looked up also where there is no account: it must take the same time.
        let user = user.unwrap_or(NOBODY);
        let address = address_key(user, origin.from);
        let seen_at = self.addresses.find_known_address(user, &address)?;
        let seen_at = seen_at.filter(|seen_at| *seen_at >= now - AddressKey::KEPT);
        let origin = if seen_at.is_some() { origin.key() } else { elsewhere() };
        let bucket = BucketKey { account: account.key(), origin };
        if let Some(tat) = self.buckets.find_tat(&bucket)? {
            let (possible, outcome) = quota.take(Some(tat), now);
            if possible < tat {
                // Charged while a clock was ahead. What is possible is stored: nothing can be taken, so this does no more.
                self.buckets.take(&bucket, quota, now)?.map_err(refusal)?;
            }
            outcome.map_err(refusal)?;
        }
        let counted = Counted { quota, bucket, user, address, seen_at };
        Ok(Attempt { throttle: self, counted: Some(counted) })
    }
}

impl Attempt<'_> {
    /// Counts a wrong password.
    ///
    /// # Errors
    /// [`ServiceError::TooManyFailures`] if others that were tried at the same time were too many already: then it must not
    /// be told that it was wrong. And the general `Unavailable` and `Internal`.
    pub(crate) fn fail(self) -> Result<(), ServiceError> {
        let Some(Counted { quota, bucket, .. }) = self.counted else { return Ok(()) };
        let now = self.throttle.clock.now();
        self.throttle.buckets.take(&bucket, quota, now)?.map(drop).map_err(refusal)
    }

    /// Records that the account is used from this address. If that fails, the next right password tries again.
    pub(crate) fn succeed(self) {
        let Some(Counted { user, address, seen_at, .. }) = self.counted else { return };
        let now = self.throttle.clock.now();
        // A moment in the future was recorded while a clock was ahead.
        if seen_at.is_some_and(|seen_at| (now - RECORDED_EVERY..=now).contains(&seen_at)) {
            return;
        }
        if let Err(error) = self.throttle.addresses.record_known_address(user, &address, now) {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            log::warn!("an address that user {user} has logged in from was not recorded: {error}{cause}");
        }
    }
}

/// Forgets the wrong passwords that were given for an account, from everywhere.
///
/// # Errors
/// The general `Unavailable` and `Internal`.
pub(crate) fn clear(
    buckets: &dyn LoginThrottleRepository,
    email: &CanonicalEmail,
    user: UserId,
) -> Result<(), ServiceError> {
    for account in [Account::LogIn(email), Account::LogInByName(user), Account::ChangePassword(user)] {
        buckets.clear(&account.key())?;
    }
    Ok(())
}

fn refusal(exhausted: Exhausted) -> ServiceError {
    ServiceError::TooManyFailures { retry_after: exhausted.retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(address: &str) -> Subscriber {
        Subscriber::of(address.parse().unwrap())
    }

    #[test]
    fn each_account_is_counted_apart_and_so_are_log_ins_and_changes_of_the_password() {
        let (song, kim) = (CanonicalEmail::of("song@example.com"), CanonicalEmail::of("kim@example.com"));
        let keys = [
            Account::LogIn(&song),
            Account::LogIn(&kim),
            Account::LogInByName(UserId::new(1)),
            Account::ChangePassword(UserId::new(1)),
            Account::ChangePassword(UserId::new(2)),
        ]
        .map(|account| account.key());
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|found| found == key), Some(i));
        }
        assert_eq!(keys[0], Account::LogIn(&CanonicalEmail::of("SONG@example.com")).key());
    }

    #[test]
    fn each_known_origin_is_counted_apart() {
        let origin = |address: &str, token| Origin { from: subscriber(address), token }.key();
        let keys = [
            elsewhere(),
            origin("1.1.1.1", None),
            origin("1.1.1.2", None),
            origin("2001:db8::1", None),
            origin("1.1.1.1", Some("a")),
            origin("1.1.1.1", Some("b")),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|found| found == key), Some(i));
        }
        assert_eq!(keys[3], origin("2001:db8::2", None));
    }

    #[test]
    fn the_digest_of_an_address_is_another_one_for_each_user() {
        let key = |user, address: &str| address_key(UserId::new(user), subscriber(address));
        assert_eq!(key(1, "1.1.1.1"), key(1, "1.1.1.1"));
        assert_ne!(key(1, "1.1.1.1"), key(2, "1.1.1.1"));
        assert_ne!(key(1, "1.1.1.1"), key(1, "1.1.1.2"));
    }
}
