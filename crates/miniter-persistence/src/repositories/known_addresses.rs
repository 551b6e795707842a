//! The addresses that accounts are used from, in the database: all nodes know them.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{AddressKey, KnownAddressRepository, RepositoryError, UserId};

use crate::database::{read, write};
use crate::schema::known_addresses::dsl::{digest, known_addresses, seen_at, user_id};
use crate::store::Store;

/// A moment further ahead was written while a clock was wrong.
const MAX_SKEW: Duration = Duration::from_hours(24);

/// How many addresses that are known no more go with each new one. Everyone who writes waits meanwhile.
const FORGOTTEN_AT_ONCE: i64 = 4;

impl KnownAddressRepository for Store {
    fn find_known_address(
        &self,
        user: UserId,
        address: &AddressKey,
    ) -> Result<Option<DateTime<Utc>>, RepositoryError> {
        let found: Option<NaiveDateTime> = read!(self, |connection| {
            known_addresses.find((user.get(), &address.0[..])).select(seen_at).first(connection).optional()
        })?;
        Ok(found.map(|moment| moment.and_utc()))
    }

    fn record_known_address(
        &self,
        user: UserId,
        address: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<(), RepositoryError> {
        let (user, AddressKey(address)) = (user.get(), *address);
        let oldest = (now - AddressKey::KEPT).naive_utc();
        let newest = (now + MAX_SKEW).naive_utc();
        let now = now.naive_utc();
        write!(self, |connection, _events| {
            let updated = diesel::update(known_addresses.find((user, &address[..])))
                .set(seen_at.eq(now))
                .execute(connection)?;
            if updated > 0 {
                return Ok(());
            }
            // For each that comes, a few of those that are known no more go.
            let old: Vec<(i64, Vec<u8>)> = known_addresses
                .filter(seen_at.lt(oldest).or(seen_at.gt(newest)))
                .select((user_id, digest))
                .limit(FORGOTTEN_AT_ONCE)
                .load(connection)?;
            for key in old {
                diesel::delete(known_addresses.find(key)).execute(connection)?;
            }
            diesel::insert_into(known_addresses)
                .values((user_id.eq(user), digest.eq(&address[..]), seen_at.eq(now)))
                .execute(connection)?;
            let surplus: Vec<Vec<u8>> = known_addresses
                .filter(user_id.eq(user))
                .order((seen_at.desc(), digest))
                .select(digest)
                .offset(AddressKey::MOST.into())
                .limit(AddressKey::MOST.into())
                .load(connection)?;
            for one in surplus {
                diesel::delete(known_addresses.find((user, one))).execute(connection)?;
            }
            Ok(())
        })
    }
}
