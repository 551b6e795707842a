use miniter_domain::{PageRequest, TimelineRepository, TweetId, UserId};

use crate::support::Database;

/// A cursor at this id.
#[expect(clippy::unnecessary_wraps, reason = "cursors are optional")]
fn id(id: i64) -> Option<TweetId> {
    Some(TweetId::new(id))
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
    assert_eq!(database.find_home(UserId::new(7), &PageRequest::newest(10)).unwrap(), None);
    let song = database.user("song");
    assert_eq!(database.page(song, &PageRequest::newest(10)), (vec![], false));
}

#[test]
fn entries_carry_their_ids_and_authors() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    let tweet = database.tweet(kim, "hello");
    let page = database.find_home(song, &PageRequest::newest(10)).unwrap().unwrap();
    assert_eq!((page.entries[0].tweet_id, page.entries[0].author), (tweet, kim));
}

/// Tweets 1000 to 1009 by two authors in turn, named by their last digit.
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
        ("older than 7", PageRequest { max_id: id(1_007), ..newest }, "456", true),
        ("older than 3, to the end", PageRequest { max_id: id(1_003), ..newest }, "012", false),
        ("older than 2, fewer than wanted", PageRequest { max_id: id(1_002), ..newest }, "01", false),
        ("older than the oldest", PageRequest { max_id: id(1_000), ..newest }, "", false),
        ("newer than 4, the newest of them", PageRequest { since_id: id(1_004), ..newest }, "789", true),
        ("newer than 6", PageRequest { since_id: id(1_006), ..newest }, "789", false),
        ("newer than 7", PageRequest { since_id: id(1_007), ..newest }, "89", false),
        ("newer than 4, the oldest of them", PageRequest { min_id: id(1_004), ..newest }, "567", true),
        ("from the beginning", PageRequest { min_id: id(0), ..newest }, "012", false),
        ("newer than the newest", PageRequest { min_id: id(1_009), ..newest }, "", false),
        (
            "between 2 and 8, newest",
            PageRequest { max_id: id(1_008), since_id: id(1_002), ..newest },
            "567",
            true,
        ),
        (
            "between 2 and 8, oldest",
            PageRequest { max_id: id(1_008), min_id: id(1_002), ..newest },
            "345",
            true,
        ),
        ("both lower bounds", PageRequest { since_id: id(1_005), min_id: id(1_002), ..newest }, "678", false),
        ("an empty range", PageRequest { max_id: id(1_003), since_id: id(1_005), ..newest }, "", false),
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
            let found = database.find_home(song, &page).unwrap().unwrap();
            for entry in found.entries.iter().rev() {
                walked.insert_str(0, &entry.text);
            }
            if !found.has_older {
                break;
            }
            page.max_id = found.entries.first().map(|entry| entry.tweet_id);
        }
        assert_eq!(walked, "0123456789", "pages of {limit}");
    }
}

#[test]
fn on_sqlite_what_another_program_writes_is_seen_at_once_also_by_those_who_have_read_before() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    database.tweet(kim, "one");
    assert_eq!(database.timeline(song), ["one"]);
    if !database.is_sqlite() {
        // Where many nodes write, nothing is known without asking, and such rows show up after a rebuild.
        assert_eq!(database.recall_home(song, &PageRequest::newest(1)), None);
        database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES (5, {kim}, 'theirs')"));
        assert_eq!(database.timeline(song), ["one"]);
        database.rebuild();
        assert_eq!(database.timeline(song), ["theirs", "one"]);
        return;
    }
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES (5, {kim}, 'theirs')"));
    assert_eq!(database.timeline(song), ["theirs", "one"]);
    database.execute("UPDATE tweets SET tweet = 'mended' WHERE id = 5");
    assert_eq!(database.timeline(song), ["mended", "one"]);
    database.execute("DELETE FROM tweets WHERE id = 5");
    assert_eq!(database.timeline(song), ["one"]);
    database.execute("DELETE FROM users_follow_list");
    assert_eq!(database.timeline(song), Vec::<String>::new());
    database.execute(&format!("DELETE FROM users WHERE id = {song}"));
    assert_eq!(database.find_home(song, &PageRequest::newest(1)).unwrap(), None);
    assert_eq!(database.recall_home(song, &PageRequest::newest(1)), None);
}

#[test]
fn on_sqlite_a_page_that_was_read_before_is_recalled_and_is_the_one_that_the_database_gives() {
    let database = Database::new();
    let song = ten_tweets(&database);
    let pages = [
        PageRequest::newest(3),
        PageRequest { max_id: id(1_005), ..PageRequest::newest(2) },
        PageRequest { min_id: id(1_003), ..PageRequest::newest(4) },
        PageRequest { since_id: id(1_004), ..PageRequest::newest(9) },
    ];
    for page in pages {
        assert_eq!(database.recall_home(song, &page), None, "{page:?}");
    }
    for page in pages {
        let found = database.find_home(song, &page).unwrap();
        let recalled = database.recall_home(song, &page);
        assert_eq!(recalled, found.filter(|_| database.is_sqlite()), "{page:?}");
    }
    // At once, for those who have read before.
    database.tweet(song, "new");
    if database.is_sqlite() {
        let recalled = database.recall_home(song, &PageRequest::newest(1)).unwrap();
        assert_eq!(&*recalled.entries[0].text, "new");
    }
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
        database.rebuild();
        let page = database.find_home(song, &PageRequest::newest(3)).unwrap().unwrap();
        page.entries.iter().map(|entry| entry.tweet_id.get()).collect::<Vec<_>>()
    };
    assert_eq!(newest(), [10_597, 10_598, 10_599]);
    // Far more by somebody else than are looked through.
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {loudly}"));
    assert_eq!(newest(), [10_597, 10_598, 10_599]);
    let lately = rows(200, &|i| format!("({}, {}, 'lately')", 30_000 + i, 1_000 + i));
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {lately}"));
    assert_eq!(newest(), [30_197, 30_198, 30_199]);
    let older = PageRequest { max_id: id(30_001), ..PageRequest::newest(2) };
    let page = database.find_home(song, &older).unwrap().unwrap();
    let ids: Vec<_> = page.entries.iter().map(|entry| entry.tweet_id.get()).collect();
    assert_eq!((ids, page.has_older), (vec![10_599, 30_000], true));
}
