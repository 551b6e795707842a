//! How much a database takes at once.

use std::time::Duration;

/// How many use cases may ask a database at once, and how long they wait. The store tells it, as it knows its connections and
/// time-outs; what stands in front of the store is built by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How many may read at once.
    pub reads: usize,
    /// How many may write at once. They wait for one connection, which writes for all of them.
    pub writes: usize,
    /// How many threads there may be for each of these whose use case was given up, since the database did not answer. The
    /// store has as many connections to spare.
    pub abandoned: usize,
    /// How long a use case waits until it may begin.
    pub queue_timeout: Duration,
    /// How long one that has begun may take. The store gives up a little earlier what it waits for without a bound of its own.
    pub use_case_timeout: Duration,
    /// How long a [`Freshness`](crate::Freshness) check may take.
    pub freshness_timeout: Duration,
}
