//! The change feed on a server: its lock, and what other programs write beside it.

use std::time::{Duration, Instant};

use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn a_session_that_holds_the_lock_and_is_not_heard_of_delays_others_for_a_few_seconds_only() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&song, "before");
    // As a node that was stopped in the middle of a batch.
    let mut stopped = app.database.connect();
    stopped.execute(&format!(
        "SET autocommit = 0; UPDATE feed_head SET holder = CONNECTION_ID(), lock_count = lock_count + 1; \
         INSERT INTO tweets (id, user_id, tweet) VALUES (5, {}, 'never committed')",
        song.id
    ));
    let begun = Instant::now();
    loop {
        let answer = app.post("/tweet", &json!({"tweet": "after"})).by(&kim).send();
        if answer.status == 200 {
            break;
        }
        answer.problem(503, "unavailable");
        assert!(begun.elapsed() < Duration::from_secs(20), "the lock is still held");
    }
    println!("measured: writes went on after {:?}", begun.elapsed());
    // Reads never wait for it.
    assert_eq!(app.timeline(&song), ["before"]);
    assert!(app.timeline(&kim).iter().all(|text| text == "after"));
    let commit = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stopped.execute("COMMIT")));
    assert!(commit.is_err(), "the session is gone, and with it what it was about to commit");
}

#[test]
fn a_lock_on_one_author_holds_up_others_for_moments_only() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let mut other = app.database.connect();
    other.execute(&format!(
        "SET innodb_lock_wait_timeout = 20; START TRANSACTION; SELECT id FROM users WHERE id = {} FOR UPDATE",
        song.id
    ));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            app.post("/tweet", &json!({"tweet": "locked"})).by(&song).send().problem(503, "unavailable")
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        while app.post("/tweet", &json!({"tweet": "free"})).by(&kim).send().status != 200 {
            assert!(Instant::now() < deadline, "others are held up");
        }
    });
    other.execute("ROLLBACK");
    app.tweet(&song, "unlocked");
    assert_eq!(app.timeline(&song), ["unlocked"]);
}

#[test]
fn a_feed_that_other_sql_has_emptied_is_begun_again() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&song, &kim);
    app.tweet(&kim, "one");
    assert_eq!(app.timeline(&song), ["one"]);
    app.execute("DELETE FROM feed_head");
    app.tweet(&kim, "two");
    assert_eq!(app.timeline(&song), ["one", "two"]);
    app.execute("DELETE FROM feed_head; DELETE FROM feed_events");
    assert_eq!(app.timeline(&song), ["one", "two"]);
    app.tweet(&kim, "three");
    assert_eq!(app.timeline(&song), ["one", "two", "three"]);
}
