//! Transactions that the database chooses as victims of a deadlock.

use std::thread;
use std::time::Duration;

use miniter_test_support::app::TestApp;
use miniter_test_support::wait::wait_until;

/// How many deadlocks the server has seen.
fn deadlocks(app: &TestApp) -> i64 {
    app.database.connect().number(
        "SELECT CAST(count AS SIGNED) AS value FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
    )
}

#[test]
fn the_victim_of_a_deadlock_is_run_again() {
    let app = TestApp::start();
    let before = deadlocks(&app);
    // A follow looks at its two users one after the other; which comes first is the server's choice. Another transaction
    // holds the later one and then wants the earlier.
    for holds_followee in [true, false] {
        let prefix = if holds_followee { "a" } else { "b" };
        let (song, kim) = (app.user(&format!("{prefix}song")), app.user(&format!("{prefix}kim")));
        let (held, wanted) = if holds_followee { (&kim, &song) } else { (&song, &kim) };
        let mut other = app.database.connect();
        other.execute(&format!(
            "SET innodb_lock_wait_timeout = 20; START TRANSACTION; UPDATE users SET profile = 'x' WHERE id = {}",
            held.id
        ));
        // Weight, so that the other one is not the victim.
        for i in 0..50 {
            other.execute(&format!(
                "INSERT INTO users (name, email, profile, hashed_password) \
                 VALUES ('', '{prefix}{i}@example.com', '', '')"
            ));
        }
        thread::scope(|scope| {
            let follow = scope.spawn(|| app.follow(&song, &kim));
            // It has locked the one and waits for the other.
            let waiting = "SELECT COUNT(*) AS value FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' \
                 AND trx_mysql_thread_id IN (SELECT id FROM information_schema.processlist WHERE db = DATABASE())";
            wait_until("the follow waits for the lock", Duration::from_secs(20), || {
                // What the table has is renewed only when it was not read for 0.1 seconds.
                thread::sleep(Duration::from_millis(150));
                app.database.connect().number(waiting) > 0
            });
            assert!(!follow.is_finished());
            other.execute(&format!("UPDATE users SET profile = 'y' WHERE id = {}; COMMIT", wanted.id));
            follow.join().unwrap();
        });
        app.tweet(&kim, "hello");
        assert_eq!(app.timeline(&song), ["hello"]);
    }
    assert!(deadlocks(&app) > before, "there was one");
}
