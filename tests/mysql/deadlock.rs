//! Transactions that the database chooses as victims of a deadlock.

use std::thread;
use std::time::Duration;

use crate::support::app::TestApp;

/// How many deadlocks the server has seen.
fn deadlocks(app: &TestApp) -> i64 {
    app.database.connect().number(
        "SELECT CAST(count AS SIGNED) AS value FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
    )
}

#[test]
fn the_victim_of_a_deadlock_is_run_again() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    // Weight, so that the other transaction is not the victim.
    for i in 0..50 {
        app.execute(&format!(
            "INSERT INTO users (name, email, profile, hashed_password) VALUES ('', 'u{i}@example.com', '', '')"
        ));
    }
    let before = deadlocks(&app);
    let mut other = app.database.connect();
    // It holds the followee, and then wants the follower, whom the follow holds by then while it waits for the followee.
    other.execute(&format!(
        "SET innodb_lock_wait_timeout = 20; START TRANSACTION; UPDATE users SET profile = 'x' WHERE id >= {}",
        kim.id
    ));
    thread::scope(|scope| {
        let follow = scope.spawn(|| app.follow(&song, &kim));
        thread::sleep(Duration::from_millis(300));
        assert!(!follow.is_finished());
        other.execute(&format!("UPDATE users SET profile = 'y' WHERE id = {}; COMMIT", song.id));
        follow.join().unwrap();
    });
    assert!(deadlocks(&app) > before, "there was one");
    app.tweet(&kim, "hello");
    assert_eq!(app.timeline(&song), ["hello"]);
}
