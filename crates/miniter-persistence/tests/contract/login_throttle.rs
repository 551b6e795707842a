use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, Utc};
use miniter_domain::{AccountKey, BucketKey, Exhausted, LoginThrottleRepository, OriginKey, Quota, Tat};

use crate::support::{Database, moment, patiently};

const SONG: BucketKey = BucketKey { account: AccountKey([1; 32]), origin: OriginKey([0; 32]) };
const SONG_AT_HOME: BucketKey = BucketKey { origin: OriginKey([1; 32]), ..SONG };
const KIM: BucketKey = BucketKey { account: AccountKey([2; 32]), ..SONG };

/// Ten seconds for each.
fn quota() -> Quota {
    Quota::new(NonZeroU32::new(60).unwrap(), Duration::from_mins(10)).unwrap()
}

fn in_seconds(seconds: i64) -> DateTime<Utc> {
    moment() + chrono::Duration::seconds(seconds)
}

fn full_in(seconds: i64) -> Tat {
    Tat::at(in_seconds(seconds))
}

fn take(database: &Database, bucket: &BucketKey, now: DateTime<Utc>) -> u32 {
    database.take(bucket, quota(), now).unwrap().unwrap().left
}

#[test]
fn what_is_taken_is_added_to_what_still_counts() {
    let database = Database::new();
    assert_eq!(database.find_tat(&SONG).unwrap(), None);
    assert_eq!(take(&database, &SONG, moment()), 59);
    assert_eq!(take(&database, &SONG, moment()), 58);
    assert_eq!(database.find_tat(&SONG).unwrap(), Some(full_in(20)));
    for other in [KIM, SONG_AT_HOME] {
        assert_eq!(database.find_tat(&other).unwrap(), None);
    }
    assert_eq!(take(&database, &SONG, in_seconds(100)), 59);
    assert_eq!(database.find_tat(&SONG).unwrap(), Some(full_in(110)));
}

#[test]
fn what_counts_no_more_is_deleted_when_something_comes() {
    let database = Database::new();
    take(&database, &SONG, moment());
    take(&database, &KIM, in_seconds(11));
    assert_eq!(database.find_tat(&SONG).unwrap(), None);
    assert_eq!(database.find_tat(&KIM).unwrap(), Some(full_in(21)));
}

#[test]
fn an_account_is_cleared_with_all_its_origins_and_no_other_is() {
    let database = Database::new();
    for bucket in [SONG, SONG_AT_HOME, KIM] {
        take(&database, &bucket, moment());
    }
    database.clear(&SONG.account).unwrap();
    for bucket in [SONG, SONG_AT_HOME] {
        assert_eq!(database.find_tat(&bucket).unwrap(), None);
    }
    assert_eq!(database.find_tat(&KIM).unwrap(), Some(full_in(10)));
}

#[test]
fn a_state_that_a_clock_ahead_has_left_is_mended_although_nothing_is_taken() {
    let database = Database::new();
    take(&database, &SONG, in_seconds(315_576_000));
    let refused = database.take(&SONG, quota(), moment()).unwrap();
    assert_eq!(refused, Err(Exhausted { retry_after: Duration::from_secs(10) }));
    assert_eq!(database.find_tat(&SONG).unwrap(), Some(full_in(600)));
    assert_eq!(take(&database, &SONG, in_seconds(10)), 0);
}

#[test]
fn of_calls_at_once_on_several_nodes_each_sees_what_the_others_have_taken() {
    let nodes = Database::nodes(2);
    let granted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                let node = &nodes[i % nodes.len()];
                scope.spawn(move || {
                    let take = || patiently(|| node.take(&SONG, quota(), moment())).is_ok();
                    (0..10).filter(|_| take()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(granted, 60, "of 80");
    assert_eq!(nodes[0].find_tat(&SONG).unwrap(), Some(full_in(600)));
}
