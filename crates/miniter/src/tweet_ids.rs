//! Tweet ids: snowflakes of 41 bits of milliseconds, 10 of node, 12 of sequence.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use miniter_domain::{Clock, NodeNumber, TweetId, TweetIds};

/// From when the milliseconds are counted: that of the layout's inventor, Twitter. In Unix milliseconds.
const EPOCH: i64 = 1_288_834_974_657;

/// How many bits the sequence has.
const SEQUENCE: u32 = 12;

/// How many bits the node's number has.
const NODE: u32 = 10;

/// The milliseconds that a clock may say. Below them an id would not be greater than a 32-bit counter. Above them, from May
/// 2078 on, it is counted on as while a clock is set back: 41 bits would last until July 2080, and a clock that is wrong must
/// not use up what comes after. What is left is enough for 2^47 ids, all below [`TweetId::END`].
const MILLISECONDS: RangeInclusive<u64> = 1 << (32 - NODE - SEQUENCE)..=(1 << 41) - (1 << 36);

/// Draws ids. It never waits: beyond 4,096 in a millisecond, or while the clock is set back, it goes on counting from the
/// last one, ahead of the clock.
pub(crate) struct Snowflakes {
    node: u64,
    clock: Arc<dyn Clock>,
    /// Milliseconds and sequence of the last one, as one number.
    last: AtomicU64,
}

impl Snowflakes {
    pub(crate) fn new(node: NodeNumber, clock: Arc<dyn Clock>) -> Self {
        Self { node: node.get().into(), clock, last: AtomicU64::new(0) }
    }
}

impl TweetIds for Snowflakes {
    fn next(&self) -> TweetId {
        let milliseconds = u64::try_from(self.clock.now().timestamp_millis() - EPOCH).unwrap_or(0);
        let now = milliseconds.clamp(*MILLISECONDS.start(), *MILLISECONDS.end()) << SEQUENCE;
        let after = |last: u64| now.max(last + 1);
        let (Ok(last) | Err(last)) =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
        let drawn = after(last);
        let (milliseconds, sequence) = (drawn >> SEQUENCE, drawn & ((1 << SEQUENCE) - 1));
        let id = milliseconds << (NODE + SEQUENCE) | self.node << SEQUENCE | sequence;
        TweetId::new(id.cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::thread;

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
    fn more_than_a_millisecond_has_room_for_are_drawn_without_waiting_for_the_clock() {
        let clock = Arc::new(SteppingClock(Mutex::new(1_800_000_000_000)));
        let node = NodeNumber::new(NodeNumber::COUNT - 1);
        let ids = Snowflakes::new(node, clock);
        let drawn: BTreeSet<_> = thread::scope(|scope| {
            let drawing =
                [(); 4].map(|()| scope.spawn(|| (0..5_000).map(|_| ids.next().get()).collect::<Vec<_>>()));
            drawing.into_iter().flat_map(|ids| ids.join().unwrap()).collect()
        });
        assert_eq!(drawn.len(), 20_000, "none is drawn twice");
        assert!(
            drawn
                .iter()
                .all(|id| id >> SEQUENCE & (i64::from(NodeNumber::COUNT) - 1) == i64::from(node.get()))
        );
        let took = (drawn.last().unwrap() >> 22) - (drawn.first().unwrap() >> 22);
        assert_eq!(took, 20_000 / 4_096, "as many milliseconds as they fill");
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
    fn whatever_a_clock_says_ids_grow_and_stay_within_their_bounds() {
        let far = chrono::DateTime::<chrono::Utc>::MAX_UTC.timestamp_millis();
        let clock = Arc::new(SteppingClock(Mutex::new(0)));
        let node = NodeNumber::new(NodeNumber::COUNT - 1);
        // 2100, 2080 and 2026.
        for first in [-far, 0, EPOCH, 1_795_000_000_000, 3_487_000_000_000, 4_102_444_800_000, far] {
            let ids = Snowflakes::new(node, clock.clone());
            let mut last = TweetId::new(u32::MAX.into());
            for moment in [first, first, 0, 1_795_000_000_000, far, first] {
                *clock.0.lock().unwrap() = moment;
                for _ in 0..5_000 {
                    let id = ids.next();
                    assert!(last < id && id < TweetId::END, "{last} {id} at {moment} after {first}");
                    last = id;
                }
            }
        }
    }

    #[test]
    fn an_id_is_positive_and_greater_than_any_32_bit_counter() {
        let ids = Snowflakes::new(NodeNumber::ALONE, Arc::new(SteppingClock(Mutex::new(1_800_000_000_000))));
        assert!(ids.next().get() > i64::from(u32::MAX));
    }
}
