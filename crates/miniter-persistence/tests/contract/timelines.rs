use std::time::{Duration, Instant};

use miniter_domain::{PageRequest, StatusId, Timeline, TimelineRepository, UserId, UserRepository};

use crate::support::{Database, first_id, moment};

/// A cursor at this id.
#[expect(clippy::unnecessary_wraps, reason = "cursors are optional")]
fn id(id: i64) -> Option<StatusId> {
    Some(StatusId::new(id))
}

#[test]
fn a_timeline_is_ones_own_tweets_and_those_of_ones_followees_oldest_first_each_once() {
    let database = Database::new();
    let [song, kim, lee, park] = ["song", "kim", "lee", "park"].map(|name| database.user(name));
    database.tweet(kim, "1 kim");
    database.tweet(park, "2 park");
    database.tweet(song, "3 song");
    database.tweet(lee, "4 lee");
    database.tweet(kim, "5 kim");
    database.follow(song, kim);
    database.follow(song, lee);
    assert_eq!(database.timeline(song), ["1 kim", "3 song", "4 lee", "5 kim"]);
    assert_eq!(database.timeline(park), ["2 park"]);
    database.unfollow(song, kim);
    assert_eq!(database.timeline(song), ["3 song", "4 lee"]);
}

#[test]
fn a_self_follow_that_other_sql_has_made_repeats_nothing() {
    let database = Database::new();
    let song = database.user("song");
    database.tweet(song, "once");
    database
        .execute(&format!("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES ({song}, {song})"));
    assert_eq!(database.timeline(song), ["once"]);
}

#[test]
fn nobody_has_no_timeline_and_somebody_silent_an_empty_one() {
    let database = Database::new();
    assert_eq!(database.read(UserId::new(7), &PageRequest::newest(10)), None);
    let song = database.user("song");
    assert_eq!(database.page(song, &PageRequest::newest(10)), (vec![], false));
}

#[test]
fn entries_carry_their_ids_and_authors() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    let tweet = database.tweet(kim, "hello");
    let page = database.read(song, &PageRequest::newest(10)).unwrap();
    assert_eq!((page.entries[0].status.id, page.entries[0].status.author), (tweet, kim));
}

/// A cursor at the tweet that is named so.
fn nth(digit: i64) -> Option<StatusId> {
    id(first_id() + digit)
}

/// Ten tweets by two authors in turn, each named by a digit.
fn ten_tweets(database: &Database) -> UserId {
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    for digit in 0..10 {
        database.tweet(if digit % 2 == 0 { song } else { kim }, &digit.to_string());
    }
    song
}

#[test]
fn pages_are_cut_by_exclusive_cursors() {
    let database = Database::new();
    let song = ten_tweets(&database);
    let newest = PageRequest::newest(3);
    for (what, page, texts, has_older) in [
        ("newest", newest, "789", true),
        ("all of them exactly", PageRequest::newest(10), "0123456789", false),
        ("older than 7", PageRequest { max_id: nth(7), ..newest }, "456", true),
        ("older than 3, to the end", PageRequest { max_id: nth(3), ..newest }, "012", false),
        ("older than 2, fewer than wanted", PageRequest { max_id: nth(2), ..newest }, "01", false),
        ("older than the oldest", PageRequest { max_id: nth(0), ..newest }, "", false),
        ("newer than 4, the newest of them", PageRequest { since_id: nth(4), ..newest }, "789", true),
        ("newer than 6", PageRequest { since_id: nth(6), ..newest }, "789", false),
        ("newer than 7", PageRequest { since_id: nth(7), ..newest }, "89", false),
        ("newer than 4, the oldest of them", PageRequest { min_id: nth(4), ..newest }, "567", true),
        ("from the beginning", PageRequest { min_id: id(0), ..newest }, "012", false),
        ("newer than the newest", PageRequest { min_id: nth(9), ..newest }, "", false),
        ("between 2 and 8, newest", PageRequest { max_id: nth(8), since_id: nth(2), ..newest }, "567", true),
        ("between 2 and 8, oldest", PageRequest { max_id: nth(8), min_id: nth(2), ..newest }, "345", true),
        ("both lower bounds", PageRequest { since_id: nth(5), min_id: nth(2), ..newest }, "678", false),
        ("an empty range", PageRequest { max_id: nth(3), since_id: nth(5), ..newest }, "", false),
    ] {
        let (found, more) = database.page(song, &page);
        assert_eq!((found.concat().as_str(), more), (texts, has_older), "{what}");
    }
}

#[test]
fn walking_down_the_pages_meets_every_entry_once() {
    let database = Database::new();
    let song = ten_tweets(&database);
    for limit in [1, 3, 5, 10, 11] {
        let mut page = PageRequest::newest(limit);
        let mut walked = String::new();
        loop {
            let found = database.read(song, &page).unwrap();
            for entry in found.entries.iter().rev() {
                walked.insert_str(0, &entry.status.text);
            }
            assert!(walked.len() <= 10, "the pages have no end: {walked}");
            if !found.has_older {
                break;
            }
            page.max_id = found.entries.first().map(|entry| entry.status.id);
        }
        assert_eq!(walked, "0123456789", "pages of {limit}");
    }
}

#[test]
fn what_another_program_writes_is_seen_at_once() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    database.tweet(kim, "one");
    assert_eq!(database.timeline(song), ["one"]);
    let theirs = first_id() + 5;
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES ({theirs}, {kim}, 'theirs')"));
    assert_eq!(database.timeline(song), ["one", "theirs"]);
    // On a server only what changes the newest tweet is noticed.
    database.execute(&format!("UPDATE tweets SET tweet = 'mended' WHERE id = {theirs}"));
    assert_eq!(database.timeline(song), ["one", "mended"]);
    database.execute(&format!("DELETE FROM tweets WHERE id = {theirs}"));
    assert_eq!(database.timeline(song), ["one"]);
    if !database.is_sqlite() {
        return;
    }
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES (5, {kim}, 'old')"));
    assert_eq!(database.timeline(song), ["old", "one"]);
    database.execute("DELETE FROM users_follow_list");
    assert_eq!(database.timeline(song), Vec::<String>::new());
    database.execute(&format!("DELETE FROM users WHERE id = {song}"));
    assert_eq!(database.read(song, &PageRequest::newest(1)), None);
}

#[test]
fn a_tweet_of_another_program_is_seen_also_if_one_of_ours_follows_before_anybody_looks() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    here.follow(song, kim);
    here.tweet(kim, "one");
    for node in &nodes {
        assert_eq!(node.timeline(song), ["one"]);
    }
    here.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({kim}, 'theirs')"));
    there.tweet(kim, "two");
    for node in &nodes {
        assert_eq!(node.timeline(song), ["one", "theirs", "two"]);
    }
}

#[test]
fn what_the_tests_of_the_textbook_do_between_two_cases_is_seen_at_once() {
    let database = Database::new();
    let truncate = if database.is_sqlite() {
        "DELETE FROM tweets; DELETE FROM users_follow_list; DELETE FROM users"
    } else {
        "SET FOREIGN_KEY_CHECKS = 0; TRUNCATE users; TRUNCATE tweets; TRUNCATE users_follow_list; \
         SET FOREIGN_KEY_CHECKS = 1"
    };
    for text in ["one", "two", "one", "three"] {
        database.execute(truncate);
        database.execute(&format!(
            "INSERT INTO users (id, name, email, profile, hashed_password) \
                VALUES (1, '', 'a@b', '', ''), (2, '', 'b@b', '', ''); \
             INSERT INTO tweets (id, user_id, tweet) VALUES (1, 2, '{text}')"
        ));
        let follows = text != "two";
        if follows {
            database.execute("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES (1, 2)");
        }
        let expected = if follows { vec![text.to_owned()] } else { vec![] };
        assert_eq!(database.timeline(UserId::new(1)), expected, "{text}");
        assert_eq!(database.timeline(UserId::new(2)), [text]);
    }
    database.execute(truncate);
    assert_eq!(database.read(UserId::new(1), &PageRequest::newest(1)), None);
}

#[test]
fn what_is_not_noticed_on_a_server_is_seen_after_the_time_that_is_set() {
    let age = Duration::from_millis(300);
    let database = Database::with_foreign_writes(age);
    let (song, kim) = (database.user("song"), database.user("kim"));
    let old = database.tweet(kim, "old");
    database.tweet(kim, "new");
    assert_eq!(database.timeline(song), Vec::<String>::new());
    database
        .execute(&format!("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES ({song}, {kim})"));
    let within = |expected: &[&str]| {
        let begun = Instant::now();
        while database.timeline(song) != expected {
            assert!(begun.elapsed() < age * 20, "it is not seen");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    within(&["old", "new"]);
    database.execute(&format!("UPDATE tweets SET tweet = 'mended' WHERE id = {old}"));
    within(&["mended", "new"]);
    database.execute(&format!("DELETE FROM tweets WHERE id = {old}"));
    within(&["new"]);
}

#[test]
fn a_page_that_was_read_before_is_in_memory_and_is_the_one_that_the_database_gives() {
    let database = Database::new();
    let song = ten_tweets(&database);
    let pages = [
        PageRequest::newest(3),
        PageRequest { max_id: nth(5), ..PageRequest::newest(2) },
        PageRequest { min_id: nth(3), ..PageRequest::newest(4) },
        PageRequest { since_id: nth(4), ..PageRequest::newest(9) },
    ];
    database.freshen();
    let own = Timeline::Classic(song);
    for page in pages {
        assert_eq!(database.cached_page(&own, Some(song), &page, moment()), None, "{page:?}");
    }
    for page in pages {
        let found = database.find_page(&own, Some(song), &page, moment()).unwrap();
        assert_eq!(database.cached_page(&own, Some(song), &page, moment()), found, "{page:?}");
        assert!(found.is_some());
    }
    // At once, for those who have read before.
    database.tweet(song, "new");
    assert_eq!(database.page(song, &PageRequest::newest(1)).0, ["new"]);
}

#[test]
fn the_greatest_id_that_there_can_be_is_in_timelines_and_keeps_nobody_from_writing() {
    let database = Database::new();
    let song = database.user("song");
    let greatest = i64::MAX;
    database
        .execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES ({greatest}, {song}, 'theirs')"));
    assert_eq!(database.timeline(song), ["theirs"]);
    database.tweet(song, "one");
    database.tweet(song, "two");
    assert_eq!(database.timeline(song), ["one", "two", "theirs"]);
    let below = PageRequest { max_id: id(greatest), ..PageRequest::newest(2) };
    assert_eq!(database.page(song, &below), (vec!["one".to_owned(), "two".to_owned()], false));
}

#[test]
fn a_deleted_tweet_is_in_no_answer_of_any_node_that_begins_after_it() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    here.follow(song, kim);
    let ids: Vec<StatusId> = (0..5).map(|i| here.tweet(kim, &i.to_string())).collect();
    for node in &nodes {
        assert_eq!(node.timeline(song).concat(), "01234");
    }
    assert!(!there.delete_tweet(song, ids[1]), "it is not theirs");
    assert!(there.delete_tweet(kim, ids[1]));
    assert!(!there.delete_tweet(kim, ids[1]), "it is gone");
    assert!(here.delete_tweet(kim, ids[4]));
    for node in &nodes {
        assert_eq!(node.timeline(song).concat(), "023");
        assert_eq!(node.timeline(kim).concat(), "023");
        let page = PageRequest { max_id: Some(ids[4]), ..PageRequest::newest(2) };
        assert_eq!(node.page(song, &page), (vec!["2".to_owned(), "3".to_owned()], true));
    }
    let again = here.tweet(kim, "again");
    assert!(again > ids[4], "no id is given twice");
}

#[test]
fn a_deleted_account_is_gone_from_everybodys_timeline_at_once() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    here.follow(song, kim);
    here.tweet(kim, "of kim");
    here.tweet(song, "of song");
    assert_eq!(there.timeline(song), ["of kim", "of song"]);
    assert!(UserRepository::delete(&**here, kim).unwrap());
    assert!(!UserRepository::delete(&**here, kim).unwrap());
    for node in &nodes {
        assert_eq!(node.timeline(song), ["of song"]);
        assert_eq!(node.read(kim, &PageRequest::newest(1)), None);
    }
}

#[test]
fn a_node_that_was_away_for_longer_than_events_are_kept_starts_at_the_head() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    here.follow(song, kim);
    here.tweet(kim, "before");
    assert_eq!(there.timeline(song), ["before"]);
    here.tweet(kim, "meanwhile");
    here.unfollow(song, kim);
    here.tweet(song, "own");
    if !here.is_sqlite() {
        here.execute("DELETE FROM feed_events");
    }
    assert_eq!(there.timeline(song), ["own"]);
    here.tweet(song, "after");
    assert_eq!(there.timeline(song), ["own", "after"]);
}

#[test]
fn who_follows_very_many_gets_the_newest_whether_they_have_written_lately_or_not() {
    let database = Database::new();
    let (song, loud) = (database.user("song"), database.user("loud"));
    let rows = |count: i64, row: &dyn Fn(i64) -> String| (0..count).map(row).collect::<Vec<_>>().join(", ");
    let users = rows(600, &|i| format!("({}, '', '{i}@quiet', '', '')", 1_000 + i));
    let follows = rows(600, &|i| format!("({song}, {})", 1_000 + i));
    let quiet = rows(600, &|i| format!("({}, {}, 'quiet')", 10_000 + i, 1_000 + i));
    let loudly = rows(5_000, &|i| format!("({}, {loud}, 'loud')", 20_000 + i));
    database
        .execute(&format!("INSERT INTO users (id, name, email, profile, hashed_password) VALUES {users}"));
    database.execute(&format!("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES {follows}"));
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {quiet}"));
    let newest = || {
        let page = database.read(song, &PageRequest::newest(3)).unwrap();
        page.entries.iter().map(|entry| entry.status.id.get()).collect::<Vec<_>>()
    };
    assert_eq!(newest(), [10_597, 10_598, 10_599]);
    // Far more by somebody else than are looked through.
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {loudly}"));
    assert_eq!(newest(), [10_597, 10_598, 10_599]);
    let lately = rows(200, &|i| format!("({}, {}, 'lately')", 30_000 + i, 1_000 + i));
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {lately}"));
    assert_eq!(newest(), [30_197, 30_198, 30_199]);
    let older = PageRequest { max_id: id(30_001), ..PageRequest::newest(2) };
    let page = database.read(song, &older).unwrap();
    let ids: Vec<_> = page.entries.iter().map(|entry| entry.status.id.get()).collect();
    assert_eq!((ids, page.has_older), (vec![10_599, 30_000], true));
}
