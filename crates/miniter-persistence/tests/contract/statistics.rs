use chrono::TimeDelta;
use miniter_domain::{Statistics, StatisticsRepository};

use crate::support::{Database, moment};

#[test]
fn what_there_is_is_counted_and_only_who_published_lately_is_active() {
    let database = Database::new();
    assert_eq!(database.count(moment()).unwrap(), Statistics::default());
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    database.follow(lee, kim);
    for _ in 0..2 {
        database.tweet(song, "hello");
    }
    database.tweet(kim, "hello");
    let since = |delta| database.count(moment() + delta).unwrap();
    assert_eq!(since(TimeDelta::zero()), Statistics { users: 3, active_users: 2, statuses: 3 });
    assert_eq!(since(TimeDelta::days(1)), Statistics { users: 3, active_users: 0, statuses: 3 });
}
