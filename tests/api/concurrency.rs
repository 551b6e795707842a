use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use serde_json::json;

use miniter_test_support::app::{Call, PASSWORD, TestApp};

#[test]
fn of_fifty_sign_ups_with_one_email_at_once_exactly_one_succeeds() {
    let app = TestApp::start();
    let statuses = thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let account = json!({"name": "a", "email": "song@example.com", "password": PASSWORD});
                    let answer = app.post("/sign-up", &account).send();
                    match answer.status {
                        200 => drop(answer.ok()),
                        503 => drop(answer.problem(503, "unavailable")),
                        _ => drop(answer.problem(409, "email_taken")),
                    }
                    answer.status
                })
            })
            .collect();
        let mut counts = HashMap::new();
        for status in threads.into_iter().map(|thread| thread.join().unwrap()) {
            *counts.entry(status).or_insert(0) += 1;
        }
        counts
    });
    assert_eq!(statuses.get(&200), Some(&1), "{statuses:?}");
    app.log_in("song@example.com", PASSWORD).ok();
}

/// Puts the i-th request of a kind together.
type Kind<'a> = &'a (dyn Fn(usize) -> Call<'a> + Sync);

#[test]
fn two_hundred_requests_of_each_kind_are_all_answered() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let tweet = json!({"tweet": "hello"});
    let follow = json!({"follow": kim.id});
    let unfollow = json!({"unfollow": kim.id});
    let login = json!({"email": song.email, "password": PASSWORD});
    // The last two are the slow ones: each hashes a password.
    let kinds: [Kind<'_>; 8] = [
        &|_| app.get("/ping"),
        &|i| app.post("/tweet", &tweet).by(&song).header("idempotency-key", &i.to_string()),
        &|_| app.post("/follow", &follow).by(&song),
        &|_| app.post("/unfollow", &unfollow).by(&song),
        &|_| app.get("/timeline").by(&song),
        &|_| app.get(format!("/timeline/{}", kim.id)),
        &|_| app.post("/login", &login),
        &|i| {
            let email = format!("user{i}@example.com");
            app.post("/sign-up", &json!({"name": "a", "email": email, "password": PASSWORD}))
        },
    ];
    for kind in kinds {
        thread::scope(|scope| {
            for worker in 0..8 {
                scope.spawn(move || {
                    for i in 0..25 {
                        let mut answer = kind(worker * 25 + i).send();
                        // On a machine that is busy with other things it may take a while until there is time.
                        let mut tries = 1;
                        while answer.status == 503 && tries < 10 {
                            answer = kind(worker * 25 + i).send();
                            tries += 1;
                        }
                        let was_done = tries > 1 && answer.status == 409;
                        assert!(answer.status == 200 || was_done, "{answer:?}");
                    }
                });
            }
        });
    }
    assert_eq!(app.timeline(&song).len(), 200, "each tweet once");
}

#[test]
fn writes_wait_for_another_programs_lock_and_succeed_while_reads_go_on() {
    let app = TestApp::start_with(|settings| settings.database_connections = 12);
    let song = app.user("song");
    let mut other = app.database.connect();
    other.lock();
    // A server's locks are on rows and short; a SQLite file has one lock for all who write.
    let patience = Duration::from_millis(if app.database.is_sqlite() { 2_000 } else { 300 });
    thread::scope(|scope| {
        let writes: Vec<_> = (0..10).map(|_| scope.spawn(|| app.tweet(&song, "patient"))).collect();
        let released = thread::spawn(move || thread::sleep(patience));
        while !released.is_finished() {
            assert!(app.timeline(&song).is_empty());
        }
        other.unlock();
        for write in writes {
            write.join().unwrap();
        }
    });
    assert_eq!(app.timeline(&song).len(), 10);
}

#[test]
fn a_lock_that_is_never_given_back_is_answered_with_retry_after() {
    let app = TestApp::start();
    let song = app.user("song");
    let mut other = app.database.connect();
    other.lock();
    app.post("/tweet", &json!({"tweet": "hello"})).by(&song).send().problem(503, "unavailable");
    other.unlock();
    app.tweet(&song, "hello");
    assert_eq!(app.timeline(&song), ["hello"], "nothing of the refused one is left");
}
