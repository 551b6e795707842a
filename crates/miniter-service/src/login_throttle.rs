//! Wrong passwords: nobody may try many of them on one account.

use std::sync::Arc;

use blake2::{Blake2s256, Digest};
use miniter_domain::{AccountKey, CanonicalEmail, Clock, Exhausted, LoginThrottleRepository, Quota, UserId};

use crate::error::ServiceError;

/// Counts wrong passwords for each account, and refuses to look at another one when there were too many.
pub struct LoginThrottle {
    counts: Arc<dyn LoginThrottleRepository>,
    /// `None`: as many as anybody likes.
    quota: Option<Quota>,
    clock: Arc<dyn Clock>,
}

/// What failures are counted for.
pub(crate) enum Account<'a> {
    /// Logging in with an address, whether anybody has it or not: to refuse only those that exist would tell which do.
    LogIn(&'a CanonicalEmail),
    /// Changing one's password. Counted apart: who fails to log in as somebody must not keep them from doing that.
    ChangePassword(UserId),
}

impl Account<'_> {
    fn key(&self) -> AccountKey {
        let mut digest = Blake2s256::new();
        match self {
            Self::LogIn(email) => {
                digest.update(b"log-in:");
                digest.update(email.as_bytes());
            }
            Self::ChangePassword(user) => {
                digest.update(b"change-password:");
                digest.update(user.get().to_be_bytes());
            }
        }
        AccountKey(digest.finalize().into())
    }
}

impl LoginThrottle {
    /// Allows `quota` for each account, on all nodes together; without one, as many as anybody likes.
    #[must_use]
    pub fn new(
        counts: Arc<dyn LoginThrottleRepository>,
        quota: Option<Quota>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { counts, quota, clock }
    }

    /// Makes sure that another password may be tried.
    ///
    /// # Errors
    /// [`ServiceError::TooManyFailures`], and the general `Unavailable` and `Internal`.
    pub(crate) fn check(&self, account: &Account<'_>) -> Result<(), ServiceError> {
        let Some(quota) = self.quota else { return Ok(()) };
        let tat = self.counts.find_tat(&account.key())?;
        quota.take(tat, self.clock.now()).map(drop).map_err(refusal)
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// [`ServiceError::TooManyFailures`] if others that were tried at the same time were too many already: then it must not
    /// be told that it was wrong. And the general `Unavailable` and `Internal`.
    pub(crate) fn charge(&self, account: &Account<'_>) -> Result<(), ServiceError> {
        let Some(quota) = self.quota else { return Ok(()) };
        let now = self.clock.now();
        let charged = self.counts.charge_failure(&account.key(), quota, now)?;
        quota.check(charged, now).map(drop).map_err(refusal)
    }
}

fn refusal(exhausted: Exhausted) -> ServiceError {
    ServiceError::TooManyFailures { retry_after: exhausted.retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_is_counted_apart_and_so_are_log_ins_and_changes_of_the_password() {
        let (song, kim) = (CanonicalEmail::of("song@example.com"), CanonicalEmail::of("kim@example.com"));
        let keys = [
            Account::LogIn(&song),
            Account::LogIn(&kim),
            Account::ChangePassword(UserId::new(1)),
            Account::ChangePassword(UserId::new(2)),
        ]
        .map(|account| account.key());
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|found| found == key), Some(i));
        }
        assert_eq!(keys[0], Account::LogIn(&CanonicalEmail::of("SONG@example.com")).key());
    }
}
