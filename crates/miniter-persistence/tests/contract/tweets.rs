use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use miniter_domain::{
    Fingerprint, IdempotencyKey, NewStatus, PageRequest, RepositoryError, StatusId, StatusRepository, UserId,
};

use crate::support::{Database, first_id, moment, patiently};

fn tweet(author: UserId, text: &str) -> NewStatus {
    NewStatus::plain(author, text.to_owned(), moment())
}

#[test]
fn a_tweet_is_stored_byte_for_byte_under_an_id_of_ours() {
    let database = Database::new();
    let song = database.user("song");
    let text = format!(" e\u{301} é {} \n", "🍺".repeat(200));
    let stored = StatusRepository::create(&*database, tweet(song, &text)).unwrap();
    assert_eq!((stored.id.get(), stored.author, &stored.text), (first_id(), song, &text));

    let mut other = database.other_connection();
    assert_eq!(other.number("SELECT user_id AS value FROM tweets"), song.get());
    assert_eq!(other.text("SELECT tweet AS value FROM tweets"), text);
    assert_eq!(
        other.text("SELECT CAST(created_at AS CHAR(26)) AS value FROM tweets"),
        "2027-01-15 08:00:00.123456",
        "UTC, to the microsecond"
    );
}

#[test]
fn a_tweet_of_nobody_is_a_missing_reference_and_leaves_nothing_behind() {
    let database = Database::new();
    let refused = StatusRepository::create(&*database, tweet(UserId::new(7), "hello"));
    assert!(matches!(refused, Err(RepositoryError::MissingReference)));
    assert_eq!(database.other_connection().number("SELECT COUNT(*) AS value FROM tweets"), 0);
}

#[test]
fn an_id_that_other_sql_has_taken_is_not_used_again() {
    let database = Database::new();
    let song = database.user("song");
    assert_eq!(database.tweet(song, "ours").get(), first_id());
    // Other SQL takes the greatest id plus one.
    database.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({song}, 'theirs')"));
    assert_eq!(database.tweet(song, "ours again").get(), first_id() + 2);
    assert_eq!(database.timeline(song), ["ours", "theirs", "ours again"]);
}

#[test]
fn a_tweet_is_newer_than_every_other_whatever_the_clock_says_and_whichever_node_writes() {
    let nodes = Database::nodes(2);
    let song = nodes[0].user("song");
    let mut newest = StatusId::new(0);
    for seconds in [0, 3_600, -3_600, 0, 1, -100_000] {
        for node in &nodes {
            let created_at = moment() + TimeDelta::seconds(seconds);
            let id = StatusRepository::create(&**node, NewStatus { created_at, ..tweet(song, "hello") })
                .unwrap()
                .id;
            assert!(id > newest, "{id} {newest}");
            newest = id;
        }
    }
}

#[test]
fn an_id_of_other_sql_that_leaves_no_room_above_it_is_shown_and_in_nobodys_way() {
    let end = StatusId::END.get();
    for theirs in [i64::MAX, i64::MAX - 1, end, end - 1] {
        let database = Database::new();
        let (song, kim) = (database.user("song"), database.user("kim"));
        database.follow(kim, song);
        let before = database.tweet(song, "before");
        assert_eq!(database.timeline(kim), ["before"]);
        database
            .execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES ({theirs}, {song}, 'theirs')"));
        for reader in [song, kim] {
            assert_eq!(database.timeline(reader), ["before", "theirs"], "{theirs}");
        }
        let below_it = PageRequest { max_id: Some(StatusId::new(theirs)), ..PageRequest::newest(2) };
        let pages = |expected: [&str; 2]| {
            for reader in [song, kim] {
                assert_eq!(database.page(reader, &PageRequest::newest(1)), (vec!["theirs".to_owned()], true));
                assert_eq!(database.page(reader, &below_it).0, expected, "{theirs}");
            }
        };
        let after = database.tweet(song, "after");
        pages(["before", "after"]);
        let again = database.tweet(song, "again");
        pages(["after", "again"]);
        assert!(before < after && after < again && again.get() < theirs, "{before} {after} {again}");
        let since = PageRequest { min_id: Some(after), ..PageRequest::newest(9) };
        assert_eq!(database.page(kim, &since).0, ["again", "theirs"]);
    }
}

#[test]
fn a_row_of_other_sql_gets_the_time_in_utc() {
    let database = Database::new();
    let song = database.user("song");
    database.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({song}, 'theirs')"));
    database.assert_is_now("SELECT CAST(created_at AS CHAR(19)) AS value FROM tweets");
}

#[test]
fn a_write_waits_for_another_programs_lock_and_succeeds() {
    let database = Database::new();
    let song = database.user("song");
    let mut other = database.other_connection();
    other.lock();
    // On SQLite any writer may be in the way, on a server only one that is at the same rows.
    let patience = Duration::from_millis(if database.is_sqlite() { 2_000 } else { 300 });
    thread::scope(|scope| {
        let write = scope.spawn(|| database.tweet(song, "patient"));
        // A reader does not wait.
        assert_eq!(database.timeline(song), Vec::<String>::new());
        thread::sleep(patience);
        assert!(!write.is_finished(), "the lock holds it");
        other.unlock();
        write.join().unwrap();
    });
    assert_eq!(database.timeline(song), ["patient"]);
}

#[test]
fn a_lock_that_is_never_given_back_is_a_passing_trouble() {
    let database = Database::new();
    let song = database.user("song");
    let mut other = database.other_connection();
    other.lock();
    let refused = StatusRepository::create(&*database, tweet(song, "hello"));
    assert!(matches!(refused, Err(RepositoryError::Unavailable(_))), "{refused:?}");
    other.unlock();
    database.tweet(song, "hello");
    assert_eq!(database.timeline(song), ["hello"], "nothing of the refused one is left");
}

/// A tweet whose request has a key.
fn keyed(author: UserId, text: &str, key: u8) -> NewStatus {
    let text_digest = [u8::try_from(text.len()).unwrap(); 32];
    NewStatus { fingerprint: Some(Fingerprint { key: [key; 32], text: text_digest }), ..tweet(author, text) }
}

#[test]
fn of_requests_with_one_key_at_whatever_node_one_is_done_and_all_are_answered_alike() {
    let nodes = Database::nodes(3);
    let song = nodes[0].user("song");
    // The key is new at first, and then one that has expired each time.
    for day in 0..10_u32 {
        let text = format!("hello on day {day}");
        let (barrier, begun) = (Barrier::new(12), moment() + IdempotencyKey::KEPT * day);
        let tweets: Vec<_> = thread::scope(|scope| {
            let (nodes, barrier, text) = (&nodes, &barrier, &text);
            let threads: Vec<_> = (1..=12)
                .map(|i| {
                    scope.spawn(move || {
                        barrier.wait();
                        // Each is sent at its own time.
                        let created_at = begun + Duration::from_secs((100 * u64::from(day)) + i);
                        let node = &nodes[usize::try_from(i).unwrap() % nodes.len()];
                        patiently(|| {
                            StatusRepository::create(
                                &**node,
                                NewStatus { created_at, ..keyed(song, text, 1) },
                            )
                        })
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(tweets.iter().all(|tweet| *tweet == tweets[0]), "{tweets:?}");
        assert!(nodes[0].timeline(song).contains(&text));
        let mut other = nodes[0].other_connection();
        assert_eq!(other.number("SELECT COUNT(*) AS value FROM tweets"), i64::from(day) + 1);
        assert_eq!(
            other.text(&format!("SELECT tweet AS value FROM tweets WHERE id = {}", tweets[0].id)),
            text
        );
    }
}

#[test]
fn a_key_with_another_text_is_a_reused_one_and_other_keys_and_authors_are_their_own() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let first = StatusRepository::create(&*database, keyed(song, "hello", 1)).unwrap();
    assert!(matches!(
        StatusRepository::create(&*database, keyed(song, "goodbye", 1)),
        Err(RepositoryError::KeyReused)
    ));
    for other in [keyed(song, "hello", 2), keyed(kim, "hello", 1), tweet(song, "hello")] {
        assert_ne!(StatusRepository::create(&*database, other).unwrap().id, first.id);
    }
    assert_eq!(StatusRepository::create(&*database, keyed(song, "hello", 1)).unwrap(), first);
    assert_eq!(database.timeline(song), ["hello", "hello", "hello"]);
}

#[test]
fn a_key_of_nobody_is_a_missing_reference_and_is_not_kept() {
    let database = Database::new();
    let refused = StatusRepository::create(&*database, keyed(UserId::new(7), "hello", 1));
    assert!(matches!(refused, Err(RepositoryError::MissingReference)));
    assert_eq!(database.other_connection().number("SELECT COUNT(*) AS value FROM idempotency_keys"), 0);
}

#[test]
fn a_tweet_that_was_deleted_is_not_published_again_by_a_retry() {
    let database = Database::new();
    let song = database.user("song");
    let first = StatusRepository::create(&*database, keyed(song, "hello", 1)).unwrap();
    database.execute("DELETE FROM tweets");
    assert_eq!(StatusRepository::create(&*database, keyed(song, "hello", 1)).unwrap(), first);
    assert_eq!(database.other_connection().number("SELECT COUNT(*) AS value FROM tweets"), 0);
}

#[test]
fn a_key_is_new_again_after_a_day() {
    let database = Database::new();
    let song = database.user("song");
    let later = |tweet: NewStatus, seconds| NewStatus {
        created_at: moment() + Duration::from_secs(seconds),
        ..tweet
    };
    let first = StatusRepository::create(&*database, keyed(song, "hello", 1)).unwrap();
    let day = IdempotencyKey::KEPT.as_secs();
    assert_eq!(StatusRepository::create(&*database, later(keyed(song, "hello", 1), day - 1)).unwrap(), first);
    let second = StatusRepository::create(&*database, later(keyed(song, "goodbye", 1), day + 1)).unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(
        StatusRepository::create(&*database, later(keyed(song, "goodbye", 1), day + 2)).unwrap(),
        second
    );
}

#[test]
fn old_keys_are_forgotten() {
    let database = Database::new();
    let song = database.user("song");
    for key in 0..40 {
        StatusRepository::create(&*database, keyed(song, "hello", key)).unwrap();
    }
    let old = moment() - IdempotencyKey::KEPT - Duration::from_hours(1);
    let old = old.format("%Y-%m-%d %H:%M:%S");
    database.execute(&format!("UPDATE idempotency_keys SET created_at = '{old}'"));
    if database.is_sqlite() {
        // Two for each that comes.
        for key in 100..120 {
            StatusRepository::create(&*database, keyed(song, "hello", key)).unwrap();
        }
    } else {
        // A node does it when it starts, and once a minute.
        database
            .execute("UPDATE idempotency_keys SET created_at = '2020-01-01' WHERE created_at < '2027-01-15'");
        for key in 100..120 {
            StatusRepository::create(&*database, keyed(song, "hello", key)).unwrap();
        }
        let _node = database.another_node();
        let begun = Instant::now();
        let count = "SELECT COUNT(*) AS value FROM idempotency_keys";
        while database.other_connection().number(count) > 20 {
            assert!(begun.elapsed() < Duration::from_secs(20), "they are not forgotten");
            thread::sleep(Duration::from_millis(20));
        }
    }
    assert_eq!(database.other_connection().number("SELECT COUNT(*) AS value FROM idempotency_keys"), 20);
}

#[test]
fn statuses_are_found_by_their_ids_as_they_were_published_and_deleted_ones_are_not() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    // Those of somebody who is being read are kept when they are published.
    for node in &nodes {
        assert_eq!(node.timeline(song), Vec::<String>::new());
    }
    let published: Vec<_> = (0..4)
        .map(|i| {
            let author = if i % 2 == 0 { song } else { kim };
            StatusRepository::create(&**here, tweet(author, &i.to_string())).unwrap()
        })
        .collect();
    let ids: Vec<StatusId> = published.iter().map(|status| status.id).collect();
    let unknown = StatusId::new(77);
    let asked = [ids[2], ids[3], unknown, ids[0], ids[1]];
    let find = |node: &Database| {
        node.freshen();
        let found = StatusRepository::find_many(&**node, &asked).unwrap();
        found.iter().map(|status| (**status).clone()).collect::<Vec<_>>()
    };
    for node in &nodes {
        for _ in 0..2 {
            assert_eq!(find(node), published);
        }
        assert_eq!(StatusRepository::find_many(&**node, &[]).unwrap(), []);
    }
    assert!(there.delete_tweet(kim, ids[1]));
    let left = [published[0].clone(), published[2].clone(), published[3].clone()];
    for node in &nodes {
        assert_eq!(find(node), left);
    }
}

#[test]
fn a_row_of_other_sql_whose_time_is_none_is_shown() {
    let database = Database::new();
    let song = database.user("song");
    let (mode, time) =
        if database.is_sqlite() { ("", "nonsense") } else { ("SET sql_mode = '';", "0000-00-00 00:00:00") };
    database.execute(&format!(
        "{mode} INSERT INTO tweets (id, user_id, tweet, created_at) VALUES (5, {song}, 'odd', '{time}')"
    ));
    assert_eq!(database.timeline(song), ["odd"]);
    let found = StatusRepository::find_many(&*database, &[StatusId::new(5)]).unwrap();
    assert_eq!(found[0].created_at.timestamp(), 0);
}
