//! Wrong passwords, counted in the database: all nodes share the count.

use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use miniter_domain::{AccountKey, LoginThrottleRepository, Quota, RepositoryError, Tat};

use crate::backend::{read, write};
use crate::schema::log_in_failures::dsl::{account, log_in_failures, tat};
use crate::store::Store;

impl LoginThrottleRepository for Store {
    fn find_tat(&self, key: &AccountKey) -> Result<Option<Tat>, RepositoryError> {
        let found: Option<i64> = read!(self, |connection| {
            log_in_failures.find(&key.0[..]).select(tat).first(connection).optional()
        })?;
        Ok(found.map(Tat::new))
    }

    fn charge_failure(
        &self,
        key: &AccountKey,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> Result<Tat, RepositoryError> {
        let (now, interval) = (Tat::at(now).micros(), quota.interval());
        loop {
            let AccountKey(key) = *key;
            let counted = write!(self, |connection| {
                let charged = diesel::update(log_in_failures.find(&key[..]))
                    .set(tat.eq(case_when(tat.gt(now), tat).otherwise(now) + interval))
                    .execute(connection)?;
                if charged == 0 {
                    diesel::insert_into(log_in_failures)
                        .values((account.eq(&key[..]), tat.eq(now + interval)))
                        .execute(connection)?;
                    // For each that comes, those that count no more go.
                    diesel::delete(log_in_failures.filter(tat.lt(now))).execute(connection)?;
                }
                log_in_failures.find(&key[..]).select(tat).first(connection)
            });
            match counted {
                // Another came first, so there is a row to charge now.
                Err(RepositoryError::Duplicate) => {}
                counted => return counted.map(Tat::new),
            }
        }
    }
}
