use std::sync::atomic::Ordering;
use std::time::Duration;

use miniter_domain::{NewTweet, RepositoryError, TweetRepository, TweetText, UserId};

use crate::support::{Database, moment};

fn tweet(author: UserId, text: &str) -> NewTweet {
    NewTweet { author, text: TweetText::parse(text.to_owned()).unwrap(), created_at: moment() }
}

#[test]
fn a_tweet_is_stored_byte_for_byte_under_an_id_of_ours() {
    let database = Database::new();
    let song = database.user("song");
    let text = format!(" e\u{301} é {} \n", "🍺".repeat(200));
    let stored = database.create(tweet(song, &text)).unwrap();
    assert_eq!((stored.id.get(), stored.author, &stored.text), (1_000, song, &text));

    let mut other = database.other_connection();
    assert_eq!(other.number("SELECT user_id AS value FROM tweets WHERE id = 1000"), song.get());
    assert_eq!(other.text("SELECT tweet AS value FROM tweets WHERE id = 1000"), text);
    assert_eq!(
        other.text("SELECT CAST(created_at AS CHAR(26)) AS value FROM tweets"),
        "2027-01-15 08:00:00.123456",
        "UTC, to the microsecond"
    );
}

#[test]
fn a_tweet_of_nobody_is_a_missing_reference_and_leaves_nothing_behind() {
    let database = Database::new();
    let refused = database.create(tweet(UserId::new(7), "hello"));
    assert!(matches!(refused, Err(RepositoryError::MissingReference)));
    assert_eq!(database.other_connection().number("SELECT COUNT(*) AS value FROM tweets"), 0);
}

#[test]
fn an_id_that_other_sql_has_taken_is_not_used_again() {
    let database = Database::new();
    let song = database.user("song");
    assert_eq!(database.tweet(song, "ours").get(), 1_000);
    // Other SQL takes the greatest id plus one, and the generator is about to draw the same.
    database.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({song}, 'theirs')"));
    assert_eq!(database.tweet(song, "ours again").get(), 1_002);
    database.rebuild();
    assert_eq!(database.timeline(song), ["ours", "theirs", "ours again"]);
}

#[test]
fn where_one_connection_writes_a_tweet_is_newer_than_every_other_whatever_the_generator_says() {
    let database = Database::new();
    let song = database.user("song");
    database.tweet(song, "first");
    // A clock was set back.
    database.ids.0.store(5, Ordering::Relaxed);
    let id = database.tweet(song, "second").get();
    // Many nodes have no way to know the newest tweet; their clocks must agree.
    assert_eq!(id, if database.is_sqlite() { 1_001 } else { 5 });
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
    std::thread::scope(|scope| {
        let write = scope.spawn(|| database.tweet(song, "patient"));
        // A reader does not wait.
        assert_eq!(database.timeline(song), Vec::<String>::new());
        std::thread::sleep(patience);
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
    let refused = database.create(tweet(song, "hello"));
    assert!(matches!(refused, Err(RepositoryError::Unavailable(_))), "{refused:?}");
    other.unlock();
    database.tweet(song, "hello");
    assert_eq!(database.timeline(song), ["hello"], "nothing of the refused one is left");
}
