//! Wrong passwords, counted in the database: all nodes share the count.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{
    AccountKey, Allowance, BucketKey, Exhausted, LoginThrottleRepository, Quota, RepositoryError, Tat,
};

use crate::backend::{read, write};
use crate::schema::log_in_failures::dsl::{account, log_in_failures, origin, tat};
use crate::store::Store;

impl LoginThrottleRepository for Store {
    fn find_tat(&self, bucket: &BucketKey) -> Result<Option<Tat>, RepositoryError> {
        let found: Option<i64> = read!(self, |connection| {
            log_in_failures
                .find((&bucket.account.0[..], &bucket.origin.0[..]))
                .select(tat)
                .first(connection)
                .optional()
        })?;
        Ok(found.map(Tat::new))
    }

    fn take(
        &self,
        bucket: &BucketKey,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> Result<Result<Allowance, Exhausted>, RepositoryError> {
        loop {
            let BucketKey { account: AccountKey(by), origin: from } = *bucket;
            let taken = write!(self, |connection| {
                let row = log_in_failures.find((&by[..], &from.0[..]));
                // Locks the row where many write: of two at once the second sees what the first has taken.
                let is_there = diesel::update(row).set(tat.eq(tat)).execute(connection)? > 0;
                let found: Option<i64> =
                    if is_there { Some(row.select(tat).first(connection)?) } else { None };
                let (new, outcome) = quota.take(found.map(Tat::new), now);
                if is_there {
                    diesel::update(row).set(tat.eq(new.micros())).execute(connection)?;
                } else {
                    diesel::insert_into(log_in_failures)
                        .values((account.eq(&by[..]), origin.eq(&from.0[..]), tat.eq(new.micros())))
                        .execute(connection)?;
                    // For each that comes, those that count no more go.
                    diesel::delete(log_in_failures.filter(tat.lt(Tat::at(now).micros())))
                        .execute(connection)?;
                }
                Ok(outcome)
            });
            match taken {
                // Another came first, so there is a row to take from now.
                Err(RepositoryError::Duplicate) => {}
                taken => return taken,
            }
        }
    }

    fn clear(&self, by: &AccountKey) -> Result<(), RepositoryError> {
        let AccountKey(by) = *by;
        write!(self, |connection| {
            diesel::delete(log_in_failures.filter(account.eq(&by[..]))).execute(connection)
        })
        .map(drop)
    }
}
