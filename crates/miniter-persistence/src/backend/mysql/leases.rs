//! Leases: what only one of all nodes may have, until it gives it back or has not been heard of for a while.
//!
//! They are rows and not `GET_LOCK`s, since those are known to one server only and a Galera cluster has several.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::error::{ErrorKind, kind_of};

/// The table, which is needed before the first migration.
const CREATE_TABLE: &str =
    include_str!("../../../../../migrations/mysql/2026-11-23-000003_create_leases/up.sql");

/// Removes the table, where nothing else of ours is.
pub(crate) fn drop_table(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("DROP TABLE IF EXISTS leases")
}

/// In how many lifetimes a lease expires at most: clocks of a cluster's servers differ. One that expires later was taken while
/// a clock was ahead, and would be held for as long as it was.
const MOST_LIFETIMES: i64 = 10;

/// The right to something with a name.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    /// A name that no other process has.
    holder: String,
    lifetime: Duration,
}

impl Lease {
    /// A lease that is still to be taken. It expires when it has not been taken anew for `lifetime`.
    pub(crate) fn new(name: String, lifetime: Duration) -> Self {
        Self { name, holder: format!("{:032x}", fastrand::u128(..)), lifetime }
    }

    /// Takes the lease, or takes it anew, and says whether that has succeeded: it does not while another has it.
    pub(crate) fn take(&self, connection: &mut MysqlConnection) -> QueryResult<bool> {
        let microseconds = i64::try_from(self.lifetime.as_micros()).unwrap_or(i64::MAX);
        loop {
            let taken = sql_query(
                "UPDATE leases SET holder = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND \
                 WHERE name = ? AND (holder = ? OR expires_at < UTC_TIMESTAMP(6) \
                 OR expires_at > UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)",
            )
            .bind::<Text, _>(&self.holder)
            .bind::<BigInt, _>(microseconds)
            .bind::<Text, _>(&self.name)
            .bind::<Text, _>(&self.holder)
            .bind::<BigInt, _>(microseconds.saturating_mul(MOST_LIFETIMES))
            .execute(connection);
            let inserted = taken.and_then(|taken| {
                if taken > 0 {
                    return Ok(taken);
                }
                sql_query(
                    "INSERT INTO leases (name, holder, expires_at) \
                     VALUES (?, ?, UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)",
                )
                .bind::<Text, _>(&self.name)
                .bind::<Text, _>(&self.holder)
                .bind::<BigInt, _>(microseconds)
                .execute(connection)
            });
            match inserted {
                Ok(_) => return Ok(true),
                // Another has it. Or, on a cluster, another has just got it.
                Err(error) if matches!(kind_of(&error), ErrorKind::Duplicate) => return Ok(false),
                Err(error) if matches!(kind_of(&error), ErrorKind::Deadlock) => {}
                Err(error) if error.to_string().contains("doesn't exist") => {
                    connection.batch_execute(CREATE_TABLE)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the lease back, if it is still held.
    pub(crate) fn give_back(&self, connection: &mut MysqlConnection) -> QueryResult<()> {
        sql_query("DELETE FROM leases WHERE name = ? AND holder = ?")
            .bind::<Text, _>(&self.name)
            .bind::<Text, _>(&self.holder)
            .execute(connection)
            .map(|_| ())
    }
}
