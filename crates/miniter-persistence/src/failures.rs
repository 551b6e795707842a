//! Wrong passwords, counted in the database: all nodes share the count.

use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use miniter_domain::{AccountKey, FailureRepository, FullAt, Quota, RepositoryError};

use crate::backend::{read, write};
use crate::schema::log_in_failures::dsl::{account, full_at, log_in_failures};
use crate::store::Store;

impl FailureRepository for Store {
    fn find_failures(&self, key: &AccountKey) -> Result<Option<FullAt>, RepositoryError> {
        let found: Option<i64> = read!(self, |connection| {
            log_in_failures.find(&key.0[..]).select(full_at).first(connection).optional()
        })?;
        Ok(found.map(FullAt::new))
    }

    fn count_failure(
        &self,
        key: &AccountKey,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> Result<FullAt, RepositoryError> {
        let (now, interval) = (FullAt::at(now).micros(), quota.interval());
        loop {
            let AccountKey(key) = *key;
            let counted = write!(self, |connection| {
                let charged = diesel::update(log_in_failures.find(&key[..]))
                    .set(full_at.eq(case_when(full_at.gt(now), full_at).otherwise(now) + interval))
                    .execute(connection)?;
                if charged == 0 {
                    diesel::insert_into(log_in_failures)
                        .values((account.eq(&key[..]), full_at.eq(now + interval)))
                        .execute(connection)?;
                    // For each that comes, those that count no more go.
                    diesel::delete(log_in_failures.filter(full_at.lt(now))).execute(connection)?;
                }
                log_in_failures.find(&key[..]).select(full_at).first(connection)
            });
            match counted {
                // Another came first, so there is a row to charge now.
                Err(RepositoryError::Duplicate) => {}
                counted => return counted.map(FullAt::new),
            }
        }
    }
}
