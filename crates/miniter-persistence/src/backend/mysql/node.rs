//! The number of this node, which no other node on the same database has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use miniter_domain::{NodeNumber, RepositoryError};

use crate::backend::mysql::Pool;
use crate::backend::mysql::leases::Lease;

/// How long a number stays taken by a node that is not heard of. A program that is started again every second takes 300
/// of them.
const LIFETIME: Duration = Duration::from_mins(5);

/// How often a number is drawn. Of so many that are all taken there must be hundreds of nodes.
const DRAWS: u32 = 64;

/// A number that is held.
pub(crate) struct Node {
    pub(crate) number: NodeNumber,
    lease: Lease,
    is_lost: AtomicBool,
}

impl Node {
    /// Draws a number that nobody has.
    pub(crate) fn claim(connection: &mut MysqlConnection) -> QueryResult<Self> {
        let mut draws = 1;
        loop {
            let number = NodeNumber::new(fastrand::u16(..NodeNumber::COUNT));
            let lease = Lease::new(format!("node {number}"), LIFETIME);
            let is_ours = lease.take(connection)?;
            // Two with the same number draw the same id once in a while, and one of them draws again.
            if is_ours || draws == DRAWS {
                return Ok(Self { number, lease, is_lost: AtomicBool::new(!is_ours) });
            }
            draws += 1;
        }
    }

    /// Says that the number is still ours.
    pub(crate) fn renew(&self, pool: &Arc<Pool>) -> Result<(), RepositoryError> {
        let is_ours = pool.read(|connection| self.lease.take(connection))?;
        if !is_ours && !self.is_lost.swap(true, Ordering::Relaxed) {
            log::warn!(
                "another node has taken the number {} of this one, which was not heard of for {} minutes: some tweets \
                 will take longer, until this node is started again",
                self.number,
                LIFETIME.as_secs() / 60
            );
        }
        Ok(())
    }
}
