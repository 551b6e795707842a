//! Tweet ids: snowflakes of 41 bits of milliseconds, 10 of node, 12 of sequence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferroid::generator::AtomicSnowflakeGenerator;
use ferroid::id::SnowflakeTwitterId;
use ferroid::time::{TWITTER_EPOCH, TimeSource};
use miniter_domain::{Clock, NodeNumber, TweetId, TweetIds};

/// Draws ids, up to 4,096 in a millisecond.
pub(crate) struct Snowflakes(AtomicSnowflakeGenerator<SnowflakeTwitterId, Milliseconds>);

impl Snowflakes {
    pub(crate) fn new(node: NodeNumber, clock: Arc<dyn Clock>) -> Self {
        let time = Milliseconds { clock, latest: AtomicU64::new(0) };
        Self(AtomicSnowflakeGenerator::new(node.get().into(), time))
    }
}

impl TweetIds for Snowflakes {
    fn next(&self) -> TweetId {
        let id = self.0.next_id(|milliseconds| std::thread::sleep(Duration::from_millis(milliseconds)));
        TweetId::new(i64::try_from(id.to_raw()).unwrap_or(i64::MAX))
    }
}

/// Milliseconds since the epoch of the layout. They never go back, even if the clock is set back: the generator would
/// wait until it has caught up.
struct Milliseconds {
    clock: Arc<dyn Clock>,
    latest: AtomicU64,
}

impl TimeSource<u64> for Milliseconds {
    fn current_millis(&self) -> u64 {
        let since_1970 = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let epoch = u64::try_from(TWITTER_EPOCH.as_millis()).unwrap_or(0);
        let now = since_1970.saturating_sub(epoch);
        self.latest.fetch_max(now, Ordering::Relaxed).max(now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;

    struct SteppingClock(Mutex<i64>);

    impl Clock for SteppingClock {
        fn now(&self) -> chrono::DateTime<chrono::Utc> {
            chrono::DateTime::from_timestamp_millis(*self.0.lock().unwrap()).unwrap()
        }
    }

    #[test]
    fn ids_grow_also_when_the_clock_is_set_back() {
        let clock = Arc::new(SteppingClock(Mutex::new(1_800_000_000_000)));
        let ids = Snowflakes::new(NodeNumber::ALONE, clock.clone());
        let before = ids.next();
        *clock.0.lock().unwrap() -= 3_600_000;
        let after = ids.next();
        assert!(before < after, "{before} {after}");
        *clock.0.lock().unwrap() += 7_200_000;
        assert!(after < ids.next());
    }

    #[test]
    fn nodes_whose_clocks_agree_draw_different_ids() {
        let clock = Arc::new(SteppingClock(Mutex::new(1_800_000_000_000)));
        let nodes =
            [0, 1, NodeNumber::COUNT - 1].map(|node| Snowflakes::new(NodeNumber::new(node), clock.clone()));
        let ids: BTreeSet<_> = nodes.iter().map(|node| node.next().get()).collect();
        assert_eq!(ids.len(), nodes.len());
    }

    #[test]
    fn an_id_is_positive_and_greater_than_any_32_bit_counter() {
        let ids = Snowflakes::new(NodeNumber::ALONE, Arc::new(SteppingClock(Mutex::new(1_800_000_000_000))));
        assert!(ids.next().get() > i64::from(u32::MAX));
    }
}
