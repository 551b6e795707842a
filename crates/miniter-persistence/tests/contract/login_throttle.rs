use std::num::NonZeroU32;
use std::time::Duration;

use miniter_domain::{AccountKey, LoginThrottleRepository, Quota, Tat};

use crate::support::{Database, moment};

const SONG: AccountKey = AccountKey([1; 32]);
const KIM: AccountKey = AccountKey([2; 32]);

/// Ten seconds for each.
fn quota() -> Quota {
    Quota::new(NonZeroU32::new(6).unwrap(), Duration::from_mins(1)).unwrap()
}

fn in_seconds(seconds: i64) -> Tat {
    Tat::at(moment() + chrono::Duration::seconds(seconds))
}

#[test]
fn a_failure_is_added_to_those_that_still_count() {
    let database = Database::new();
    assert_eq!(database.find_tat(&SONG).unwrap(), None);
    assert_eq!(database.charge_failure(&SONG, quota(), moment()).unwrap(), in_seconds(10));
    assert_eq!(database.charge_failure(&SONG, quota(), moment()).unwrap(), in_seconds(20));
    assert_eq!(database.find_tat(&SONG).unwrap(), Some(in_seconds(20)));
    assert_eq!(database.find_tat(&KIM).unwrap(), None);
    let later = moment() + chrono::Duration::seconds(100);
    assert_eq!(database.charge_failure(&SONG, quota(), later).unwrap(), in_seconds(110));
}

#[test]
fn what_counts_no_more_is_deleted_when_something_comes() {
    let database = Database::new();
    database.charge_failure(&SONG, quota(), moment()).unwrap();
    let later = moment() + chrono::Duration::seconds(11);
    database.charge_failure(&KIM, quota(), later).unwrap();
    assert_eq!(database.find_tat(&SONG).unwrap(), None);
    assert_eq!(database.find_tat(&KIM).unwrap(), Some(in_seconds(21)));
}

#[test]
fn of_failures_at_once_on_several_nodes_each_is_counted() {
    let nodes = Database::nodes(2);
    std::thread::scope(|scope| {
        for i in 0..8 {
            let node = &nodes[i % nodes.len()];
            scope.spawn(move || {
                for _ in 0..5 {
                    while node.charge_failure(&SONG, quota(), moment()).is_err() {}
                }
            });
        }
    });
    assert_eq!(nodes[0].find_tat(&SONG).unwrap(), Some(in_seconds(400)));
}
