use std::sync::atomic::Ordering;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};
use miniter_domain::{NewTweet, RepositoryError, TweetRepository, TweetText, UserId};

use crate::support::{Database, moment};

#[derive(QueryableByName)]
struct TweetRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    tweet: String,
    #[diesel(sql_type = Timestamp)]
    created_at: chrono::NaiveDateTime,
}

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

    let row: TweetRow = diesel::sql_query("SELECT * FROM tweets WHERE id = 1000")
        .get_result(&mut database.other_connection())
        .unwrap();
    assert_eq!((row.user_id, row.tweet, row.created_at), (song.get(), text, moment().naive_utc()));
}

#[test]
fn a_tweet_of_nobody_is_a_missing_reference_and_leaves_nothing_behind() {
    let database = Database::new();
    let refused = database.create(tweet(UserId::new(7), "hello"));
    assert!(matches!(refused, Err(RepositoryError::MissingReference)));
    let count: i64 = diesel::dsl::sql::<BigInt>("SELECT count(*) FROM tweets")
        .get_result(&mut database.other_connection())
        .unwrap();
    assert_eq!(count, 0);
}

#[test]
fn a_tweet_is_newer_than_every_other_whatever_the_generator_says() {
    let database = Database::new();
    let song = database.user("song");
    assert_eq!(database.tweet(song, "ours").get(), 1_000);
    // Other SQL takes the greatest id plus one, and the generator is about to draw the same.
    database.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({song}, 'theirs')"));
    assert_eq!(database.tweet(song, "ours again").get(), 1_002);
    // A clock was set back.
    database.ids.0.store(5, Ordering::Relaxed);
    assert_eq!(database.tweet(song, "ours still").get(), 1_003);
    assert_eq!(database.timeline(song), ["ours", "theirs", "ours again", "ours still"]);
}

#[test]
fn a_write_waits_for_another_programs_lock_and_succeeds() {
    let database = Database::new();
    let song = database.user("song");
    let mut other = database.other_connection();
    diesel::sql_query("BEGIN IMMEDIATE").execute(&mut other).unwrap();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| database.tweet(song, "patient"));
        // A reader does not wait.
        assert_eq!(database.timeline(song), Vec::<String>::new());
        std::thread::sleep(std::time::Duration::from_secs(2));
        assert!(!write.is_finished(), "the lock holds it");
        diesel::sql_query("COMMIT").execute(&mut other).unwrap();
        write.join().unwrap();
    });
    assert_eq!(database.timeline(song), ["patient"]);
}

#[test]
fn a_lock_that_is_never_given_back_is_a_passing_trouble() {
    let database = Database::new();
    let song = database.user("song");
    let mut other = database.other_connection();
    diesel::sql_query("BEGIN IMMEDIATE").execute(&mut other).unwrap();
    let refused = database.create(tweet(song, "hello"));
    assert!(matches!(refused, Err(RepositoryError::Unavailable(_))));
    diesel::sql_query("ROLLBACK").execute(&mut other).unwrap();
    database.tweet(song, "hello");
    assert_eq!(database.timeline(song), ["hello"], "nothing of the refused one is left");
}
