//! Wrong passwords, counted in the database: all nodes share the count.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{
    AccountKey, Allowance, BucketKey, Exhausted, LoginThrottleRepository, Quota, RepositoryError, Tat,
};

use crate::database::{read, write};
use crate::schema::log_in_failures::dsl::{account, log_in_failures, origin, tat};
use crate::store::Store;

/// How many buckets that are full again go with each new one. Everyone who writes waits meanwhile.
const FORGOTTEN_AT_ONCE: i64 = 4;

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
        let BucketKey { account: AccountKey(by), origin: from } = *bucket;
        write!(self, |connection, _events| {
            let row = log_in_failures.find((&by[..], &from.0[..]));
            let found: Option<i64> = row.select(tat).first(connection).optional()?;
            let (new, outcome) = quota.take(found.map(Tat::new), now);
            if found.is_some() {
                diesel::update(row).set(tat.eq(new.micros())).execute(connection)?;
            } else {
                diesel::insert_into(log_in_failures)
                    .values((account.eq(&by[..]), origin.eq(&from.0[..]), tat.eq(new.micros())))
                    .execute(connection)?;
                // For each that comes, a few of those that count no more go.
                let old: Vec<(Vec<u8>, Vec<u8>)> = log_in_failures
                    .filter(tat.lt(Tat::at(now).micros()))
                    .order(tat)
                    .select((account, origin))
                    .limit(FORGOTTEN_AT_ONCE)
                    .load(connection)?;
                for key in old {
                    diesel::delete(log_in_failures.find(key)).execute(connection)?;
                }
            }
            Ok(outcome)
        })
    }

    fn clear(&self, by: &AccountKey) -> Result<(), RepositoryError> {
        let AccountKey(by) = *by;
        write!(self, |connection, _events| {
            diesel::delete(log_in_failures.filter(account.eq(&by[..]))).execute(connection)
        })
        .map(drop)
    }
}
