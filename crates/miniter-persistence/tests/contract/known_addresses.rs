use miniter_domain::{AddressKey, KnownAddressRepository, RepositoryError, UserId};

use crate::support::{Database, moment, patiently};

const HOME: AddressKey = AddressKey([1; 32]);
const WORK: AddressKey = AddressKey([2; 32]);

#[test]
fn an_address_is_known_for_the_user_who_was_seen_there_and_when_they_last_were() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    assert_eq!(database.find_known_address(song, &HOME).unwrap(), None);
    for days in [0, 1] {
        let now = moment() + chrono::Duration::days(days);
        database.record_known_address(song, &HOME, now).unwrap();
        assert_eq!(database.find_known_address(song, &HOME).unwrap(), Some(now));
    }
    assert_eq!(database.find_known_address(song, &WORK).unwrap(), None);
    assert_eq!(database.find_known_address(kim, &HOME).unwrap(), None);
    let nobody = database.record_known_address(UserId::new(99), &HOME, moment());
    assert!(matches!(nobody, Err(RepositoryError::MissingReference)), "{nobody:?}");
}

#[test]
fn what_was_not_seen_for_long_or_is_seen_in_the_future_is_forgotten_when_another_comes() {
    let database = Database::new();
    let song = database.user("song");
    let old = moment() - AddressKey::KEPT - chrono::Duration::seconds(1);
    database.record_known_address(song, &HOME, old).unwrap();
    database.record_known_address(song, &WORK, moment()).unwrap();
    assert_eq!(database.find_known_address(song, &HOME).unwrap(), None);
    // A clock that was ten years ahead.
    database.record_known_address(song, &HOME, moment() + chrono::Duration::days(3_652)).unwrap();
    database.record_known_address(song, &AddressKey([3; 32]), moment()).unwrap();
    assert_eq!(database.find_known_address(song, &HOME).unwrap(), None);
}

#[test]
fn of_a_user_the_newest_addresses_are_known() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let key = |i| AddressKey([i; 32]);
    database.record_known_address(kim, &key(0), moment()).unwrap();
    for i in 0..AddressKey::MOST + 2 {
        database.record_known_address(song, &key(i), moment() + chrono::Duration::seconds(i.into())).unwrap();
    }
    for i in 0..AddressKey::MOST + 2 {
        let is_known = database.find_known_address(song, &key(i)).unwrap().is_some();
        assert_eq!(is_known, i >= 2, "{i}");
    }
    assert!(database.find_known_address(kim, &key(0)).unwrap().is_some());
}

#[test]
fn an_address_that_is_noted_many_times_at_once_is_known_once() {
    let nodes = Database::nodes(2);
    let song = nodes[0].user("song");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let node = &nodes[i % nodes.len()];
            scope.spawn(move || patiently(|| node.record_known_address(song, &HOME, moment())));
        }
    });
    assert_eq!(nodes[0].find_known_address(song, &HOME).unwrap(), Some(moment()));
}
